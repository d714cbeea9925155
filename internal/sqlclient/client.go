// Package sqlclient asks a gateway's /sql and writes the answer for a person or a
// file. The gateway is a running service, or a handler in the same process.
package sqlclient

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

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
	// Format is table, json, ndjson, csv or arrow.
	Format string
	// Explain asks for the plan.
	Explain bool
}

// accepts are the media types of the formats; a table is read from JSON.
var accepts = map[string]string{
	"table": "application/json", "json": "application/json", "ndjson": "application/x-ndjson",
	"csv": "text/csv", "arrow": "application/vnd.apache.arrow.stream",
}

// Run asks for a statement's rows, or its plan, and writes them. Errors are
// those that the gateway answered with, gwerr.BadRequest for an unknown format,
// and gwerr.UpstreamFailed where no gateway answers.
func (c *Client) Run(ctx context.Context, statement string, out io.Writer) error {
	r, err := c.request(ctx, statement)
	if err != nil {
		return err
	}
	client := cmp.Or(c.HTTP, http.DefaultClient)
	resp, err := client.Do(r)
	if err != nil {
		return gwerr.Wrap(gwerr.UpstreamFailed, err, "The service at "+c.Server+" can't be reached.", "Check the address and that it runs.")
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return answerError(resp.Body)
	case c.Format == "table" && !c.Explain:
		return writeTable(resp.Body, out)
	}
	_, err = io.Copy(out, resp.Body)
	return err
}

func (c *Client) request(ctx context.Context, statement string) (*http.Request, error) {
	accept, ok := accepts[c.Format]
	if !ok {
		return nil, gwerr.New(gwerr.BadRequest, fmt.Sprintf("Format %q is not known.", c.Format), "Use table, json, ndjson, csv or arrow.")
	}
	body, err := json.Marshal(map[string]string{"query": statement})
	if err != nil {
		return nil, err
	}
	path := "/sql"
	if c.Explain {
		path = "/sql/explain"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(c.Server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
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
