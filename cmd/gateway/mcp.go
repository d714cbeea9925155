package main

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
	"github.com/pingone-gateway/gateway/sqlcore/agent"
)

// mcpFlags are the tools of language models over standard input and output.
type mcpFlags struct {
	config      configFlags
	server, key string
}

func mcpCommand() *cobra.Command {
	var f mcpFlags
	c := &cobra.Command{
		Use:   "mcp",
		Short: "Speak the Model Context Protocol over standard input and output",
		Long: `For programs that start their tools themselves, such as Claude Desktop. The
answers come from a running service (--server), with the rights of the key, or
from this process with its own configuration. The log goes to standard error.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, ok := cmd.InOrStdin().(io.ReadCloser) // closing it ends a wait for input
			if !ok {
				in = io.NopCloser(cmd.InOrStdin())
			}
			return f.run(cmd.Context(), in, noClose{cmd.OutOrStdout()})
		},
	}
	f.config.register(c)
	c.Flags().StringVar(&f.server, "server", "", "address of a running service, such as http://127.0.0.1:8080")
	c.Flags().StringVar(&f.key, "key", "", "API key for --server (default: $GATEWAY_KEY)")
	return c
}

// noClose are streams that others close.
type noClose struct{ io.Writer }

// Close implements io.Closer.
func (noClose) Close() error { return nil }

func (f *mcpFlags) run(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	if f.server != "" {
		remote := &agent.Remote{
			Server: strings.TrimRight(f.server, "/"), Version: versionText(),
			HTTP: &http.Client{Transport: sqlclient.Signed{Key: cmp.Or(f.key, os.Getenv("GATEWAY_KEY"))}},
		}
		return remote.Serve(ctx, in, out)
	}
	cfg, err := f.config.load()
	if err != nil {
		return err
	}
	return withApp(ctx, cfg, os.Stderr, func(a *app) error { return a.agents().Serve(auth.WithPrincipal(ctx, operator()), in, out) })
}
