package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pingone-gateway/gateway/tokens/lock"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
)

// tombstone is how long a deleted name remembers its fence.
const tombstone = 24 * time.Hour

// A record is a hash of the value (v) and the fence of its writer (f).
//
// KEYS: record. ARGV: fence, value or "" to delete, life in ms or 0.
var write = redis.NewScript(`
local last = redis.call('HGET', KEYS[1], 'f')
if last and tonumber(last) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'f', ARGV[1])
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], 'v') else redis.call('HSET', KEYS[1], 'v', ARGV[2]) end
if ARGV[3] == '0' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1`)

// Redis is a store that replicas share.
type Redis struct{ conn *redisconn.Conn }

var _ Store = (*Redis)(nil)

// NewRedis returns a store on conn, which stays its caller's to close.
func NewRedis(conn *redisconn.Conn) *Redis { return &Redis{conn} }

// Get returns the value under name.
func (s *Redis) Get(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.conn.Do(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
		value, err = r.HGet(ctx, s.conn.Key(name, "token"), "v").Bytes()
		return err
	})
	if err != nil {
		return nil, translate(err)
	}
	return value, nil
}

// Lock takes the lock of name.
func (s *Redis) Lock(ctx context.Context, name string, ttl time.Duration) (Lease, error) {
	l, err := lock.Acquire(ctx, s.conn, name, ttl)
	if err != nil {
		return nil, translate(err)
	}
	return &redisLease{Lock: l, s: s, key: s.conn.Key(name, "token")}, nil
}

// Kind is "redis".
func (s *Redis) Kind() string { return "redis" }

// Health tells what the connection's circuit breaker knows.
func (s *Redis) Health() Health {
	st := s.conn.State()
	return Health{Kind: "redis", Up: st.Up, Since: st.Since, Detail: st.Detail}
}

// Close does nothing: the connection belongs to the caller of NewRedis.
func (s *Redis) Close() error { return nil }

// translate turns errors of Redis into those of this package. A value of
// another type under our key counts as unreadable, that is, as absent.
func translate(err error) error {
	switch {
	case errors.Is(err, redis.Nil):
		return ErrNotFound
	case errors.Is(err, lock.ErrTaken):
		return ErrLocked
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return ErrNotFound
	}
	return errors.Join(ErrUnavailable, err)
}

type redisLease struct {
	*lock.Lock
	s   *Redis
	key string
}

func (l *redisLease) Put(ctx context.Context, value []byte, ttl time.Duration) error {
	if len(value) == 0 {
		return errors.New("store: an empty value")
	}
	return l.write(ctx, value, ttl)
}

func (l *redisLease) Delete(ctx context.Context) error { return l.write(ctx, nil, tombstone) }

func (l *redisLease) write(ctx context.Context, value []byte, ttl time.Duration) error {
	run := func(ctx context.Context, r redis.UniversalClient) (bool, error) {
		return write.Run(ctx, r, []string{l.key}, l.Fence(), string(value), max(ttl.Milliseconds(), min(1, int64(ttl)))).Bool()
	}
	var written bool
	err := l.s.conn.Do(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
		written, err = run(ctx, r)
		if redis.HasErrorPrefix(err, "WRONGTYPE") { // garbage of somebody else
			if err = r.Del(ctx, l.key).Err(); err == nil {
				written, err = run(ctx, r)
			}
		}
		return err
	})
	switch {
	case err != nil:
		return translate(err)
	case !written:
		return ErrFenced
	}
	return nil
}
