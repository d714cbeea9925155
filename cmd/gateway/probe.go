package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/reach"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

// hosts are the addresses that a connection needs: the API's and the
// authorization server's.
func hosts(c *config.Connection) (api, authorization string, err error) {
	api = c.APIURL
	if api == "" {
		if api, _, err = pingone.Endpoints(c.Region); err != nil {
			return "", "", err
		}
	}
	if c.AuthScheme == config.SchemeToken {
		return api, "", nil
	}
	e, err := oauth.NewEndpoints(c.Region, c.WorkerAppEnvironmentID, c.AuthorizationServerURL)
	return api, e.Issuer, err
}

// clientOf reaches a connection's hosts as its configuration says: by its proxy,
// trusting its authorities.
func clientOf(c *config.Connection) (*http.Client, error) {
	proxy, err := c.Proxy()
	if err != nil {
		return nil, err
	}
	authorities, err := c.Authorities()
	if err != nil {
		return nil, err
	}
	return reach.Client(proxy, c.ProxyExceptions, authorities), nil
}

// clock compares this clock with PingOne's.
func (a *app) clock(ctx context.Context, name string) error {
	c := a.config.Connections[name]
	client, err := clientOf(c)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	api, _, err := hosts(c)
	if err != nil {
		return err
	}
	ahead, ok, err := reach.Ask(ctx, client, api)
	if err != nil || !ok {
		return err
	}
	return reach.Skew(ahead)
}

// checkPolicy compares the policy with what a connection has.
func (a *app) checkPolicy(ctx context.Context, name string) error {
	c, ok := a.pool.get(name)
	if !ok || a.policy == nil {
		return nil
	}
	problems, err := a.policy.Check(ctx, name, c.Provider)
	if err != nil || len(problems) == 0 {
		return err
	}
	return gwerr.New(gwerr.Config, "The policy does not fit the connection: "+strings.ReplaceAll(problems.Error(), "\n", "; "),
		"Correct the lines of auth.policy_file, or leave them if the names are yet to come.")
}
