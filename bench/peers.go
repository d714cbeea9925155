package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	peopleRows = 10_000
	feedRows   = 1000
	// abreast is the number of connections that requests come by.
	abreast = 4
	// enough is the CPU time after which a server's cost of a request is known, to
	// a part in a hundred.
	enough = time.Second
)

// peer is an OData server over rows in memory.
type peer struct {
	name    string
	program string
	args    func(address string) []string
	root    string // of the service
	one     string // address of a row below the root; %s stands for the key
	slower  float64
}

// peersOf are the servers that are compared, the first one ours. They find the rows
// in a file. folder is where scripts/install-odata-peers.sh has put the others.
func peersOf(folder, rows string) ([]peer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	goodata := filepath.Join(folder, "go-odata")
	capArgs := func(address string) []string {
		_, port, _ := strings.Cut(address, ":")
		return []string{
			"-C", filepath.Join(folder, "cap"), "NODE_ENV=production", "ROWS=" + rows, "PORT=" + port,
			"node_modules/node/bin/node", "node_modules/@sap/cds/bin/serve.js",
		}
	}
	return []peer{
		{name: "package odata", program: program, root: "/odata/Main/", one: "Users(%s)", args: func(address string) []string {
			return []string{peopleCommand, "-rows", rows, "-listen", address}
		}},
		{name: "CAP 10.1.1", program: "env", root: "/odata/v4/main/", one: "Users(%s)", slower: 15, args: capArgs},
		{name: "go-odata 0.10.0", program: goodata, root: "/", one: "Users('%s')", slower: 7, args: func(address string) []string {
			return []string{"-rows", rows, "-listen", address}
		}},
	}, nil
}

// works are what is asked of each server.
var works = []struct {
	name string
	rows int
	path func(p peer, n int) string
}{
	{"feed of 1,000 rows", feedRows, func(peer, int) string { return fmt.Sprintf("Users?$top=%d", feedRows) }},
	{"one row by its key", 1, func(p peer, n int) string { return fmt.Sprintf(p.one, personID(n%peopleRows)) }},
}

// odataServers compares the servers by their CPU time for a request.
func odataServers(ctx context.Context, o options, dir string, r *report) error {
	rows := filepath.Join(dir, "people.json")
	text, err := json.Marshal(madePeople(peopleRows))
	if err != nil {
		return err
	}
	if err := os.WriteFile(rows, text, 0o600); err != nil {
		return err
	}
	peers, err := peersOf(o.peers, rows)
	if err != nil {
		return err
	}
	took := make([][]time.Duration, len(peers))
	for i, p := range peers {
		if took[i], err = p.measure(ctx, o.rounds); err != nil {
			return err
		}
	}
	for w, work := range works {
		ours := took[0][w]
		for i, p := range peers[1:] {
			theirs := took[i+1][w]
			r.add(measurement{
				work: work.name, today: p.name + ": " + pace(work.rows, theirs), gateway: pace(work.rows, ours),
				value: theirs.Seconds() / ours.Seconds(), aim: atLeast(p.slower, " × as many"),
			})
		}
	}
	return nil
}

// pace is how many rows, or requests for one, a core gives in a second.
func pace(rows int, took time.Duration) string {
	n := thousands(int(float64(rows) / took.Seconds()))
	if rows > 1 {
		return n + " rows/s"
	}
	return n + "/s"
}

// measure gives the least CPU time of a request for each of the works.
func (p peer) measure(ctx context.Context, rounds int) ([]time.Duration, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	root := "http://" + address + p.root
	server, err := start(ctx, p.name, root, p.program, p.args(address)...)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: abreast, DisableCompression: true}, Timeout: time.Minute}
	least := make([]time.Duration, len(works))
	for round := range 1 + rounds { // the first one warms it up
		for w, work := range works {
			took, err := server.perRequest(func(n int) error {
				return p.ask(ctx, client, root+work.path(p, n), work.rows)
			})
			if err != nil {
				return nil, err
			}
			if round > 0 && (least[w] == 0 || took < least[w]) {
				least[w] = took
			}
		}
	}
	for w, work := range works {
		note("%s, %s: %s CPU time", p.name, work.name, least[w])
	}
	return least, nil
}

// ask sends a request and counts the rows of the answer.
func (p peer) ask(ctx context.Context, client *http.Client, address string, rows int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return refused(resp)
	}
	found := newNeedle(entity)
	if _, err := io.Copy(found, resp.Body); err != nil {
		return err
	}
	return expect(p.name, found.found, rows)
}

// perRequest sends requests by several connections until their CPU time is known,
// and gives that of one. ask is told a number that grows.
func (p *process) perRequest(ask func(n int) error) (time.Duration, error) {
	const atOnce = 25 * abreast
	var spent time.Duration
	sent := 0
	for spent < enough {
		c, err := p.measure(func() error {
			failed := make(chan error, abreast)
			for lane := range abreast {
				go func() {
					var err error
					for i := lane; i < atOnce && err == nil; i += abreast {
						err = ask(sent + i)
					}
					failed <- err
				}()
			}
			var all error
			for range abreast {
				all = errors.Join(all, <-failed)
			}
			return all
		})
		if err != nil {
			return 0, err
		}
		sent += atOnce
		spent += c.cpu
	}
	return spent / time.Duration(sent), nil
}
