// Package sqlshell is the interactive shell of `gateway sql`: it reads statements
// and commands from a person, or from a script, and writes what the gateway
// answers. It knows neither terminals nor signals; who starts it does.
package sqlshell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
)

// ErrInterrupted is what a Reader returns when its user gave up a line.
var ErrInterrupted = errors.New("interrupted")

// Reader gives lines.
type Reader interface {
	// Line returns the next line, io.EOF behind the last one.
	Line(prompt string) (string, error)
	// Remember keeps a statement for the user's next sessions.
	Remember(statement string)
}

// File is a file that is there once it is closed.
type File interface {
	io.WriteCloser
	// Abandon leaves no file.
	Abandon()
}

// Config holds what a shell needs.
type Config struct {
	Client *sqlclient.Client
	In     Reader
	// Out gets answers, Err everything else.
	Out, Err io.Writer
	// Interactive is true where a person types: errors don't end the shell then.
	Interactive bool
	// Page shows a long text; nil writes it to Out.
	Page func(ctx context.Context, text string) error
	// Interrupted gives a context that ends when the user interrupts a query, and
	// what to call behind it; nil for none.
	Interrupted func(ctx context.Context) (context.Context, context.CancelFunc)
	// Create makes a file for an answer.
	Create func(name string) (File, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Shell is one session.
type Shell struct {
	config Config
	timing bool
	pages  bool
	into   string // the file for the next answer
	names  *names
}

// New returns a shell.
func New(c Config) *Shell {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Interrupted == nil {
		c.Interrupted = context.WithCancel
	}
	return &Shell{config: c, pages: true}
}

var errQuit = errors.New("quit")

// Run reads statements until their end. Its error is that of the statement that
// failed, where nobody is there to go on.
func (s *Shell) Run(ctx context.Context) error {
	if s.config.Interactive {
		fmt.Fprintln(s.config.Err, `Statements end with ;. \? lists the commands, Ctrl-D quits.`)
	}
	for text := ""; ; {
		line, err := s.config.In.Line(s.prompt(text))
		switch {
		case errors.Is(err, ErrInterrupted):
			text = ""
			continue
		case errors.Is(err, io.EOF):
			if s.config.Interactive {
				fmt.Fprintln(s.config.Err)
				return nil
			}
			return s.script(ctx, text)
		case err != nil:
			return err
		}
		if text == "" && strings.TrimSpace(line) == "" {
			continue
		}
		text += line + "\n"
		if text, err = s.take(ctx, text); errors.Is(err, errQuit) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// script runs what is left at the end of a script.
func (s *Shell) script(ctx context.Context, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return s.query(ctx, text, false)
}

// take runs what is whole of a text, and returns the rest. Errors are those that
// end the shell.
func (s *Shell) take(ctx context.Context, text string) (rest string, err error) {
	if command, ok := strings.CutPrefix(strings.TrimSpace(text), `\`); ok {
		s.config.In.Remember(`\` + command)
		return "", s.failed(s.command(ctx, command))
	}
	for {
		statement, rest, found := cutStatement(text)
		if !found {
			return text, nil
		}
		if text = rest; strings.TrimSpace(statement) == "" {
			continue
		}
		if !secret(statement) {
			s.config.In.Remember(strings.TrimSpace(statement) + ";")
		}
		if err := s.failed(s.query(ctx, statement, false)); err != nil {
			return "", err
		}
		if strings.TrimSpace(text) == "" {
			return "", nil
		}
	}
}

// failed tells a person about an error, and goes on.
func (s *Shell) failed(err error) error {
	if err == nil || errors.Is(err, errQuit) || !s.config.Interactive {
		return err
	}
	fmt.Fprintln(s.config.Err, "error:", err)
	return nil
}

func (s *Shell) prompt(text string) string {
	name := s.config.Client.Connection
	if name == "" {
		name = "gateway"
	}
	if text != "" {
		return name + "-> "
	}
	return name + "=> "
}

// query runs a statement and shows its answer.
func (s *Shell) query(ctx context.Context, statement string, explain bool) error {
	client := *s.config.Client
	client.Explain = explain
	began := s.config.Now()
	ctx, stop := s.config.Interrupted(ctx)
	defer stop()
	if err := s.show(ctx, &client, statement); err != nil {
		return err
	}
	if s.timing {
		fmt.Fprintf(s.config.Err, "Time: %s\n", s.config.Now().Sub(began).Round(time.Millisecond))
	}
	return nil
}

// show writes an answer to the file, the pager or the output.
func (s *Shell) show(ctx context.Context, client *sqlclient.Client, statement string) error {
	switch {
	case s.into != "":
		name := s.into
		s.into = ""
		out, err := s.config.Create(name)
		if err != nil {
			return err
		}
		if err := client.Run(ctx, statement, out); err != nil {
			out.Abandon()
			return err
		}
		return out.Close()
	case sqlclient.Binary(client.Format) && !client.Explain:
		return gwerr.Newf(gwerr.BadRequest, "%s is not a format for a terminal.", client.Format).WithHint(`Name a file before: \o rows.` + client.Format)
	case s.pages && s.config.Page != nil && (client.Format == "table" || client.Explain):
		var text strings.Builder
		if err := client.Run(ctx, statement, &text); err != nil {
			return err
		}
		return s.config.Page(ctx, text.String())
	}
	return client.Run(ctx, statement, s.config.Out)
}

// secret tells statements that may hold passwords or tokens.
func secret(statement string) bool {
	word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(statement))+" ", " ")
	return word == "CALL" || word == "EXECUTE" || word == "EXEC"
}

// cutStatement divides a text behind its first semicolon outside of quotes and
// comments.
func cutStatement(text string) (statement, rest string, found bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ';':
			return text[:i], text[i+1:], true
		case c == '\'' || c == '"' || c == '`':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return "", text, false
			}
			i += 1 + end
		case strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return "", text, false
			}
			i += end
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return "", text, false
			}
			i += 3 + end
		}
	}
	return "", text, false
}
