package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// largeDirectory measures CPU time and memory, without latency. Proxy and gateway
// get the same compressed pages and send plain text.
func largeDirectory(ctx context.Context, o options, dir string, r *report) error {
	s, err := startSimulator(ctx, o, o.million, 0)
	if err != nil {
		return err
	}
	defer s.stop()
	copied, err := copyAll(ctx, o, s, r)
	if err != nil {
		return err
	}
	g, err := startGateway(ctx, o, dir, s)
	if err != nil {
		return err
	}
	defer g.stop()
	for _, way := range []struct {
		name string
		read func() (answer, error)
	}{
		{"`/sql`, NDJSON", func() (answer, error) { return g.sql(ctx, scanSQL) }},
		{"OData feed", func() (answer, error) { return g.feed(ctx, scanFeed) }},
	} {
		note("streaming %s users: %s", thousands(o.million), way.name)
		var a answer
		c, err := g.measure(func() (err error) { a, err = way.read(); return err })
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		if err := expect(way.name, a.rows, o.million); err != nil {
			return err
		}
		r.add(measurement{
			work: thousands(o.million) + " users, " + way.name + ", CPU time", today: "copied by a proxy: " + seconds(copied.cpu),
			gateway: seconds(c.cpu), value: c.cpu.Seconds() / max(copied.cpu, tick).Seconds(), aim: atMost(1.25, " × the copy"),
		})
		r.add(measurement{
			work: "… memory, peak resident", today: "holding the result: " + mib(a.bytes) + " of text",
			gateway: mib(c.peak), value: float64(c.peak) / (1 << 20), aim: atMost(256, " MiB"),
		})
		r.fact(thousands(o.million)+" users, "+way.name, "%s, %s rows/s", seconds(a.whole), thousands(int(float64(a.rows)/a.whole.Seconds())))
	}
	return nil
}

// copyAll measures a proxy that copies all pages of users.
func copyAll(ctx context.Context, o options, s *simulator, r *report) (cost, error) {
	program, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	address, err := freeAddress()
	if err != nil {
		return cost{}, err
	}
	p, err := start(ctx, "copier", "http://"+address+"/sim/requests", program, copyCommand, "-listen", address, "-target", s.address)
	if err != nil {
		return cost{}, err
	}
	defer p.stop()
	note("copying %s users through a proxy", thousands(o.million))
	var pages int
	var bytes int64
	c, err := p.measure(func() (err error) {
		pages, bytes, err = copyUsers(ctx, address, s)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("copying: %w", err)
	}
	if err := expect("the proxy", pages, (o.million+pageRows-1)/pageRows); err != nil {
		return c, err
	}
	r.fact("the API's answers for "+thousands(o.million)+" users", "%s in %s pages; the copy took %s",
		mib(bytes), thousands(pages), seconds(c.wall.Round(time.Millisecond)))
	return c, nil
}

// mib writes a number of bytes for a cell.
func mib(n int64) string { return number(float64(n)/(1<<20)) + " MiB" }
