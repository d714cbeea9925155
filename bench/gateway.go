package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// gateway is a running gateway and a plain HTTP client of it.
type gateway struct {
	*process
	address string // of the public listener
	client  *http.Client
}

// configuration of a gateway over a simulator; everything that is not named
// has its default. Feeds go whole unless a client asks for pages.
const configuration = `listen: {address: "%s"}
admin: {address: "%s", pprof: true}
auth: none
log: {level: warn}
odata: {page_size: 0}
connections:
  pingone:
    api_url: "http://%s/v1"
    authorization_server_url: "http://%[3]s/%[4]s/as"
    worker_app_environment_id: "%[4]s"
    oauth_client_id: "%s"
    oauth_client_secret: "%s"
`

// startGateway runs `gateway serve` over a simulator.
func startGateway(ctx context.Context, o options, dir string, s *simulator) (*gateway, error) {
	public, err := freeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := freeAddress()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "gateway-"+s.address[strings.LastIndexByte(s.address, ':')+1:]+".yaml")
	text := fmt.Sprintf(configuration, public, admin, s.address, s.environment, sim.AppWorker.ID, sim.AppWorker.Secret)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	// Answers come as plain text, as the copying proxy sends them: to compress them is
	// work that a client asks for.
	g := &gateway{address: public, client: &http.Client{Timeout: 10 * time.Minute, Transport: &http.Transport{DisableCompression: true}}}
	note("starting a gateway; admin listener %s", admin)
	g.process, err = start(ctx, "gateway", "http://"+admin+"/readyz", o.gateway, "serve", "--config", path)
	return g, err
}

// answer is what came of a request.
type answer struct {
	rows  int
	bytes int64
	first time.Duration // until the first row
	whole time.Duration
}

// ndjson is the media type of newline-delimited JSON, one row a line.
const ndjson = "application/x-ndjson"

// sql runs a statement and counts the rows of its answer.
func (g *gateway) sql(ctx context.Context, statement string) (answer, error) {
	body, err := json.Marshal(map[string]string{"query": statement})
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.address+"/sql", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", ndjson)
	return g.count(req, newNeedle("\n"))
}

// entity stands once in each entity of a feed whose $select names Username.
const entity = `"Username":`

// feed reads one page of a feed of users, which is all of it unless the client
// asks for pages, and counts the entities. query is of OData.
func (g *gateway) feed(ctx context.Context, query string) (answer, error) {
	req, err := g.odata(ctx, "Users?"+query)
	if err != nil {
		return answer{}, err
	}
	return g.count(req, newNeedle(entity))
}

// pages reads a feed of users page after page, as Power Query does.
func (g *gateway) pages(ctx context.Context, query string, size int) (rows int, err error) {
	req, err := g.odata(ctx, "Users?"+query)
	for err == nil {
		req.Header.Set("Prefer", fmt.Sprintf("odata.maxpagesize=%d", size))
		var body []byte
		if body, err = read(g.client, req); err != nil {
			return rows, err
		}
		var p struct {
			Value []json.RawMessage `json:"value"`
			Next  string            `json:"@odata.nextLink"`
		}
		if err = json.Unmarshal(body, &p); err != nil {
			return rows, err
		}
		rows += len(p.Value)
		if p.Next == "" {
			return rows, nil
		}
		req, err = http.NewRequestWithContext(ctx, http.MethodGet, p.Next, nil)
	}
	return rows, err
}

// odata makes a request for something below the service root.
func (g *gateway) odata(ctx context.Context, path string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.address+"/odata/pingone/Administrators/"+path, nil)
}

// count sends a request, reads the answer to its end and counts the needle in
// it. An answer that breaks off is an error.
func (g *gateway) count(req *http.Request, n *needle) (a answer, err error) {
	began := time.Now()
	resp, err := g.client.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return a, refused(resp)
	}
	n.onFirst = func() { a.first = time.Since(began) }
	a.bytes, err = io.Copy(n, resp.Body)
	a.whole, a.rows = time.Since(began), n.found
	return a, err
}

// explain plans a statement.
func (g *gateway) explain(ctx context.Context, statement string) error {
	return g.ask(ctx, "/sql/explain", statement, &json.RawMessage{})
}

// ask posts a statement and decodes the answer.
func (g *gateway) ask(ctx context.Context, path, statement string, into any) error {
	body, err := json.Marshal(map[string]string{"query": statement})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	text, err := read(g.client, req)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// byUsername is the OData query for one user.
func byUsername(name, columns string) string {
	q := url.Values{"$filter": {"Username eq '" + strings.ReplaceAll(name, "'", "''") + "'"}, "$select": {columns}}
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}
