package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/tokens"
)

func serveCommand() *cobra.Command {
	var f configFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			for _, w := range cfg.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "gateway: warning:", w)
			}
			return withApp(cmd.Context(), cfg, os.Stderr, func(a *app) error {
				defer a.reloadOnSignal(cmd.Context(), &f)()
				return a.Run(cmd.Context())
			})
		},
	}
	f.register(c)
	return c
}

// withApp has an app do something, and closes it.
func withApp(ctx context.Context, cfg *config.Config, w io.Writer, do func(*app) error) error {
	a, err := newApp(ctx, cfg, w)
	if err != nil {
		return err
	}
	err = do(a)
	if closeErr := a.Close(context.WithoutCancel(ctx)); err == nil {
		return closeErr
	}
	return err
}

// reloadOnSignal takes over, on SIGHUP, what can change while running: keys,
// policy, log level and certificates.
func (a *app) reloadOnSignal(ctx context.Context, f *configFlags) (stop func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	return alongside(ctx, func(ctx context.Context) {
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				a.reload(ctx, f)
			}
		}
	})
}

// reload takes over what the options marked so promise. Each part reports how
// it went; one that fails leaves the old state in force.
func (a *app) reload(ctx context.Context, f *configFlags) {
	report := func(what string, err error) { a.sink.Observe(ctx, observe.Reloaded{What: what, Err: err}) }
	cfg, err := f.load()
	report("configuration", err)
	if err != nil {
		cfg = a.config // files may have changed nevertheless
	} else {
		report("log level", a.log.SetLevel(cfg.LogLevel()))
		report("connections", a.pool.Reload(ctx, cfg))
	}
	if a.callers.keys != nil {
		report("keys", a.callers.keys.Reload())
	}
	if a.policy != nil && cfg.Auth.PolicyFile != "" {
		report("policy", a.reloadPolicy(cfg.Auth.PolicyFile))
	}
	_ = a.server.Reload(ctx) // it reports itself
}

func (a *app) reloadPolicy(path string) error {
	p, err := policy.Load(path)
	if err != nil {
		return err
	}
	a.policy.Replace(p)
	return nil
}

func tlsOf(c *config.Config) *server.TLS {
	if c.Listen.TLSCertFile == "" {
		return nil
	}
	return &server.TLS{
		CertFile: c.Listen.TLSCertFile, KeyFile: c.Listen.TLSKeyFile,
		ClientCAFile: c.Listen.TLSClientCAFile, ClientRequired: c.Listen.TLSClientCAFile != "" && c.Listen.TLSClientAuth != "optional", MinVersion: c.Listen.TLSMinVersion,
	}
}

// headers reads "name=value" pairs.
func headers(pairs []tokens.Secret) map[string]string {
	out := map[string]string{}
	for _, p := range pairs {
		if name, value, ok := strings.Cut(p.Reveal(), "="); ok {
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return out
}

func checkCommand() *cobra.Command {
	return configured("check", "Test the connections step by step and say how to correct what fails", func(cmd *cobra.Command, cfg *config.Config) error {
		return withApp(cmd.Context(), cfg, os.Stderr, func(a *app) error { return a.probe.Report(cmd.Context(), cmd.OutOrStdout()) })
	})
}
