package connections

import (
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
)

// Verifier proves the credentials of callers who are passed through, by the
// default connection.
func (p *Pool) Verifier() *passthrough.PingOne {
	all := p.Config.Config
	c := all.Connections[all.DefaultConnection]
	v := &passthrough.PingOne{
		Get: func(ctx context.Context, environment string, u *auth.Upstream) (until time.Time, err error) {
			source, err := p.Tokens.ofCaller(at(c, environment), u)
			if err != nil {
				return time.Time{}, err
			}
			defer func() { _ = source.Close() }() // it holds nothing but memory
			t, err := source.Client.ClientCredentials(ctx)
			if err != nil {
				return time.Time{}, err
			}
			return t.Expiry, nil
		},
		Use: func(ctx context.Context, u *auth.Upstream) error {
			opened, err := p.ofCaller(ctx, c, u)
			if err != nil {
				return err
			}
			_, err = opened.Provider.Names(ctx)
			return err
		},
		Home: func(u *auth.Upstream, environment string) { p.homes.Add(u.PoolKey(), environment) },
	}
	if list := all.Auth.PassThroughEnvironments; len(list) > 0 {
		v.Clients, v.Tokens = list, list
		return v
	}
	v.Clients = []string{c.WorkerAppEnvironmentID}
	for _, c := range all.Connections {
		if c.WorkerAppEnvironmentID != "" {
			v.Tokens = append(v.Tokens, c.WorkerAppEnvironmentID)
		}
	}
	return v
}
