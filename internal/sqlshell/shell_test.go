package sqlshell_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
	"github.com/pingone-gateway/gateway/internal/sqlshell"
)

// typist types lines; "^C" gives up a line.
type typist struct {
	lines      []string
	prompts    []string
	remembered []string
}

func (t *typist) Line(prompt string) (string, error) {
	t.prompts = append(t.prompts, prompt)
	if len(t.lines) == 0 {
		return "", io.EOF
	}
	line := t.lines[0]
	t.lines = t.lines[1:]
	if line == "^C" {
		return "", sqlshell.ErrInterrupted
	}
	return line, nil
}

func (t *typist) Remember(statement string) { t.remembered = append(t.remembered, statement) }

// file is one in memory.
type file struct {
	strings.Builder
	closed, abandoned bool
}

func (f *file) Close() error { f.closed = true; return nil }
func (f *file) Abandon()     { f.abandoned = true }

// session is a shell over a gateway that answers each statement by its text.
type session struct {
	typist   typist
	out, err strings.Builder
	asked    []string // what the gateway got
	paged    []string
	files    map[string]*file
	config   sqlshell.Config
}

func newSession(lines ...string) *session {
	s := &session{typist: typist{lines: lines}, files: map[string]*file{}}
	s.config = sqlshell.Config{
		Client: &sqlclient.Client{Server: "http://gateway", Format: "csv", HTTP: &http.Client{Transport: sqlclient.InProcess{Handler: http.HandlerFunc(s.serve), Sink: observe.Discard}}},
		In:     &s.typist, Out: &s.out, Err: &s.err, Interactive: true,
		Create: func(name string) (sqlshell.File, error) { s.files[name] = &file{}; return s.files[name], nil },
		Now:    func() time.Time { return time.Unix(0, 0) },
	}
	return s
}

func (s *session) serve(w http.ResponseWriter, r *http.Request) {
	var body struct{ Query, Connection string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	s.asked = append(s.asked, strings.TrimSpace(strings.TrimPrefix(r.URL.Path, "/sql")+" "+body.Connection+" "+strings.Join(strings.Fields(body.Query), " ")))
	switch {
	case strings.Contains(body.Query, "bad"):
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error": {"code": "unknown_column", "message": "There is no column bad."}}`)
	case strings.Contains(body.Query, "broken"):
		_, _ = io.WriteString(w, "a")
		panic(http.ErrAbortHandler)
	case strings.Contains(body.Query, "information_schema"):
		_, _ = io.WriteString(w, `{"columns": [], "rows": [["Groups", "Name"], ["Users", "Id"], ["Users", "Username"]]}`)
	case r.URL.Query().Get("format") == "json":
		_, _ = io.WriteString(w, `{"columns": [{"name": "A"}], "rows": [["x"]]}`)
	default:
		fmt.Fprintf(w, "<%s>", strings.TrimSpace(body.Query))
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		asked []string
	}{
		"one line":                 {[]string{"SELECT 1;"}, []string{"SELECT 1"}},
		"several lines":            {[]string{"SELECT", "", "1", ";"}, []string{"SELECT 1"}},
		"two on a line":            {[]string{"SELECT 1; SELECT 2;"}, []string{"SELECT 1", "SELECT 2"}},
		"one and a half":           {[]string{"SELECT 1; SELECT", "2;"}, []string{"SELECT 1", "SELECT 2"}},
		"a semicolon in quotes":    {[]string{`SELECT ';', ";", 'it''s;';`}, []string{`SELECT ';', ";", 'it''s;'`}},
		"a semicolon in a comment": {[]string{"SELECT -- a; b", "1 /* ; */;"}, []string{"SELECT -- a; b 1 /* ; */"}},
		"an open quote":            {[]string{"SELECT 'a;", "b';"}, []string{"SELECT 'a; b'"}},
		"given up":                 {[]string{"SELECT", "^C", "SELECT 2;"}, []string{"SELECT 2"}},
		"never ended":              {[]string{"SELECT 1"}, nil},
		"nothing":                  {[]string{"", ";", " ;; "}, nil},
		"behind an error":          {[]string{"SELECT bad;", "SELECT 2;"}, []string{"SELECT bad", "SELECT 2"}},
		"behind the end":           {[]string{`\q`, "SELECT 2;"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(c.lines...)
			require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
			assert.Equal(t, c.asked, s.asked)
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines          []string
		asked          []string
		out, err, last string // what is said, and the last prompt
	}{
		"tables":              {[]string{`\dt`}, []string{"SHOW TABLES"}, "A\n-\nx\n(1 rows)\n", "", "gateway=> "},
		"a table":             {[]string{`\d Users;`}, []string{"DESCRIBE Users"}, "(1 rows)", "", "gateway=> "},
		"a plan":              {[]string{`\explain SELECT 1`}, []string{"/explain  SELECT 1"}, "<SELECT 1>", "", "gateway=> "},
		"timing":              {[]string{`\timing`, "SELECT 1;"}, []string{"SELECT 1"}, "", "Timing is on.\nTime: 0s\n", "gateway=> "},
		"timing off":          {[]string{`\timing`, `\timing off`}, nil, "", "Timing is off.", "gateway=> "},
		"timing what":         {[]string{`\timing x`}, nil, "", "on or off, not x", "gateway=> "},
		"a format":            {[]string{`\format table`, "SELECT 1;"}, []string{"SELECT 1"}, "(1 rows)", "Answers are table.", "gateway=> "},
		"no format":           {[]string{`\format x`}, nil, "", `Format "x" is not known.`, "gateway=> "},
		"a binary format":     {[]string{`\format xlsx`, "SELECT 1;"}, nil, "", `\o rows.xlsx`, "gateway=> "},
		"another connection":  {[]string{`\c other`, "SELECT 1;"}, []string{"other SELECT 1"}, "<SELECT 1>", "", "other=> "},
		"help":                {[]string{`\?`}, nil, "", `\explain statement`, "gateway=> "},
		"no command":          {[]string{`\x`}, nil, "", `There is no command \x.`, "gateway=> "},
		"an error":            {[]string{"SELECT bad;"}, []string{"SELECT bad"}, "", "error: There is no column bad.", "gateway=> "},
		"within a statement":  {[]string{"SELECT"}, nil, "", "", "gateway-> "},
		"an answer that ends": {[]string{"SELECT broken;"}, []string{"SELECT broken"}, "a", "rows are missing", "gateway=> "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(c.lines...)
			require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
			assert.Equal(t, c.asked, s.asked)
			assert.Contains(t, s.out.String(), c.out)
			assert.Contains(t, s.err.String(), c.err)
			assert.Equal(t, c.last, s.typist.prompts[len(s.typist.prompts)-1])
		})
	}
}

func TestAnswersInFiles(t *testing.T) {
	t.Parallel()
	s := newSession(`\o a.csv`, "SELECT 1;", "SELECT 2;", `\o b.csv`, "SELECT broken;")
	require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
	assert.Equal(t, "<SELECT 1>", s.files["a.csv"].String())
	assert.True(t, s.files["a.csv"].closed)
	assert.Equal(t, "<SELECT 2>", s.out.String(), "only the next answer goes there")
	assert.True(t, s.files["b.csv"].abandoned && !s.files["b.csv"].closed, "a broken answer leaves no file")
}

func TestTablesArePaged(t *testing.T) {
	t.Parallel()
	s := newSession(`\format table`, "SELECT 1;", `\pager off`, "SELECT 2;")
	s.config.Page = func(_ context.Context, text string) error { s.paged = append(s.paged, text); return nil }
	require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
	assert.Len(t, s.paged, 1)
	assert.Contains(t, s.out.String(), "(1 rows)")
}

// A script ends with its first error, and needs no semicolon at its end.
func TestScripts(t *testing.T) {
	t.Parallel()
	s := newSession("SELECT 1;", "SELECT 2")
	s.config.Interactive = false
	require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
	assert.Equal(t, "<SELECT 1><SELECT 2>", s.out.String())
	assert.Empty(t, s.err.String())
	s = newSession("SELECT bad;", "SELECT 2;")
	s.config.Interactive = false
	err := sqlshell.New(s.config).Run(t.Context())
	assert.True(t, gwerr.Is(err, gwerr.UnknownColumn), "%v", err)
	assert.Len(t, s.asked, 1)
}

func TestSecretsAreNotRemembered(t *testing.T) {
	t.Parallel()
	s := newSession("SELECT 1;", "CALL SetPassword('x');", "execute p 'y';", `\dt`)
	require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
	assert.Equal(t, []string{"SELECT 1;", `\dt`}, s.typist.remembered)
}

// An interrupted query ends, and the shell goes on.
func TestAnInterruptedQuery(t *testing.T) {
	t.Parallel()
	s := newSession("SELECT 1;", "SELECT 2;")
	first := true
	s.config.Interrupted = func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		if first {
			cancel()
		}
		first = false
		return ctx, cancel
	}
	s.config.Client.HTTP.Transport = afterCancel{s.config.Client.HTTP.Transport}
	require.NoError(t, sqlshell.New(s.config).Run(t.Context()))
	assert.Contains(t, s.err.String(), "error: The query was cancelled.")
	assert.Equal(t, "<SELECT 2>", s.out.String())
}

// afterCancel answers no query until its end is asked for, of the first one.
type afterCancel struct{ next http.RoundTripper }

var errGone = errors.New("gone")

func (a afterCancel) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		return nil, errGone // the connection is cut then
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(raw), "SELECT 1") {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	r.Body = io.NopCloser(strings.NewReader(string(raw)))
	return a.next.RoundTrip(r)
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"SELECT user":              "SELECT  [Users Username] ",
		"sel":                      " [SELECT] ",
		"SELECT Users.":            "SELECT  [Users.Id Users.Username] ",
		"SELECT us|, 1 FROM Users": "SELECT  [Users Username USING] , 1 FROM Users",
		`\form`:                    ` [\format] `,
		`\format par`:              `\format  [parquet] `,
		"SELECT xyz":               "SELECT  [] ",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			pos := strings.IndexByte(line, '|')
			if pos < 0 {
				pos = len(line)
			}
			s := newSession()
			head, words, tail := sqlshell.New(s.config).Complete(t.Context(), strings.Replace(line, "|", "", 1), pos)
			assert.Equal(t, want, fmt.Sprint(head, " ", words, " ", tail))
		})
	}
	s := newSession()
	shell := sqlshell.New(s.config)
	shell.Complete(t.Context(), "U", 1)
	shell.Complete(t.Context(), "Us", 2)
	assert.Len(t, s.asked, 1, "names are read once")
}
