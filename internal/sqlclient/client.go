// Package sqlclient asks a gateway's /sql and writes the answer for a person or a
// file. The gateway is a running service, or a handler in the same process.
package sqlclient

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Client asks one gateway.
type Client struct {
	// HTTP reaches the gateway; nil means http.DefaultClient.
	HTTP *http.Client
	// Server is its address, such as http://127.0.0.1:8080.
	Server string
	// Key is an API key; "" for none.
	Key string
	// Connection is the one to ask; "" for the default one.
	Connection string
	// Format is one of Formats.
	Format string
	// Explain asks for the plan.
	Explain bool
	// Progress is told now and then how far a query is; nil for nothing.
	Progress func(Progress)
}

// Formats are the forms of an answer. A table is read from JSON; the others are
// those of ?format=.
var Formats = []string{"table", "json", "ndjson", "csv", "arrow", "parquet", "xlsx"}

// Binary tells whether the format is none for a terminal.
func Binary(format string) bool { return format == "arrow" || format == "parquet" || format == "xlsx" }

// lastWords is how long the gateway has to say that a query was cancelled.
const lastWords = 3 * time.Second

// Run asks for a statement's rows, or its plan, and writes them. When ctx ends,
// the query is cancelled. Errors are those that the gateway answered with,
// gwerr.BadRequest for an unknown format, gwerr.UpstreamFailed where no gateway
// answers, gwerr.UpstreamCutShort where rows are missing, and those of out.
func (c *Client) Run(ctx context.Context, statement string, out io.Writer) error {
	// The request outlives ctx for a moment, so that the gateway can answer.
	inner, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	id := rand.Text()
	r, err := c.request(inner, id, statement)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() {
		bounded, stop := context.WithTimeout(inner, lastWords)
		defer stop()
		if c.cancel(bounded, id) == nil {
			<-bounded.Done() // the answer, or the end of patience
		}
		cut()
	})()
	defer c.watch(inner, id)()
	err = c.do(r, out)
	if ctx.Err() != nil && err != nil {
		return gwerr.New(gwerr.Canceled, "The query was cancelled.", "")
	}
	return err
}

// do sends the request and writes its answer.
func (c *Client) do(r *http.Request, out io.Writer) error {
	resp, err := c.client().Do(r)
	if err != nil {
		return gwerr.Wrap(gwerr.UpstreamFailed, err, "The service at "+c.Server+" can't be reached.", "Check the address and that it runs.")
	}
	defer func() { _ = resp.Body.Close() }()
	body := &whole{Reader: resp.Body}
	switch {
	case resp.StatusCode != http.StatusOK:
		return answerError(resp.Body)
	case c.Format == "table" && !c.Explain:
		return writeTable(body, out)
	}
	_, err = io.Copy(out, body)
	return err
}

// whole reads an answer that may break off.
type whole struct{ io.Reader }

// Read implements io.Reader.
func (w *whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		var known *gwerr.Error
		if !errors.As(err, &known) {
			err = cutShort(err)
		}
	}
	return n, err
}

func cutShort(err error) error {
	return gwerr.Wrap(gwerr.UpstreamCutShort, err, "The answer ended before its end; rows are missing.", "Try again.")
}

func (c *Client) client() *http.Client {
	if c.HTTP == nil {
		return http.DefaultClient
	}
	return c.HTTP
}

func (c *Client) request(ctx context.Context, id, statement string) (*http.Request, error) {
	format := c.Format
	if format == "table" {
		format = "json"
	}
	known := false
	for _, f := range Formats {
		known = known || c.Format == f
	}
	if !known {
		return nil, gwerr.New(gwerr.BadRequest, fmt.Sprintf("Format %q is not known.", c.Format), "Use "+strings.Join(Formats, ", ")+".")
	}
	body := map[string]string{"query": statement}
	if c.Connection != "" {
		body["connection"] = c.Connection
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	path := "/sql?format=" + format
	if c.Explain {
		path = "/sql/explain"
	}
	r, err := c.new(ctx, http.MethodPost, path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Query-Id", id)
	return r, nil
}

// new is a request of the gateway's.
func (c *Client) new(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.Server, "/")+path, body)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.BadRequest, err, "The address of the service can't be read.", "Write it as http://127.0.0.1:8080.")
	}
	if c.Key != "" {
		r.Header.Set("X-API-Key", c.Key)
	}
	return r, nil
}

// answerError is the error that /sql answered with.
func answerError(body io.Reader) error {
	var a struct {
		Error struct {
			Code, Message, Hint string
			Position            int
		}
	}
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&a); err != nil {
		return gwerr.Wrap(gwerr.UpstreamFailed, err, "The service gave no answer that can be read.", "Check that the address is a PingOne Gateway.")
	}
	e := gwerr.New(gwerr.Code(a.Error.Code), a.Error.Message, a.Error.Hint)
	if a.Error.Position > 0 {
		e = e.At(a.Error.Position - 1)
	}
	return e
}
