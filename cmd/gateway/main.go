// Command gateway lets programs that speak OData or SQL read PingOne
// directories. This package only wires; every feature stands in a package of
// its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func main() {
	duck.Worker()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", sentence(err))
		os.Exit(exitCode(err))
	}
}

// root is the command line.
func root() *cobra.Command {
	c := &cobra.Command{
		Use:           "gateway",
		Short:         "PingOne as OData feeds and SQL",
		Version:       versionText(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.SetVersionTemplate(versionLine())
	c.AddCommand(serveCommand(), demoCommand(), privateCommand(), simulateCommand(), sqlCommand(), mcpCommand(), checkCommand(),
		loginCommand(), keysCommand(), configCommand(), versionCommand())
	return c
}

// sentence is what a person reads: of our own errors the message and the hint,
// of others all there is.
func sentence(err error) string {
	var e *gwerr.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	cause := e.Unwrap()
	if cause != nil && (e.Code == gwerr.Internal || e.Code == gwerr.Config) && !strings.Contains(e.Error(), cause.Error()) {
		return e.Error() + " (" + cause.Error() + ")"
	}
	return e.Error()
}

// exitCode is 2 for a configuration that has to be corrected first, 3 for an
// answer of which rows are missing, 130 for work that was cancelled, as shells have
// it, and 1 otherwise.
func exitCode(err error) int {
	switch {
	case gwerr.Is(err, gwerr.Config):
		return 2
	case gwerr.Is(err, gwerr.UpstreamCutShort):
		return 3
	case gwerr.Is(err, gwerr.Canceled):
		return 130
	}
	return 1
}
