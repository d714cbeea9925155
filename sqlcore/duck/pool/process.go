package pool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// process is one engine process.
type process struct {
	cmd    *exec.Cmd
	conn   *wire.Conn
	giveUp *os.File // takes the numbers of requests
	dir    string
	stderr head
	walls  wire.Walls
	// key tells what the process has ready: the last statement's tables.
	key string
	// number is that of the last request.
	number atomic.Uint32
	// since is when the process became idle, memory what it used then.
	since  time.Time
	memory int64

	exited chan struct{} // closed once it has, and its files are gone
	state  *os.ProcessState

	mu     sync.Mutex
	reason string // why it was ended; "" if it was not
}

// program is this program itself, even if its file was replaced.
func program() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

// launch starts a process, which is ready when it has answered greet. The
// thread that calls it has to live as long as the process.
func launch(root string) (*process, error) {
	name, err := program()
	if err != nil {
		return nil, err
	}
	p := &process{exited: make(chan struct{})}
	if p.dir, err = os.MkdirTemp(root, "process-"); err != nil {
		return nil, err
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	defer func() { _ = theirs.Close() }() // the process has its own
	p.conn = wire.NewConn(ours)
	given, giveUp, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, p.conn.Close(), os.RemoveAll(p.dir))
	}
	defer func() { _ = given.Close() }()
	p.giveUp = giveUp
	p.cmd = &exec.Cmd{
		Path: name, Args: []string{os.Args[0], wire.Argument}, Dir: p.dir, Env: environment(),
		Stdin: theirs, ExtraFiles: []*os.File{wire.GiveUp - 3: given}, Stderr: &p.stderr, SysProcAttr: attributes(), WaitDelay: time.Second,
	}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, p.hangUp(), os.RemoveAll(p.dir))
	}
	yield(p.cmd.Process.Pid, niceness)
	return p, nil
}

// environment is what a process may know of the service's.
func environment() []string {
	var out []string
	for _, name := range []string{"LD_LIBRARY_PATH", "GOCOVERDIR", "GOMAXPROCS"} {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// socketPair returns two ends of a socket that no other program inherits.
func socketPair() (ours net.Conn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	mine := os.NewFile(uintptr(fds[0]), "engine")
	theirs = os.NewFile(uintptr(fds[1]), "engine")
	ours, err = net.FileConn(mine)
	if err = errors.Join(err, mine.Close()); err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// greet sets the process up and waits for its answer.
func (p *process) greet(s wire.Setup) error {
	late := time.AfterFunc(startTime, func() { p.end("start") })
	defer late.Stop()
	s.TempDir = p.dir
	if err := p.conn.SendJSON(wire.Hello, 0, s); err != nil {
		return err
	}
	f, err := p.conn.Receive()
	if err != nil {
		<-p.exited
		return p.crash()
	}
	if f.Kind != wire.Ready {
		return fmt.Errorf("engine: a frame of kind %d in the place of a greeting", f.Kind)
	}
	return f.JSON(&p.walls)
}

// wait waits for the process to end and removes its files.
func (p *process) wait() {
	_ = p.cmd.Wait() // the state tells more
	p.state = p.cmd.ProcessState
	_ = p.hangUp()
	_ = os.RemoveAll(p.dir) // with the pool's directory, if it fails
	close(p.exited)
}

// end kills the process; the first reason counts.
func (p *process) end(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == "" {
		p.reason = reason
		_ = p.cmd.Process.Kill() // or it has ended
	}
}

// cancel has the process give up a request. It does not wait: a process is told so
// once in a statement, and is killed if it doesn't listen.
func (p *process) cancel(number uint32) {
	_, _ = p.giveUp.Write(binary.LittleEndian.AppendUint32(nil, number)) // or it has ended
}

func (p *process) hangUp() error { return errors.Join(p.conn.Close(), p.giveUp.Close()) }

// stop lets the process end by itself: it does when its socket is closed.
func (p *process) stop() {
	p.mu.Lock()
	if p.reason == "" {
		p.reason = "stopped"
	}
	p.mu.Unlock()
	_ = p.hangUp()
}

// why gives the reason of the process's end.
func (p *process) why() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason != "" && p.reason != "crash" {
		return p.reason
	}
	for _, sign := range []string{"bad_alloc", "cannot allocate memory", "out of memory"} {
		if strings.Contains(p.stderr.first(), sign) {
			return "memory" // the kernel's bound
		}
	}
	return "crash"
}

// crash says how the process ended, for the log; call it after that.
func (p *process) crash() error {
	return fmt.Errorf("engine process: %v %s", p.state, p.stderr.told())
}

// dead reports whether the process, which has no request, has ended or is about to:
// between the order to kill it and its end it still answers.
func (p *process) dead() bool {
	p.mu.Lock()
	ending := p.reason != ""
	p.mu.Unlock()
	return ending || p.conn.Ended()
}

// used gives the process's own memory in bytes, 0 if it can't be told.
func (p *process) used() int64 {
	if p.cmd.Process == nil {
		return 0
	}
	return ownMemory(p.cmd.Process.Pid)
}
