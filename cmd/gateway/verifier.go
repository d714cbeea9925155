package main

import (
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
)

// verifier proves the credentials of callers who are passed through, by the
// default connection.
func (a *app) verifier() *passthrough.PingOne {
	cfg := a.config.Connections[a.config.DefaultConnection]
	v := &passthrough.PingOne{
		Get: func(ctx context.Context, environment string, u *auth.Upstream) (until time.Time, err error) {
			c, err := a.keeper.connectCaller(at(cfg, environment), u)
			if err != nil {
				return time.Time{}, err
			}
			defer func() { _ = c.Close() }() // it holds nothing but memory
			t, err := c.Client.ClientCredentials(ctx)
			if err != nil {
				return time.Time{}, err
			}
			return t.Expiry, nil
		},
		Use: func(ctx context.Context, u *auth.Upstream) error {
			c, err := a.pool.callerConnection(ctx, cfg, u)
			if err != nil {
				return err
			}
			_, err = c.Provider.Names(ctx)
			return err
		},
		Home: func(u *auth.Upstream, environment string) { a.pool.homes.Add(u.PoolKey(), environment) },
	}
	if list := a.config.Auth.PassThroughEnvironments; len(list) > 0 {
		v.Clients, v.Tokens = list, list
		return v
	}
	v.Clients = []string{cfg.WorkerAppEnvironmentID}
	for _, c := range a.config.Connections {
		if c.WorkerAppEnvironmentID != "" {
			v.Tokens = append(v.Tokens, c.WorkerAppEnvironmentID)
		}
	}
	return v
}
