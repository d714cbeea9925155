package sqlshell

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
)

// commands of the shell, for \? and completion.
var commands = []struct{ name, argument, does string }{
	{"d", "[table]", "list the tables, or describe one"},
	{"dt", "", "list the tables"},
	{"explain", "statement", "show the plan of a statement without running it"},
	{"timing", "[on|off]", "tell how long statements take"},
	{"format", "[" + strings.Join(sqlclient.Formats, "|") + "]", "the form of answers"},
	{"pager", "[on|off]", "show long tables page by page"},
	{"o", "file", "write the next answer to a file"},
	{"c", "[connection]", "ask another connection"},
	{"q", "", "quit"},
	{"?", "", "this list"},
}

// command runs a command, without its backslash.
func (s *Shell) command(ctx context.Context, text string) error {
	name, argument, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(text), ";"), " ")
	argument = strings.TrimSpace(argument)
	switch name {
	case "q":
		return errQuit
	case "?":
		for _, c := range commands {
			fmt.Fprintf(s.config.Err, "  %-44s %s\n", strings.TrimSpace(`\`+c.name+" "+c.argument), c.does)
		}
	case "d", "dt":
		return s.describe(ctx, argument)
	case "explain":
		return s.query(ctx, argument, true)
	case "timing":
		return s.toggle("Timing", &s.timing, argument)
	case "pager":
		return s.toggle("The pager", &s.pages, argument)
	case "format":
		return s.format(argument)
	case "o":
		s.into = argument
	case "c":
		s.config.Client.Connection, s.names = argument, nil
	default:
		return gwerr.Newf(gwerr.BadRequest, `There is no command \%s.`, name).WithHint(`\? lists the commands.`)
	}
	return nil
}

// describe lists tables, or the columns of one, as a table whatever the format.
func (s *Shell) describe(ctx context.Context, table string) error {
	statement := "SHOW TABLES"
	if table != "" {
		statement = "DESCRIBE " + table
	}
	before := s.config.Client.Format
	s.config.Client.Format = "table"
	defer func() { s.config.Client.Format = before }()
	return s.query(ctx, statement, false)
}

func (s *Shell) toggle(what string, flag *bool, argument string) error {
	switch argument {
	case "":
		*flag = !*flag
	case "on", "off":
		*flag = argument == "on"
	default:
		return gwerr.Newf(gwerr.BadRequest, "%s is on or off, not %s.", what, argument)
	}
	fmt.Fprintf(s.config.Err, "%s is %s.\n", what, map[bool]string{true: "on", false: "off"}[*flag])
	return nil
}

func (s *Shell) format(name string) error {
	if name != "" && !slices.Contains(sqlclient.Formats, name) {
		return gwerr.Newf(gwerr.BadRequest, "Format %q is not known.", name).WithHint("Use " + strings.Join(sqlclient.Formats, ", ") + ".")
	}
	if name != "" {
		s.config.Client.Format = name
	}
	fmt.Fprintf(s.config.Err, "Answers are %s.\n", s.config.Client.Format)
	return nil
}
