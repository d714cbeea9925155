// Command bench measures the gateway beside today's ways of reading PingOne, in
// one run against the simulator: Ping's own Go SDK, one call per user, a direct
// call, and a proxy that merely copies. It prints a table with the ratios.
//
// Gateway, simulator and copier are processes of their own, so that CPU time and
// memory can be read from outside.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options of a run.
type options struct {
	gateway string        // the binary; empty builds it
	parts   string        // of the run, separated by commas; empty for all
	output  string        // document whose results are replaced; empty for none
	peers   string        // folder of the OData servers that are compared
	users   int           // in the directory of most rows
	million int           // in the directory of the CPU and memory rows
	latency time.Duration // of each API call
	lookups int           // single reads
	sample  int           // users whose groups are read one by one
	rounds  int           // of the gateway's full scans, of which the median counts
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == copyCommand {
		exit(runCopier(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == peopleCommand {
		exit(runPeople(os.Args[2:]))
	}
	o := options{users: 100_000, million: 1_000_000, lookups: 200, sample: 500, rounds: 3}
	flag.IntVar(&o.users, "users", o.users, "users of the smaller directory")
	flag.IntVar(&o.million, "million", o.million, "users of the larger directory")
	quick := flag.Bool("quick", false, "5,000 users instead of 100,000, and 20,000 instead of a million")
	flag.StringVar(&o.gateway, "gateway", "", "gateway binary (default: build ./cmd/gateway)")
	flag.StringVar(&o.parts, "parts", "calls,cpu", "parts of the run, separated by commas, of: "+strings.Join(partNames(), ", "))
	flag.StringVar(&o.peers, "peers", ".cache/peers", "folder of the OData servers that the part odata compares")
	flag.StringVar(&o.output, "o", "", "document whose results are replaced, such as docs/benchmarks.md")
	flag.DurationVar(&o.latency, "latency", 20*time.Millisecond, "latency of each API call")
	flag.Parse()
	if *quick {
		o.users, o.million, o.lookups, o.sample, o.rounds = 5000, 20_000, 40, 50, 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// section is what belongs to one place of the document.
type section struct {
	name string
	// about says what the numbers depend on, beside the machine.
	about func(o options) string
	// today and ours head the columns of what is compared.
	today, ours string
	parts       []part
}

type part struct {
	name string
	run  func(ctx context.Context, o options, dir string, r *report) error
}

var sections = []section{
	{
		name: "the gateway", today: "today's way", ours: "gateway",
		about: func(o options) string {
			return fmt.Sprintf("%s and %s users, %s latency a call, no rate limit within reach.", thousands(o.users), thousands(o.million), o.latency)
		},
		parts: []part{{"calls", smallDirectory}, {"cpu", largeDirectory}},
	},
	{
		name: "analysts' queries", today: "with Ping's SDK", ours: "gateway",
		about: func(o options) string {
			return fmt.Sprintf("%s users, %s latency a call, no rate limit within reach; calls and times of all queries of a kind, one after the other.",
				thousands(questionUsers), o.latency)
		},
		parts: []part{{"questions", analystsQuestions}},
	},
	{
		name: "OData servers", today: "other server", ours: "package odata",
		about: func(options) string {
			return fmt.Sprintf("%s rows of ten properties in memory; of what each server used of a core, the least of some rounds.", thousands(peopleRows))
		},
		parts: []part{{"odata", odataServers}},
	},
}

func partNames() (names []string) {
	for _, s := range sections {
		for _, p := range s.parts {
			names = append(names, p.name)
		}
	}
	return names
}

// run measures what was asked for, prints the results and files them.
func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "gateway-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	wanted := strings.Split(o.parts, ",")
	for _, name := range wanted {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	if o.gateway == "" && o.parts != "odata" {
		if o.gateway, err = buildGateway(ctx, dir); err != nil {
			return err
		}
	}
	for _, s := range sections {
		s.parts = slices.DeleteFunc(slices.Clone(s.parts), func(p part) bool { return !slices.Contains(wanted, p.name) })
		if len(s.parts) == 0 {
			continue
		}
		if err := s.run(ctx, o, dir); err != nil {
			return err
		}
	}
	return nil
}

func buildGateway(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "gateway")
	note("building the gateway")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "duckdb_arrow", "-o", program, "./cmd/gateway")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the gateway: %w", err)
	}
	return program, nil
}

func (s section) run(ctx context.Context, o options, dir string) error {
	started, m := time.Now(), machineOf("/proc")
	r := &report{}
	for _, p := range s.parts {
		if err := p.run(ctx, o, dir, r); err != nil {
			return err
		}
	}
	text := r.markdown(s, o, m, started, time.Since(started))
	fmt.Print(text)
	if o.output == "" {
		return nil
	}
	return placeOf(s.name).file(o.output, text)
}

// note tells on standard error what is going on.
func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
