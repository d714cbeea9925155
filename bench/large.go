package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// largeDirectory measures CPU time and memory, without latency, beside a proxy that
// gets the same pages and sends plain text, as the gateway does: pages compressed
// as PingOne sends them, and not compressed.
func largeDirectory(ctx context.Context, o options, dir string, r *report) error {
	for _, users := range []int{o.users, o.million} {
		for _, pages := range []pages{{name: "gzip", most: 1.25}, {name: "plain", flags: []string{"--no-compression"}, most: 2.2}} {
			if err := beside(ctx, o, dir, r, users, pages); err != nil {
				return err
			}
		}
	}
	return nil
}

// pages are answers of one kind.
type pages struct {
	name  string
	flags []string // of the simulator
	most  float64  // CPU time of a feed by that of a copy
}

// way is a way to read all users, and what it took at least.
type way struct {
	name string
	*process
	read func() (answer, error)
	answer
	cost
}

// measure reads several times and keeps what one reading took, if it is less than
// before: what other work on the machine adds is no matter of the way.
func (w *way) measure(users, readings int) error {
	note("reading %s users %d times: %s", thousands(users), readings, w.name)
	c, err := w.process.measure(func() error {
		for range readings {
			a, err := w.read()
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			if err := expect(w.name, a.rows, users); err != nil {
				return err
			}
			w.answer = a
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.cpu, c.wall, c.peak = c.cpu/time.Duration(readings), c.wall/time.Duration(readings), max(c.peak, w.peak)
	if w.cpu > 0 && w.cpu < c.cpu {
		c.cpu, c.wall = w.cpu, w.wall
	}
	w.cost = c
	return nil
}

// beside measures the ways to read a directory in turns.
func beside(ctx context.Context, o options, dir string, r *report, users int, p pages) error {
	s, err := startSimulator(ctx, o, users, 0, p.flags...)
	if err != nil {
		return err
	}
	defer s.stop()
	g, err := startGateway(ctx, o, dir, s)
	if err != nil {
		return err
	}
	defer g.stop()
	copied, err := copyAll(ctx, s)
	if err != nil {
		return err
	}
	defer copied.stop()
	ways := []*way{
		{name: "`/sql`, NDJSON", process: g.process, read: func() (answer, error) { return g.sql(ctx, scanSQL) }},
		{name: "OData feed", process: g.process, read: func() (answer, error) { return g.feed(ctx, scanFeed) }},
	}
	readings := 1 + 100_000/users // CPU time is told in ticks of 10 ms
	for range o.rounds {
		for _, w := range slices.Concat([]*way{copied}, ways) {
			if err := w.measure(users, readings); err != nil {
				return err
			}
		}
	}
	what := fmt.Sprintf("%s users, pages %s", thousands(users), p.name)
	r.fact(what+": the API's answers", "%s", mib(copied.bytes))
	for _, w := range ways {
		r.add(measurement{
			work: what + ", " + w.name + ", CPU time", today: "copied by a proxy: " + seconds(copied.cpu),
			gateway: seconds(w.cpu), value: w.cpu.Seconds() / max(copied.cpu, tick).Seconds(), aim: atMost(p.most, " × the copy"),
		})
		if users == o.million {
			r.add(measurement{
				work: "… memory, peak resident", today: "holding the result: " + mib(w.bytes) + " of text",
				gateway: mib(w.peak), value: float64(w.peak) / (1 << 20), aim: atMost(256, " MiB"),
			})
		}
		r.fact(what+", "+w.name, "%s, %s rows/s", seconds(w.wall), thousands(int(float64(users)/w.wall.Seconds())))
	}
	return nil
}

// copyAll is a proxy that copies all pages of users.
func copyAll(ctx context.Context, s *simulator) (*way, error) {
	p, address, err := startCopier(ctx, s, copyUnpacked)
	return &way{name: "a proxy", process: p, read: func() (answer, error) { return copyUsers(ctx, address, s) }}, err
}

// mib writes a number of bytes for a cell.
func mib(n int64) string { return number(float64(n)/(1<<20)) + " MiB" }
