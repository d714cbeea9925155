// Package redisconn connects to Redis and keeps a failing Redis from slowing
// the gateway down.
//
// It reads connection addresses of all kinds of Redis, and puts a circuit
// breaker in front: while Redis does not answer, operations fail at once and
// one prober asks whether it is back. Nothing else imports the Redis client
// but the packages beside this one.
package redisconn

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Budgets of one operation unless the address sets others (dial_timeout,
// read_timeout, write_timeout). A token or a permit that takes longer is
// better served from memory.
const (
	dialTimeout = 50 * time.Millisecond
	ioTimeout   = 200 * time.Millisecond
	poolSize    = 16
)

// target is a parsed address.
type target struct {
	kind string // "standalone", "sentinel" or "cluster"
	opts redis.UniversalOptions
}

// parse reads an address:
//
//	redis://user:password@host:6379/0
//	redis+sentinel://user:password@host:26379,host2:26379/0?master_name=main&sentinel_password=…
//	redis+cluster://user:password@host:6379,host2:6379
//
// rediss in place of redis means TLS. Errors are gwerr.Config and do not
// repeat the address, which holds a password.
func parse(address string) (target, error) {
	bad := func(why string) (target, error) {
		return target{}, gwerr.New(gwerr.Config, "The Redis address "+why+".",
			"Write it as redis://host:6379/0, rediss://…, redis+sentinel://…?master_name=… or redis+cluster://….").On("redis")
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return bad("has no scheme")
	}
	base, kind, _ := strings.Cut(strings.ToLower(scheme), "+")
	if base != "redis" && base != "rediss" || kind != "" && kind != "sentinel" && kind != "cluster" {
		return bad("has an unknown scheme")
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	userinfo, hosts := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		userinfo, hosts = authority[:i+1], authority[i+1:]
	}
	addrs := strings.Split(hosts, ",")
	if kind == "" && len(addrs) > 1 {
		return bad("names several hosts")
	}
	for _, a := range addrs {
		if a == "" || strings.ContainsAny(a, " \t\r\n") {
			return bad("has an empty host")
		}
	}
	u, err := url.Parse(base + "://" + userinfo + addrs[0] + tail)
	if err != nil || u.Fragment != "" {
		return bad("cannot be read")
	}
	q := u.Query()
	for _, a := range addrs[1:] {
		q.Add("addr", a)
	}
	opts, err := universal(kind, u, q)
	if err != nil {
		return bad("has a parameter that is unknown or wrong")
	}
	kind = cmp.Or(kind, "standalone")
	return target{kind, opts}, nil
}

// universal lets the client's own parsers read the parameters.
func universal(kind string, u *url.URL, q url.Values) (redis.UniversalOptions, error) {
	var o redis.UniversalOptions
	password, _ := u.User.Password()
	username := u.User.Username()
	switch kind {
	case "sentinel":
		sentinelUser, sentinelPassword := q.Get("sentinel_username"), q.Get("sentinel_password")
		q.Del("sentinel_username")
		q.Del("sentinel_password")
		u.User = nil // the client would take it for the sentinels'
		u.RawQuery = q.Encode()
		f, err := redis.ParseFailoverURL(u.String())
		if err != nil {
			return o, err
		}
		if f.MasterName == "" {
			return o, errors.New("no master_name")
		}
		o = redis.UniversalOptions{
			Addrs: f.SentinelAddrs, MasterName: f.MasterName, DB: f.DB, TLSConfig: f.TLSConfig,
			SentinelUsername: sentinelUser, SentinelPassword: sentinelPassword,
			DialTimeout: f.DialTimeout, ReadTimeout: f.ReadTimeout, WriteTimeout: f.WriteTimeout, PoolSize: f.PoolSize,
		}
	case "cluster":
		u.RawQuery = q.Encode()
		c, err := redis.ParseClusterURL(u.String())
		if err != nil {
			return o, err
		}
		o = redis.UniversalOptions{
			Addrs: c.Addrs, IsClusterMode: true, TLSConfig: c.TLSConfig,
			DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, PoolSize: c.PoolSize,
		}
	default:
		u.RawQuery = q.Encode()
		s, err := redis.ParseURL(u.String())
		if err != nil {
			return o, err
		}
		o = redis.UniversalOptions{
			Addrs: []string{s.Addr}, DB: s.DB, TLSConfig: s.TLSConfig,
			DialTimeout: s.DialTimeout, ReadTimeout: s.ReadTimeout, WriteTimeout: s.WriteTimeout, PoolSize: s.PoolSize,
		}
	}
	o.Username, o.Password = username, password
	harden(&o)
	return o, nil
}

// harden sets the budgets and turns off what would wait behind our back.
func harden(o *redis.UniversalOptions) {
	o.DialTimeout = cmp.Or(o.DialTimeout, dialTimeout)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, ioTimeout)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, ioTimeout)
	o.PoolSize = cmp.Or(o.PoolSize, poolSize)
	if o.TLSConfig != nil {
		o.TLSConfig.MinVersion = max(o.TLSConfig.MinVersion, tls.VersionTLS12)
		if host, _, err := net.SplitHostPort(o.Addrs[0]); err == nil && o.TLSConfig.ServerName == "" && len(o.Addrs) == 1 {
			o.TLSConfig.ServerName = host
		}
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.PoolTimeout = o.ReadTimeout
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
