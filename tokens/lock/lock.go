// Package lock is a lock in Redis with a lease, a random owner and a fencing
// token.
//
// The lock falls free when its holder dies, so two holders can overlap when
// the first one was only asleep. The fencing token tells them apart: it grows
// with every holder, and whoever writes under the lock lets Redis compare it
// with that of the last write. The token follows the server's clock in
// microseconds, so it grows even if Redis loses all data in between.
package lock

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pingone-gateway/gateway/tokens/redisconn"
)

// ErrTaken says that another holder has the lock.
var ErrTaken = errors.New("lock: another holder has the lock")

// fenceLife is how long the last fencing token is kept beside the clock.
const fenceLife = 24 * time.Hour

// KEYS: lock, fence. ARGV: owner, ttl in ms, life of the fence in ms.
var acquire = redis.NewScript(`
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return '' end
end
local t = redis.call('TIME')
local f = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, t[1] * 1000000 + t[2])
local s = string.format('%.0f', f)
redis.call('SET', KEYS[2], s, 'PX', ARGV[3])
return s`)

// KEYS: lock. ARGV: owner, ttl in ms.
var renew = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

// KEYS: lock. ARGV: owner.
var release = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

// Lock is a held lock.
type Lock struct {
	conn  *redisconn.Conn
	key   string
	owner string
	ttl   time.Duration
	fence int64

	once sync.Once
	stop chan struct{}
	wg   sync.WaitGroup
}

// Acquire takes the lock of name without waiting and renews it every third of
// ttl until Release. Errors: ErrTaken, and those of redisconn.Conn.Do.
func Acquire(ctx context.Context, conn *redisconn.Conn, name string, ttl time.Duration) (*Lock, error) {
	l := &Lock{conn: conn, key: conn.Key(name, "lock"), owner: rand.Text(), ttl: ttl, stop: make(chan struct{})}
	var text string
	err := conn.Do(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
		text, err = acquire.Run(ctx, r, []string{l.key, conn.Key(name, "fence")}, l.owner, ttl.Milliseconds(), fenceLife.Milliseconds()).Text()
		return err
	})
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, ErrTaken
	}
	if l.fence, err = strconv.ParseInt(text, 10, 64); err != nil {
		return nil, errors.Join(redisconn.ErrDown, err)
	}
	l.wg.Go(l.keep)
	return l, nil
}

// Fence is the fencing token.
func (l *Lock) Fence() int64 { return l.fence }

// keep renews the lease. A renewal that fails is not told to the holder: what
// it writes is fenced.
func (l *Lock) keep() {
	ticker := time.NewTicker(l.ttl / 3)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		kept := int64(1)
		err := l.conn.Do(context.Background(), func(ctx context.Context, r redis.UniversalClient) (err error) {
			kept, err = renew.Run(ctx, r, []string{l.key}, l.owner, l.ttl.Milliseconds()).Int64()
			return err
		})
		if err == nil && kept == 0 {
			return // lost
		}
	}
}

// Release frees the lock if it is still held by this holder. It is safe to
// call twice.
func (l *Lock) Release(ctx context.Context) {
	l.once.Do(func() {
		close(l.stop)
		l.wg.Wait()
		_ = l.conn.Do(ctx, func(ctx context.Context, r redis.UniversalClient) error {
			return release.Run(ctx, r, []string{l.key}, l.owner).Err()
		})
	})
}
