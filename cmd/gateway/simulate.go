package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// simulateFlags are the simulator's options on the command line.
type simulateFlags struct {
	listen     string
	users      int
	seed       uint64
	latency    time.Duration
	rateLimit  string
	faults     string
	unkind     string
	tokenLife  time.Duration
	noCompress bool
}

// tlsFlags say whether the simulator serves over TLS, and with HTTP/2.
type tlsFlags struct {
	selfSigned bool
	cert, key  string
}

func simulateCommand() *cobra.Command {
	var f simulateFlags
	var secure tlsFlags
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Run the PingOne simulator alone",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, l, err := f.begin(cmd.Context())
			if err != nil {
				return err
			}
			l, scheme, err := secure.wrap(l)
			if err != nil {
				return err
			}
			printSimulator(cmd.OutOrStdout(), s, scheme+"://"+l.Addr().String(), f.users)
			return serveUntil(cmd.Context(), l, s)
		},
	}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8090", "address to listen on")
	c.Flags().BoolVar(&secure.selfSigned, "tls-self-signed", false, "serve over TLS and HTTP/2 with a certificate made at the start")
	c.Flags().StringVar(&secure.cert, "tls-cert", "", "serve over TLS and HTTP/2 with this certificate (PEM)")
	c.Flags().StringVar(&secure.key, "tls-key", "", "private key of --tls-cert (PEM)")
	f.register(c)
	return c
}

// wrap puts TLS on a listener when that was asked for.
func (f tlsFlags) wrap(l net.Listener) (secured net.Listener, scheme string, err error) {
	var cert tls.Certificate
	switch {
	case f.cert != "" || f.key != "":
		if cert, err = tls.LoadX509KeyPair(f.cert, f.key); err != nil {
			return nil, "", fmt.Errorf("--tls-cert and --tls-key: %w", err)
		}
	case f.selfSigned:
		if cert, err = sim.SelfSigned(); err != nil {
			return nil, "", err
		}
	default:
		return l, "http", nil
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}), "https", nil
}

// register adds the flags that the demo has as well.
func (f *simulateFlags) register(c *cobra.Command) {
	c.Flags().IntVar(&f.users, "users", 5000, "users in the environment Administrators")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the directory's content")
	c.Flags().DurationVar(&f.latency, "latency", 0, "added to every call, such as 20ms")
	c.Flags().StringVar(&f.rateLimit, "rate-limit", "off", "off, documented, calls a second, or a list such as rlgDirAccessRps=50")
	c.Flags().StringVar(&f.faults, "faults", "", "faults as a JSON array, or @file")
	c.Flags().StringVar(&f.unkind, "unkind", "", "ways of being unkind, such as short-pages,cursor-ttl=30s")
	c.Flags().DurationVar(&f.tokenLife, "token-lifetime", time.Hour, "lifetime of access tokens")
	c.Flags().BoolVar(&f.noCompress, "no-compression", false, "never answer with gzip")
}

// begin makes a simulator and listens for it.
func (f *simulateFlags) begin(ctx context.Context) (*sim.Server, net.Listener, error) {
	rates, err := sim.ParseRateLimits(f.rateLimit)
	if err != nil {
		return nil, nil, fmt.Errorf("--rate-limit: %w", err)
	}
	faults, err := sim.ParseFaults(f.faults)
	if err != nil {
		return nil, nil, fmt.Errorf("--faults: %w", err)
	}
	s, err := sim.New(sim.Options{
		Users: f.users, Seed: f.seed, Latency: f.latency, RateLimits: rates, Faults: faults, Unkind: f.unkind,
		TokenLifetime: f.tokenLife, NoCompression: f.noCompress,
	})
	if err != nil {
		return nil, nil, err
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", f.listen)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Listener(l), nil
}

func printSimulator(w io.Writer, s *sim.Server, base string, users int) {
	env := s.EnvironmentID(sim.EnvironmentAdministrators)
	fmt.Fprintf(w, "PingOne simulator with %d users\n", users)
	fmt.Fprintf(w, "  API                   %s/v1\n", base)
	fmt.Fprintf(w, "  authorization server  %s/%s/as\n", base, env)
	fmt.Fprintf(w, "  environment           %s (%s)\n", env, sim.EnvironmentAdministrators)
	fmt.Fprintf(w, "  worker application    %s, secret %s\n", sim.AppWorker.ID, sim.AppWorker.Secret)
}

// serveUntil serves h until the context ends, then gives running requests a
// moment.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		_ = s.Close() // what still runs is cut
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
