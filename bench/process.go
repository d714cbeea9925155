package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a running child.
type process struct {
	name    string
	cmd     *exec.Cmd
	stderr  *tail
	done    chan struct{} // closed when it has ended
	started time.Duration // from start to ready
}

// start runs a program until stop and waits until an address answers.
func start(ctx context.Context, name, ready, program string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(program, args...), stderr: &tail{}, done: make(chan struct{})}
	p.cmd.Stderr = p.stderr
	// A child that outlives a killed bench would hold its port and memory.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended matters only before it was ready
	}()
	if err := p.waitReady(ctx, ready); err != nil {
		p.stop()
		return nil, err
	}
	p.started = time.Since(began)
	return p, nil
}

// waitReady asks an address until it answers 200.
func (p *process) waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // on a busy machine
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close() // the status is enough
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("the %s ended at once:\n%s", p.name, p.stderr)
		case <-ctx.Done():
			return fmt.Errorf("the %s does not answer at %s:\n%s", p.name, url, p.stderr)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends the child and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// cost is what a process spent on a piece of work.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes resident
}

// measure runs f and gives what the process spent on it.
func (p *process) measure(f func() error) (c cost, err error) {
	pid := p.cmd.Process.Pid
	before, err := cpuTime(pid)
	if err == nil {
		err = resetPeak(pid)
	}
	if err != nil {
		return c, fmt.Errorf("measuring the %s: %w", p.name, err)
	}
	began := time.Now()
	if err := f(); err != nil {
		return c, err
	}
	c.wall = time.Since(began)
	after, err1 := cpuTime(pid)
	peak, err2 := peakMemory(pid)
	c.cpu, c.peak = after-before, peak
	return c, errors.Join(err1, err2)
}

// freeAddress finds a loopback address that nothing listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// tail keeps the last bytes written to it, for error messages.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const tailSize = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(b)
	if extra := t.buf.Len() - tailSize; extra > 0 {
		t.buf.Next(extra)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
