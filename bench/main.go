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
	"syscall"
	"time"
)

// options of a run.
type options struct {
	gateway string        // the binary; empty builds it
	output  string        // document whose results are replaced; empty for none
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
	o := options{users: 100_000, million: 1_000_000, lookups: 200, sample: 500, rounds: 3}
	quick := flag.Bool("quick", false, "5,000 users instead of 100,000, and 20,000 instead of a million")
	flag.StringVar(&o.gateway, "gateway", "", "gateway binary (default: build ./cmd/gateway)")
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

// run measures everything, prints the results and files them.
func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "gateway-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if o.gateway == "" {
		o.gateway = filepath.Join(dir, "gateway")
		note("building the gateway")
		build := exec.CommandContext(ctx, "go", "build", "-tags", "duckdb_arrow", "-o", o.gateway, "./cmd/gateway")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the gateway: %w", err)
		}
	}
	started, m := time.Now(), machineOf("/proc")
	r := &report{}
	for _, part := range []func(context.Context, options, string, *report) error{smallDirectory, largeDirectory} {
		if err := part(ctx, o, dir, r); err != nil {
			return err
		}
	}
	text := r.markdown(m, o, started, time.Since(started))
	fmt.Print(text)
	if o.output == "" {
		return nil
	}
	return file(o.output, text)
}

// note tells on standard error what is going on.
func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
