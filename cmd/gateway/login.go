package main

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/connections"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

func loginCommand() *cobra.Command {
	var connection string
	var o loginOptions
	c := configured("login", "Sign in to a connection of AuthScheme OAuth or OAuthDevice; the tokens are kept in its store", func(cmd *cobra.Command, cfg *config.Config) error {
		tell := func(line string) { fmt.Fprintln(cmd.OutOrStdout(), line) }
		return login(cmd.Context(), cfg, cmp.Or(connection, cfg.DefaultConnection), tell, o)
	})
	c.Flags().StringVar(&connection, "connection", "", "connection to sign in to (default: the default connection)")
	c.Flags().BoolVar(&o.device, "device", false, "sign in with a code on another device")
	c.Flags().BoolVar(&o.noBrowser, "no-browser", false, "print the address instead of opening a browser")
	c.Flags().BoolVar(&o.ifNeeded, "if-needed", false, "do nothing where an earlier sign-in still holds")
	return c
}

// loginOptions say how a person signs in.
type loginOptions struct{ device, noBrowser, ifNeeded bool }

func login(ctx context.Context, cfg *config.Config, name string, tell func(string), o loginOptions) error {
	c, ok := cfg.Connections[name]
	if !ok {
		e := cfg.NoConnection(name)
		e.Code = gwerr.Config
		return e
	}
	v, err := openVault(ctx, cfg, observe.Discard)
	if err != nil {
		return err
	}
	defer func() { _ = v.Close() }() // the sign-in is stored already
	if c.OAuthSettingsLocation.IsZero() && v.Store.Kind() == "memory" {
		return gwerr.New(gwerr.Config, "Tokens are kept in memory alone, so a sign-in here would be lost.",
			"Set OAuthSettingsLocation to file:///directory or redis://host:6379, and tokens.encryption_keys.").On("OAuthSettingsLocation")
	}
	sources := &connections.Tokens{Vault: v, RedisRequired: cfg.Redis.Required, Sink: observe.Discard}
	defer sources.Close()
	t, stop, err := sources.Of(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = stop() }() // as above
	if t.Client == nil {
		return gwerr.New(gwerr.Config, "This connection uses a given token; there is nothing to sign in to.", "Set AuthScheme to OAuth.")
	}
	if o.ifNeeded {
		if err := earlier(ctx, t.Source); err == nil || !gwerr.Is(err, gwerr.UpstreamAuth) {
			return err
		}
	}
	flow := &oauth.LoginFlow{Client: t.Client, CallbackURL: c.CallbackURL, Tell: tell}
	if !o.noBrowser {
		flow.Open = openBrowser
	}
	var token tokens.Token
	if o.device || c.AuthScheme == config.SchemeOAuthDevice {
		token, err = flow.RunDevice(ctx)
	} else {
		token, err = flow.Run(ctx)
	}
	if err != nil {
		return err
	}
	if err := t.Adopt(ctx, token); err != nil {
		return err
	}
	tell("Signed in. The connection " + name + " keeps its tokens from now on.")
	return nil
}

// earlier tells whether an earlier sign-in holds. While another program may be about
// to put one into the store, as where it is empty, it waits.
func earlier(ctx context.Context, source tokens.Source) error {
	for {
		_, err := source.Token(ctx)
		if !gwerr.Is(err, gwerr.Busy) || gwerr.From(err).RetryAfter <= 0 {
			return err
		}
		select {
		case <-time.After(gwerr.From(err).RetryAfter):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// openBrowser opens an address with the desktop's own means.
func openBrowser(address string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", address).Start() //nolint:gosec,noctx // the address is made by package oauth; the browser outlives the command
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", address).Start() //nolint:gosec,noctx // as above
	default:
		return exec.Command("xdg-open", address).Start() //nolint:gosec,noctx // as above
	}
}
