package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// copyCommand makes this program the proxy whose CPU time is the measure of what
// it takes to move the bytes.
const copyCommand = "copy"

// runCopier is a reverse proxy of the standard library. Its client's wish for
// compression ends with it, so that it unpacks what it gets.
func runCopier(args []string) error {
	flags := flag.NewFlagSet(copyCommand, flag.ContinueOnError)
	listen := flags.String("listen", "", "address to listen on")
	target := flags.String("target", "", "address to pass requests to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: *target})
		r.Out.Host = r.In.Host // next links lead here again
		r.Out.Header.Del("Accept-Encoding")
	}}
	s := &http.Server{
		Addr:              *listen,
		Handler:           proxy,
		ReadHeaderTimeout: 10 * time.Second,
	}
	return s.ListenAndServe()
}

// member stands once in each user of the API's answers.
const member = `"username":`

// copyUsers reads all pages of users through the proxy at an address. The simulator
// writes the request's own host into next links, so they lead through the proxy too.
func copyUsers(ctx context.Context, address string, s *simulator) (a answer, err error) {
	next := fmt.Sprintf("http://%s/v1/environments/%s/users?limit=200", address, s.environment)
	for next != "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, next, nil)
		if err != nil {
			return a, err
		}
		req.Header.Set("Authorization", "Bearer "+s.token)
		body, err := read(s.client, req)
		if err != nil {
			return a, err
		}
		if next, err = nextLink(body); err != nil {
			return a, err
		}
		a.rows += bytes.Count(body, []byte(member))
		a.bytes += int64(len(body))
	}
	return a, nil
}

func read(c *http.Client, req *http.Request) ([]byte, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, refused(resp)
	}
	return io.ReadAll(resp.Body)
}

// nextLink finds the address of the next page; empty on the last one. It reads
// no further than the links, which stand at the beginning of a page.
func nextLink(body []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return "", fmt.Errorf("a page can't be read: %w", err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", fmt.Errorf("a page can't be read: %w", err)
		}
		var links map[string]struct {
			Href string `json:"href"`
		}
		var other json.RawMessage
		into := any(&other)
		if key == "_links" {
			into = &links
		}
		if err := d.Decode(into); err != nil {
			return "", fmt.Errorf("a page can't be read: %w", err)
		}
		if key == "_links" {
			return links["next"].Href, nil
		}
	}
	return "", errors.New("a page has no links")
}
