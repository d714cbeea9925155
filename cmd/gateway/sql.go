package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
)

// sqlFlags are queries from the terminal.
type sqlFlags struct {
	config configFlags
	file   string
	output string
	client sqlclient.Client
}

func sqlCommand() *cobra.Command {
	var f sqlFlags
	c := &cobra.Command{
		Use:   `sql ["SELECT …"]`,
		Short: "Run a query, or a shell for many, here or on a running service",
		Long: `Without a query there is a shell, where a person types, or the statements of
standard input run one after the other.

Exit codes: 0 for whole answers, 1 for an error, 2 for a configuration that has
to be corrected first, 3 for an answer of which rows are missing, 130 for a query
that was cancelled.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.text(args)
			if err != nil {
				return err
			}
			if f.client.Server != "" {
				f.client.Key = cmp.Or(f.client.Key, os.Getenv("GATEWAY_KEY"))
				return f.run(cmd.Context(), cmd, text)
			}
			return f.embedded(cmd, text)
		},
	}
	f.config.register(c)
	c.Flags().StringVarP(&f.file, "file", "f", "", "file with the query; - for standard input")
	c.Flags().StringVarP(&f.output, "output", "o", "", "file for the answer, which is there once it is whole")
	c.Flags().StringVar(&f.client.Format, "format", "table", strings.Join(sqlclient.Formats, ", "))
	c.Flags().StringVar(&f.client.Connection, "connection", "", "the connection to ask (default: the configuration's)")
	c.Flags().StringVar(&f.client.Server, "server", "", "address of a running service, such as http://127.0.0.1:8080")
	c.Flags().StringVar(&f.client.Key, "key", "", "API key for --server (default: $GATEWAY_KEY)")
	c.Flags().BoolVar(&f.client.Explain, "explain", false, "show the plan instead of running the query")
	return c
}

// text is the query, "" where a shell is to read some.
func (f *sqlFlags) text(args []string) (string, error) {
	switch {
	case f.file == "-":
		raw, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
		return string(raw), err
	case f.file != "":
		raw, err := os.ReadFile(f.file)
		return string(raw), err
	case len(args) == 1 && strings.TrimSpace(args[0]) == "":
		return "", gwerr.New(gwerr.BadRequest, "The query is empty.", `Write it as an argument: gateway sql "SELECT …", or use -f.`)
	case len(args) == 1:
		return args[0], nil
	default:
		return "", nil
	}
}

// run answers the query, or begins a shell.
func (f *sqlFlags) run(ctx context.Context, cmd *cobra.Command, text string) error {
	if !slices.Contains(sqlclient.Formats, f.client.Format) {
		return gwerr.Newf(gwerr.BadRequest, "Format %q is not known.", f.client.Format).WithHint("Use " + strings.Join(sqlclient.Formats, ", ") + ".")
	}
	status, end := progressOn(cmd.ErrOrStderr())
	f.client.Progress = status
	if text == "" {
		return f.shell(ctx, cmd, end)
	}
	defer end()
	if f.output == "" {
		if sqlclient.Binary(f.client.Format) && !f.client.Explain && isTerminal(cmd.OutOrStdout()) {
			return gwerr.Newf(gwerr.BadRequest, "%s is not a format for a terminal.", f.client.Format).WithHint("Name a file: -o rows." + f.client.Format)
		}
		return f.client.Run(ctx, text, cmd.OutOrStdout())
	}
	out, err := createWhole(f.output)
	if err != nil {
		return err
	}
	if err := f.client.Run(ctx, text, out); err != nil {
		out.Abandon()
		return err
	}
	return out.Close()
}

// embedded answers from this process, through the same front end. It is the
// operator's own, so no policy applies.
func (f *sqlFlags) embedded(cmd *cobra.Command, text string) error {
	cfg, err := f.config.load()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if text == "" { // the shell outlives the interruption of a query
		ctx = context.WithoutCancel(ctx)
	}
	return withApp(ctx, cfg, os.Stderr, func(a *app) error {
		h := a.sql()
		mux := http.NewServeMux()
		mux.HandleFunc("/sql", h.Query)
		mux.HandleFunc("/sql/explain", h.Explain)
		mux.HandleFunc("/sql/{id}", h.Running)
		f.client.HTTP = &http.Client{Transport: sqlclient.InProcess{Sink: a.sink, Handler: mux}}
		f.client.Server = "http://localhost"
		return f.run(auth.WithPrincipal(ctx, operator()), cmd, text)
	})
}

// operator is whoever runs the program with its configuration.
func operator() *auth.Principal {
	return &auth.Principal{Name: "operator", Kind: auth.Anonymous, Roles: []string{"operator"}}
}

// progressOn writes on w how far a query is: on one line of a terminal, which end
// clears, or line by line.
func progressOn(w io.Writer) (tell func(sqlclient.Progress), end func()) {
	if !isTerminal(w) {
		return func(p sqlclient.Progress) { fmt.Fprintf(w, "gateway: %s\n", p) }, func() {}
	}
	shown := false
	return func(p sqlclient.Progress) { shown = true; fmt.Fprintf(w, "\r\033[K%s", p) }, func() {
		if shown {
			fmt.Fprint(w, "\r\033[K")
		}
		shown = false
	}
}

// interruptible ends a query, but not the shell, when its user interrupts it.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
