package pgwire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/pgwire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// answers are what a desk answers to statements, by their text. A parameter
// stands in it as its value does after SELECT.
type answers map[string]func(ctx context.Context, s query.Statement) (*query.Answer, error)

// desk is a session that answers from memory.
type desk struct {
	answers answers
	// password is what callers must give; "" for none.
	password string

	mu     sync.Mutex
	begun  []string // statements, with the schema before them
	open   int      // requests that have not ended
	paused int
	ends   []error
}

func (d *desk) signIn(_ context.Context, l pgwire.Login) (pgwire.Session, error) {
	if l.Password != d.password {
		return nil, gwerr.New(gwerr.Unauthenticated, "The credentials are not valid.", "")
	}
	if l.Database == "nowhere" {
		return nil, gwerr.New(gwerr.NotFound, "There is no such connection.", "")
	}
	return d, nil
}

func (d *desk) Database() string { return "library" }

func (d *desk) Begin(ctx context.Context, schema, statement string) (context.Context, pgwire.Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if statement == "SELECT refused" {
		return ctx, nil, gwerr.New(gwerr.TooManyRequests, "Too many of your requests are running.", "")
	}
	if statement != "" {
		d.begun = append(d.begun, schema+":"+statement)
	}
	d.open++
	return ctx, &request{d}, nil
}

// request is a statement at a desk.
type request struct{ *desk }

func (r *request) SQL(ctx context.Context, s query.Statement) (*query.Answer, error) {
	f := r.answers[s.SQL]
	if f == nil {
		return nil, gwerr.New(gwerr.UnknownTable, "There is no such table.", "").At(strings.Index(s.SQL, "nope"))
	}
	return f(ctx, s)
}

func (r *request) Columns(ctx context.Context, s query.Statement) ([]query.Column, error) {
	for text, f := range r.answers {
		i := strings.Index(text, "$1")
		if text != s.SQL && (i < 0 || !strings.HasPrefix(s.SQL, text[:i])) {
			continue
		}
		a, err := f(ctx, query.Statement{SQL: s.SQL, Positional: []query.Parameter{{Null: true}}})
		if err != nil {
			return nil, err
		}
		a.Rows.Close()
		return a.Columns, nil
	}
	return nil, gwerr.New(gwerr.UnknownTable, "There is no such table.", "").At(strings.Index(s.SQL, "nope"))
}

func (r *request) Pause() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused++
}

func (r *request) Resume(context.Context) error { return nil }

func (r *request) End(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	r.ends = append(r.ends, err)
}

// What follows shows the schema Town, with a table.

func (r *request) Default() string { return "Town" }

func (r *request) Names(context.Context) ([]catalog.SchemaName, error) {
	return []catalog.SchemaName{{Name: "Town"}, {Name: "Country"}}, nil
}

func (r *request) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	if !strings.EqualFold(name, "Town") && !strings.EqualFold(name, "Country") {
		return nil, gwerr.Newf(gwerr.UnknownSchema, "There is no schema named %q.", name)
	}
	return &catalog.Schema{Name: name, Tables: []*catalog.Table{{Name: "Books", Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true}, {Name: "Title", Type: catalog.String}, {Name: "Pages", Type: catalog.Int32}, {Name: "Tags", Type: catalog.StringList},
	}}}}, nil
}

// serve runs a server for the desk until the test ends, and gives its address.
func serve(t testing.TB, d *desk, change func(*pgwire.Config)) (*pgwire.Server, string) {
	t.Helper()
	cfg := pgwire.Config{SignIn: d.signIn, Passwords: d.password != ""}
	if change != nil {
		change(&cfg)
	}
	s := pgwire.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.open != 0 {
			t.Errorf("%d requests have not ended", d.open)
		}
	})
	return s, l.Addr().String()
}

// dial connects pgx to the server.
func dial(t *testing.T, address string, options ...func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig("postgres://anna:right@" + address + "/library?sslmode=disable")
	require.NoError(t, err)
	for _, o := range options {
		o(cfg)
	}
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// simple makes pgx use the simple protocol.
func simple(c *pgx.ConnConfig) { c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol }

// answer gives rows of Arrow's JSON form.
func answer(columns []query.Column, types []arrow.DataType, rows string) func(context.Context, query.Statement) (*query.Answer, error) {
	return func(context.Context, query.Statement) (*query.Answer, error) {
		return &query.Answer{Columns: columns, Rows: scan.RowsOf(record(columns, types, rows))}, nil
	}
}

func record(columns []query.Column, types []arrow.DataType, rows string) arrow.RecordBatch {
	fields := make([]arrow.Field, len(columns))
	for i := range fields {
		fields[i] = arrow.Field{Name: columns[i].Name, Type: types[i], Nullable: true}
	}
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		panic(err)
	}
	return rec
}

// counting gives the numbers from 1 on, in batches of 10 rows.
type counting struct {
	to, at int
	// stop is where Next waits until its context ends; 0 for nowhere.
	stop    int
	waiting func()
	closed  func()
	once    sync.Once
}

func (c *counting) Schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int32}}, nil)
}

func (c *counting) Next(ctx context.Context) (scan.Batch, error) {
	if c.at >= c.to {
		return scan.Batch{}, io.EOF
	}
	if c.stop > 0 && c.at >= c.stop {
		c.once.Do(c.waiting)
		<-ctx.Done()
		return scan.Batch{}, ctx.Err()
	}
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, `{"n":%d}`+"\n", c.at+i+1)
	}
	c.at += 10
	rows := "[" + strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", ",") + "]"
	return scan.Batch{Record: record(numbers, []arrow.DataType{arrow.PrimitiveTypes.Int32}, rows)}, nil
}

func (c *counting) Close() {
	if c.closed != nil {
		c.closed()
	}
}

var numbers = []query.Column{{Name: "n", Type: catalog.Int32}}

// count answers the numbers up to n.
func count(n int) func(context.Context, query.Statement) (*query.Answer, error) {
	return func(context.Context, query.Statement) (*query.Answer, error) {
		return &query.Answer{Columns: numbers, Rows: &counting{to: n}}, nil
	}
}

// pgError is the error as the server sent it.
func pgError(t *testing.T, err error) *pgconn.PgError {
	t.Helper()
	var e *pgconn.PgError
	require.ErrorAs(t, err, &e)
	return e
}
