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
	"os"
	"time"
)

// copyCommand makes this program the proxy whose CPU time is the measure of what
// it takes to move the bytes.
const copyCommand = "copy"

// The ways to copy.
const (
	// copyUnpacked is the standard library's reverse proxy. Its client's wish for
	// compression ends with it, so that it unpacks what it gets.
	copyUnpacked = "unpacked"
	// copyPlain is the same proxy, which asks for answers that are not compressed.
	copyPlain = "plain"
	// copyBare asks for such an answer, too, and copies its body: what a server in
	// Go can't do without.
	copyBare = "bare"
)

// runCopier answers requests with what a server elsewhere says.
func runCopier(args []string) error {
	flags := flag.NewFlagSet(copyCommand, flag.ContinueOnError)
	listen := flags.String("listen", "", "address to listen on")
	target := flags.String("target", "", "address to pass requests to")
	way := flags.String("way", copyUnpacked, "how to copy")
	if err := flags.Parse(args); err != nil {
		return err
	}
	plain := &http.Transport{DisableCompression: true}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: *target})
		r.Out.Host = r.In.Host // next links lead here again
		r.Out.Header.Del("Accept-Encoding")
	}}
	var handler http.Handler = proxy
	switch *way {
	case copyPlain:
		proxy.Transport = plain
	case copyBare:
		handler = bareCopy(&http.Client{Transport: plain}, *target)
	}
	s := &http.Server{
		Addr:              *listen,
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
	}
	return s.ListenAndServe()
}

// bareCopy answers with the body of the target's answer.
func bareCopy(c *http.Client, target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+target+r.URL.RequestURI(), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		req.Header["Authorization"] = r.Header["Authorization"]
		resp, err := c.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body) // a client that gets less sees it
	}
}

// startCopier runs a copy of this program in front of the simulator. The
// simulator's answers about itself go through it too, so they tell when it is ready.
func startCopier(ctx context.Context, s *simulator, way string) (p *process, address string, err error) {
	if address, err = freeAddress(); err != nil {
		return nil, "", err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	p, err = start(ctx, "copier", "http://"+address+"/sim/requests", self, copyCommand, "-listen", address, "-target", s.address, "-way", way)
	return p, address, err
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
