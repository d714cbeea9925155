package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/peterh/liner"
	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/sqlshell"
)

// isTerminal tells whether a stream is a terminal's.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// shell runs statements of a person, or of a script on standard input. end clears
// what is shown of a query's progress.
func (f *sqlFlags) shell(ctx context.Context, cmd *cobra.Command, end func()) error {
	c := sqlshell.Config{
		Client: &f.client, Out: &clearing{cmd.OutOrStdout(), end}, Err: &clearing{cmd.ErrOrStderr(), end},
		Create: func(name string) (sqlshell.File, error) { return createWhole(name) },
	}
	if !isTerminal(cmd.InOrStdin()) || !isTerminal(cmd.OutOrStdout()) {
		c.In = &script{bufio.NewScanner(cmd.InOrStdin())}
		return sqlshell.New(c).Run(ctx)
	}
	signal.Reset(syscall.SIGTERM) // which ends a shell that waits for a line
	ctx = context.WithoutCancel(ctx)
	keys := newKeyboard()
	defer keys.close()
	c.In, c.Interactive, c.Interrupted = keys, true, interruptible
	c.Page = func(ctx context.Context, text string) error { end(); return page(ctx, text) }
	s := sqlshell.New(c)
	keys.state.SetWordCompleter(func(line string, pos int) (string, []string, string) {
		at := len(string([]rune(line)[:pos]))
		return s.Complete(ctx, line, at)
	})
	return s.Run(ctx)
}

// clearing writes behind what was shown of a query's progress.
type clearing struct {
	io.Writer
	end func()
}

// Write implements io.Writer.
func (c *clearing) Write(p []byte) (int, error) {
	c.end()
	return c.Writer.Write(p)
}

// script reads statements that nobody types.
type script struct{ lines *bufio.Scanner }

// Line implements sqlshell.Reader.
func (s *script) Line(string) (string, error) {
	if s.lines.Scan() {
		return s.lines.Text(), nil
	}
	if err := s.lines.Err(); err != nil {
		return "", err
	}
	return "", io.EOF
}

// Remember implements sqlshell.Reader.
func (*script) Remember(string) {}

// keyboard reads lines that a person types.
type keyboard struct {
	state   *liner.State
	history string // its file, "" for none
}

func newKeyboard() *keyboard {
	k := &keyboard{state: liner.NewLiner()}
	k.state.SetCtrlCAborts(true)
	k.state.SetTabCompletionStyle(liner.TabPrints)
	if home, err := os.UserConfigDir(); err == nil {
		k.history = filepath.Join(home, "pingone-gateway", "sql_history")
		if f, err := os.Open(k.history); err == nil {
			_, _ = k.state.ReadHistory(f) // what can't be read is not remembered
			_ = f.Close()
		}
	}
	return k
}

// Line implements sqlshell.Reader.
func (k *keyboard) Line(prompt string) (string, error) {
	line, err := k.state.Prompt(prompt)
	if errors.Is(err, liner.ErrPromptAborted) {
		return "", sqlshell.ErrInterrupted
	}
	return line, err
}

// Remember implements sqlshell.Reader.
func (k *keyboard) Remember(statement string) {
	k.state.AppendHistory(strings.Join(strings.Fields(statement), " "))
}

// close gives the terminal back, and keeps the history for the user alone.
func (k *keyboard) close() {
	_ = k.state.Close()
	if k.history == "" || os.MkdirAll(filepath.Dir(k.history), 0o700) != nil {
		return
	}
	if f, err := os.OpenFile(k.history, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err == nil {
		_, _ = k.state.WriteHistory(f) // a history is no reason to fail
		_ = f.Close()
	}
}

// page shows a text by the user's pager, or less, which ends at once where the
// text fits the screen; without either as it is.
func page(ctx context.Context, text string) error {
	command := os.Getenv("PAGER")
	if command == "" {
		if _, err := exec.LookPath("less"); err == nil {
			command = "less -SFX"
		}
	}
	if command == "" {
		_, err := io.WriteString(os.Stdout, text)
		return err
	}
	c := exec.CommandContext(context.WithoutCancel(ctx), "sh", "-c", command) //nolint:gosec // the user's own
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(text), os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		return gwerr.Wrap(gwerr.BadRequest, err, "The pager "+command+" failed.", `Set PAGER, or use \pager off.`)
	}
	return nil
}

// wholeFile has its name once it is closed; until then, and where its answer
// breaks off, there is none of that name.
type wholeFile struct {
	*os.File
	name string
}

func createWhole(name string) (*wholeFile, error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, gwerr.Wrap(gwerr.BadRequest, err, "The file "+name+" can't be written.", "Name another one.")
	}
	return &wholeFile{f, name}, nil
}

// Close implements io.Closer.
func (w *wholeFile) Close() error {
	err := w.File.Close()
	if err == nil {
		err = os.Rename(w.File.Name(), w.name)
	}
	if err != nil {
		_ = os.Remove(w.File.Name())
		return gwerr.Wrap(gwerr.BadRequest, err, "The file "+w.name+" can't be written.", "Name another one.")
	}
	return nil
}

// Abandon implements sqlshell.File.
func (w *wholeFile) Abandon() {
	_ = w.File.Close()
	_ = os.Remove(w.File.Name())
}
