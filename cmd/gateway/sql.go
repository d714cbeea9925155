package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
)

// sqlFlags are one query from the terminal.
type sqlFlags struct {
	config configFlags
	file   string
	client sqlclient.Client
}

func sqlCommand() *cobra.Command {
	var f sqlFlags
	c := &cobra.Command{
		Use:   `sql "SELECT …"`,
		Short: "Run one query, here or on a running service",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.text(args)
			if err != nil {
				return err
			}
			stop := showProgress(cmd.Context(), cmd.ErrOrStderr())
			defer stop()
			if f.client.Server != "" {
				f.client.Key = cmp.Or(f.client.Key, os.Getenv("GATEWAY_KEY"))
				return f.client.Run(cmd.Context(), text, cmd.OutOrStdout())
			}
			return f.embedded(cmd.Context(), text, cmd.OutOrStdout())
		},
	}
	f.config.register(c)
	c.Flags().StringVarP(&f.file, "file", "f", "", "file with the query; - for standard input")
	c.Flags().StringVar(&f.client.Format, "format", "table", "table, json, ndjson, csv or arrow")
	c.Flags().StringVar(&f.client.Server, "server", "", "address of a running service, such as http://127.0.0.1:8080")
	c.Flags().StringVar(&f.client.Key, "key", "", "API key for --server (default: $GATEWAY_KEY)")
	c.Flags().BoolVar(&f.client.Explain, "explain", false, "show the plan instead of running the query")
	return c
}

func (f *sqlFlags) text(args []string) (string, error) {
	switch {
	case f.file == "-":
		raw, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
		return string(raw), err
	case f.file != "":
		raw, err := os.ReadFile(f.file)
		return string(raw), err
	case len(args) == 1:
		return args[0], nil
	default:
		return "", gwerr.New(gwerr.BadRequest, "No query was given.", `Write it as an argument: gateway sql "SELECT …", or use -f.`)
	}
}

// embedded answers from this process, through the same front end. It is the
// operator's own, so no policy applies.
func (f *sqlFlags) embedded(ctx context.Context, text string, out io.Writer) error {
	cfg, err := f.config.load()
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, os.Stderr, server.Landing{})
	if err != nil {
		return err
	}
	h := a.sql()
	f.client.HTTP = &http.Client{Transport: sqlclient.InProcess{Sink: a.sink, Handler: http.HandlerFunc(h.Query)}}
	if f.client.Explain {
		f.client.HTTP.Transport = sqlclient.InProcess{Sink: a.sink, Handler: http.HandlerFunc(h.Explain)}
	}
	f.client.Server = "http://localhost"
	return joinClose(ctx, a, f.client.Run(auth.WithPrincipal(ctx, operator()), text, out))
}

// operator is whoever runs the program with its configuration.
func operator() *auth.Principal {
	return &auth.Principal{Name: "operator", Kind: auth.Anonymous, Roles: []string{"operator"}}
}

// showProgress says on w that a query is still running, once it takes long.
func showProgress(ctx context.Context, w io.Writer) (stop func()) {
	return alongside(ctx, func(ctx context.Context) {
		start := time.Now()
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				fmt.Fprintf(w, "gateway: running for %s …\n", time.Since(start).Round(time.Second))
			}
		}
	})
}
