package limiter

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pingone-gateway/gateway/tokens/redisconn"
)

// idleLife is how long Redis keeps the meter of a group that is not used.
const idleLife = 10 * time.Minute

// library computes what meter computes, on the server and by its clock.
//
// KEYS: meter. The arguments common to all calls come first: time in µs or ""
// for the server's, limit, recovery time in µs, forgetAt, life in ms.
const library = `
local now = tonumber(ARGV[1])
if not now then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end
local limit, recoverIn, forgetAt = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local m = redis.call('HMGET', KEYS[1], 'tat', 'closed', 'factor', 'since', 'cut', 'base')
local tat, closed = tonumber(m[1] or '0') or 0, tonumber(m[2] or '0') or 0
local factor, since = tonumber(m[3] or '0') or 0, tonumber(m[4] or '0') or 0
local cut, base = tonumber(m[5] or '0') or 0, tonumber(m[6] or '0') or 0
local function inForce()
  local f = 1
  if factor ~= 0 then f = factor + (now - since) / recoverIn end
  if limit > 0 then return limit * math.min(f, 1) end
  if base > 0 and f >= forgetAt then base, factor = 0, 0 end
  return base * f
end
local function save()
  redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat), 'closed', string.format('%.0f', closed),
    'factor', string.format('%.17g', factor), 'since', string.format('%.0f', since),
    'cut', string.format('%.0f', cut), 'base', string.format('%.17g', base))
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
`

// takeScript has more arguments: how many permits are wanted, the window in seconds,
// secondBurst, minuteBurst and late. It answers
// granted, wait in µs, closed in µs, calls per second in force.
var takeScript = redis.NewScript(library + `
local want = tonumber(ARGV[6])
local usable = inForce()
if closed > now then return {0, string.format('%.0f', closed - now), string.format('%.0f', closed - now), string.format('%.17g', usable)} end
if usable == 0 then return {want, '0', '0', '0'} end
local window, part, spare = tonumber(ARGV[7]), tonumber(ARGV[8]), 1
if limit == 0 or usable < limit then window = 1 end
if window > 1 then part = tonumber(ARGV[9]) end
local burst = math.max(1, math.floor(usable * window / part))
if window > 1 then spare = math.ceil(burst / 2) end
local interval = 1e6 / math.max((usable * window - burst) / (window + tonumber(ARGV[10])), usable / 2)
local empty = math.ceil(now + burst * interval)
if tat > empty then tat = empty; save() end
local behind = math.max(tat - now, 0)
if tat == 0 then behind = (burst - spare) * interval end
local n = math.max(0, math.min(want, math.floor(burst - behind / interval + 1e-6)))
local wait = 0
if n > 0 then
  tat = math.ceil(now + behind + n * interval)
  save()
elseif want > 0 then
  wait = math.ceil(behind - (burst - 1) * interval)
end
return {n, string.format('%.0f', wait), '0', string.format('%.17g', usable)}`)

// hitScript has six more arguments: Retry-After in µs, observed calls per
// second, cutTo, minFactor, cutEvery in µs, learnAtLeast.
var hitScript = redis.NewScript(library + `
local usable = inForce()
closed = math.max(closed, now + tonumber(ARGV[6]))
if cut == 0 or now - cut >= tonumber(ARGV[10]) then
  if usable == 0 then
    base, factor = math.max(tonumber(ARGV[7]), tonumber(ARGV[11])), tonumber(ARGV[8])
  else
    local whole = limit
    if whole == 0 then whole = base end
    factor = math.max(usable / whole * tonumber(ARGV[8]), tonumber(ARGV[9]))
  end
  since, cut = now, now
end
save()
redis.call('PEXPIRE', KEYS[1], math.max(tonumber(ARGV[5]), math.ceil((closed - now) / 1000)))
local left = math.max(0, closed - now)
return {0, string.format('%.0f', left), string.format('%.0f', left), string.format('%.17g', inForce())}`)

// Namer hides license ids in key names; seal.Ring is one.
type Namer interface{ Name(parts ...string) string }

// Redis is a budget that the replicas of a gateway share.
type Redis struct {
	conn *redisconn.Conn
	name Namer
	now  string // for tests; "" is the server's clock
}

var _ Shared = (*Redis)(nil)

// NewRedis returns a shared budget on conn, which stays its caller's to close.
func NewRedis(conn *redisconn.Conn, names Namer) *Redis { return &Redis{conn: conn, name: names} }

func (s *Redis) take(ctx context.Context, k key, limit float64, want int) (reading, error) {
	return s.run(ctx, takeScript, k, limit, want, k.window(), secondBurst, minuteBurst, late)
}

func (s *Redis) hit(ctx context.Context, k key, limit float64, retryAfter time.Duration, observed float64) (reading, error) {
	return s.run(ctx, hitScript, k, limit, min(retryAfter, longestHit).Microseconds(), observed, cutTo, minFactor, cutEvery.Microseconds(), learnAtLeast)
}

func (s *Redis) run(ctx context.Context, script *redis.Script, k key, limit float64, more ...any) (reading, error) {
	args := append([]any{s.now, limit, recoverIn.Microseconds(), forgetAt, idleLife.Milliseconds()}, more...)
	var answer []any
	err := s.conn.Do(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
		answer, err = script.Run(ctx, r, []string{s.conn.Key(s.name.Name("limit", k.license, k.group), "rate")}, args...).Slice()
		return err
	})
	if err != nil {
		return reading{}, err
	}
	return decode(answer)
}

// errAnswer says that Redis ran something else than our script.
var errAnswer = errors.New("limiter: Redis gave an answer that is none of the script's")

func decode(answer []any) (reading, error) {
	if len(answer) != 4 {
		return reading{}, errAnswer
	}
	granted, ok := answer[0].(int64)
	numbers := [3]float64{}
	for i, a := range answer[1:] {
		text, isText := a.(string)
		n, err := strconv.ParseFloat(text, 64)
		if !isText || err != nil || n < 0 || math.IsNaN(n) || math.IsInf(n, 0) {
			return reading{}, errAnswer
		}
		numbers[i] = n
	}
	if !ok || granted < 0 {
		return reading{}, errAnswer
	}
	return reading{
		granted: int(granted), wait: time.Duration(numbers[0]) * time.Microsecond,
		closed: time.Duration(numbers[1]) * time.Microsecond, usable: numbers[2],
	}, nil
}
