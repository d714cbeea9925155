package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/internal/server"
)

// sqlFlags are one query from the terminal.
type sqlFlags struct {
	config  configFlags
	file    string
	format  string
	server  string
	key     string
	explain bool
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
			if f.server != "" {
				return f.remote(cmd.Context(), text, cmd.OutOrStdout())
			}
			return f.embedded(cmd.Context(), text, cmd.OutOrStdout())
		},
	}
	f.config.register(c)
	c.Flags().StringVarP(&f.file, "file", "f", "", "file with the query; - for standard input")
	c.Flags().StringVar(&f.format, "format", "table", "table, json, ndjson, csv or arrow")
	c.Flags().StringVar(&f.server, "server", "", "address of a running service, such as http://127.0.0.1:8080")
	c.Flags().StringVar(&f.key, "key", "", "API key for --server (default: $GATEWAY_KEY)")
	c.Flags().BoolVar(&f.explain, "explain", false, "show the plan instead of running the query")
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

// accept maps the format to what /sql is asked for; a table is read from JSON.
func (f *sqlFlags) accept() (string, error) {
	switch f.format {
	case "table", "json":
		return "application/json", nil
	case "ndjson":
		return "application/x-ndjson", nil
	case "csv":
		return "text/csv", nil
	case "arrow":
		return "application/vnd.apache.arrow.stream", nil
	default:
		return "", gwerr.New(gwerr.BadRequest, fmt.Sprintf("Format %q is not known.", f.format), "Use table, json, ndjson, csv or arrow.")
	}
}

func (f *sqlFlags) request(ctx context.Context, base, text string) (*http.Request, error) {
	accept, err := f.accept()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"query": text})
	if err != nil {
		return nil, err
	}
	path := "/sql"
	if f.explain {
		path = "/sql/explain"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	key := f.key
	if key == "" {
		key = os.Getenv("GATEWAY_KEY")
	}
	if key != "" {
		r.Header.Set("X-API-Key", key)
	}
	return r, nil
}

// remote asks a running service.
func (f *sqlFlags) remote(ctx context.Context, text string, out io.Writer) error {
	r, err := f.request(ctx, f.server, text)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return gwerr.Wrap(gwerr.UpstreamFailed, err, "The service at "+f.server+" can't be reached.", "Check the address and that it runs.")
	}
	defer func() { _ = resp.Body.Close() }()
	return f.show(resp.StatusCode, resp.Body, out)
}

// embedded runs the query in this process, through the same front end. It is
// the operator's own, so no policy applies.
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
	run := h.Query
	if f.explain {
		run = h.Explain
	}
	r, err := f.request(auth.WithPrincipal(ctx, operator()), "http://localhost", text)
	if err != nil {
		return joinClose(ctx, a, err)
	}
	pr, pw := io.Pipe()
	status := make(chan int, 1)
	go func() { pw.CloseWithError(serveTo(run, a.sink, r, pw, status)) }()
	return joinClose(ctx, a, f.show(<-status, pr, out))
}

// operator is whoever runs the program with its configuration.
func operator() *auth.Principal {
	return &auth.Principal{Name: "operator", Kind: auth.Anonymous, Roles: []string{"operator"}}
}

// serveTo runs a handler and copies its answer to w; an aborted answer is an
// error.
func serveTo(h http.HandlerFunc, sink observe.Sink, r *http.Request, w io.Writer, status chan<- int) (err error) {
	rec := &pipeWriter{w: w, header: http.Header{}, status: status}
	defer func() {
		if p := recover(); p != nil {
			err = safely.Caught(r.Context(), sink, observe.InRequest, p)
			if errors.Is(err, http.ErrAbortHandler) {
				err = gwerr.New(gwerr.UpstreamCutShort, "The query failed before its end; rows are missing.", "The log says why.")
			}
		}
		rec.WriteHeader(http.StatusOK)
	}()
	h(rec, r)
	return nil
}

// pipeWriter is an http.ResponseWriter over a pipe.
type pipeWriter struct {
	w      io.Writer
	header http.Header
	status chan<- int
	sent   bool
}

func (p *pipeWriter) Header() http.Header { return p.header }

func (p *pipeWriter) WriteHeader(status int) {
	if !p.sent {
		p.sent = true
		p.status <- status
	}
}

func (p *pipeWriter) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.w.Write(b)
}

// show prints an answer in the wanted form.
func (f *sqlFlags) show(status int, body io.Reader, out io.Writer) error {
	if status != http.StatusOK {
		return answerError(body)
	}
	if f.format == "table" && !f.explain {
		return printTable(body, out)
	}
	_, err := io.Copy(out, body)
	return err
}

// answerError is the error that /sql answered with.
func answerError(body io.Reader) error {
	var a struct {
		Error struct {
			Code, Message, Mend string
			Position            int
		}
	}
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&a); err != nil {
		return gwerr.Wrap(gwerr.UpstreamFailed, err, "The service gave no answer that can be read.", "Check that the address is a PingOne Gateway.")
	}
	e := gwerr.New(gwerr.Code(a.Error.Code), a.Error.Message, a.Error.Mend)
	if a.Error.Position > 0 {
		e = e.At(a.Error.Position - 1)
	}
	return e
}

// showProgress says on w that a query is still running, once it takes long.
func showProgress(ctx context.Context, w io.Writer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
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
	}()
	return func() { cancel(); <-done }
}
