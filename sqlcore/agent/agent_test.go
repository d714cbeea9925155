package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/agent"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// people is a schema of three tables, of which one is out of sight.
func people() *catalog.Schema {
	team := &catalog.Reference{Table: "Teams", Column: "Id"}
	hidden := &catalog.Reference{Table: "Secrets", Column: "Id"}
	return &catalog.Schema{Name: "Main", ID: "1", Tables: []*catalog.Table{
		{Name: "People", Doc: "Persons.", Permission: "Read users", Examples: []string{"SELECT 1"}, Columns: []catalog.Column{
			{Name: "Id", Type: catalog.GUID, Key: true, Doc: "Identifier."},
			{Name: "TeamId", References: team},
			{Name: "SecretId", References: hidden},
			{Name: "Kind", Values: []string{"EMPLOYEE", "GUEST"}},
		}},
		{Name: "Teams", Doc: "Groups of persons.", Columns: []catalog.Column{{Name: "Id", Key: true}, {Name: "EmailAddress"}}},
	}}
}

// gateway is a Request, and what a test wants of it.
type gateway struct {
	schema *catalog.Schema
	// rows are those of every statement; ways those of sys_accesspaths.
	rows, ways []string
	bound      []string
	binding    func(ctx context.Context, sql string) error
	planning   error
	limit      int64
	// refusal is what Begin answers.
	refusal error

	schemas []catalog.SchemaName
	notes   []string
	// ended is closed at the end of the request.
	ended chan struct{}

	store       *reading.Store
	opened      int
	sent        int64
	statements  []string
	connections []string
	ends        []error

	mu     sync.Mutex
	events []observe.Event
}

func (g *gateway) begin(ctx context.Context, connection, statement string) (context.Context, agent.Request, error) {
	if g.refusal != nil {
		return ctx, nil, g.refusal
	}
	g.connections, g.statements = append(g.connections, connection), append(g.statements, statement)
	return ctx, g, nil
}

func (g *gateway) Observe(_ context.Context, e observe.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, e)
}

func (g *gateway) Names(context.Context) ([]catalog.SchemaName, error) {
	return append([]catalog.SchemaName{{Name: g.schema.Name}}, g.schemas...), nil
}

func (g *gateway) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	if !strings.EqualFold(name, g.schema.Name) {
		return nil, catalog.NoSchema(name, []catalog.SchemaName{{Name: g.schema.Name}})
	}
	return g.schema, nil
}

func (g *gateway) Default() string { return g.schema.Name }

func (g *gateway) Bind(ctx context.Context, s query.Statement) (*query.Query, error) {
	g.bound = append(g.bound, s.SQL)
	if strings.Contains(s.SQL, "sys_accesspaths") {
		return &query.Query{SQL: s.SQL, Columns: []query.Column{{Name: "way"}}}, nil
	}
	if g.binding != nil {
		if err := g.binding(ctx, s.SQL); err != nil {
			return nil, err
		}
	}
	return &query.Query{SQL: s.SQL, Columns: []query.Column{{Name: "Name", Type: catalog.String}}}, nil
}

func (g *gateway) Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (reading.Rows, error) {
	rows := g.rows
	if strings.Contains(q.SQL, "sys_accesspaths") {
		rows = g.ways
	}
	return g.store.Page(ctx, reading.Target{Scope: func() string { return q.SQL }, Caller: "c", Key: key, Open: func(context.Context, reading.Start) (reading.Stream, error) {
		g.opened++
		schema := arrow.NewSchema([]arrow.Field{{Name: "Name", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
		var values [][]any
		for _, r := range rows {
			values = append(values, []any{r})
		}
		rec, err := cell.Record(schema, values)
		if err != nil {
			return reading.Stream{}, err
		}
		return reading.Stream{Rows: scan.RowsOf(rec), Ordered: true}, nil
	}}, w)
}

func (g *gateway) Plan(context.Context, *query.Query) ([]string, error) {
	if g.planning != nil {
		return nil, g.planning
	}
	return []string{"Scan Main.People by path list", "  columns: Id, Kind", "  estimate: calls 3, rows 500"}, nil
}

func (g *gateway) Returned(n int64) error {
	if g.sent += n; g.limit > 0 && g.sent > g.limit {
		return gwerr.New(gwerr.LimitExceeded, "Too many rows.", "Narrow the query.")
	}
	return nil
}

func (g *gateway) Notes() []string { return g.notes }

func (g *gateway) End(err error) {
	g.ends = append(g.ends, err)
	if g.ended != nil {
		close(g.ended)
	}
}

// numbered are so many rows.
func numbered(n int) (rows []string) {
	for i := range n {
		rows = append(rows, fmt.Sprintf("row %d", i))
	}
	return rows
}

// server serves the gateway over HTTP until the test ends.
func server(t *testing.T, g *gateway) *httptest.Server {
	t.Helper()
	if g.schema == nil {
		g.schema = people()
	}
	g.store = reading.NewStore(reading.Options{Sink: observe.Discard})
	s := agent.New(agent.Config{Version: "1.2.3", Begin: g.begin, Connections: []string{"main", "other"}, Tell: time.Millisecond, Sink: g, MaxBody: 10_000})
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() { web.Close(); g.store.Close() })
	return web
}

// connect is the SDK's own client of the gateway.
func connect(t *testing.T, g *gateway, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, o).
		Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: server(t, g).URL}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// call calls a tool and reads its answer, which is JSON in one text.
func call(t *testing.T, s *mcp.ClientSession, tool string, arguments any, into any) (isError bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.Len(t, r.Content, 1)
	text, ok := r.Content[0].(*mcp.TextContent)
	require.True(t, ok)
	require.NoError(t, json.Unmarshal([]byte(text.Text), into), text.Text)
	return r.IsError
}

type said struct {
	Error struct {
		Code, Message, Hint string
		Position            int
	}
}

type page struct {
	Columns    []struct{ Name, Type string }
	Rows       [][]string
	More       bool
	NextOffset int64
	Hint       string
	Notes      []string
}

func TestWhatAClientIsTold(t *testing.T) {
	t.Parallel()
	s := connect(t, &gateway{}, nil)
	about := s.InitializeResult()
	assert.Equal(t, "1.2.3", about.ServerInfo.Version)
	assert.Contains(t, about.Instructions, "several connections: main, other;")
	tools, err := s.ListTools(t.Context(), nil)
	require.NoError(t, err)
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
		assert.True(t, tool.Annotations.ReadOnlyHint, tool.Name)
		assert.NotEmpty(t, tool.Description, tool.Name)
		raw, err := json.Marshal(tool.InputSchema)
		require.NoError(t, err)
		var schema struct {
			Properties map[string]struct{ Description string }
		}
		require.NoError(t, json.Unmarshal(raw, &schema))
		assert.NotEmpty(t, schema.Properties, tool.Name)
		for name, p := range schema.Properties {
			assert.NotEmpty(t, p.Description, "%s.%s", tool.Name, name)
		}
	}
	assert.ElementsMatch(t, []string{"list_tables", "describe_table", "explain_sql", "run_sql"}, names)
}

func TestListTables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arguments map[string]any
		tables    string
		note      string
	}{
		"all":              {map[string]any{}, `[{"table":"People","meaning":"Persons."},{"table":"Teams","meaning":"Groups of persons."}]`, ""},
		"by id or name":    {map[string]any{"schema": "main", "search": " TEAMS"}, `[{"table":"Teams","meaning":"Groups of persons."}]`, ""},
		"by a column":      {map[string]any{"search": "email"}, `[{"table":"Teams","meaning":"Groups of persons.","columns":["EmailAddress"]}]`, ""},
		"by what they are": {map[string]any{"search": "groups"}, `[{"table":"Teams","meaning":"Groups of persons."}]`, ""},
		"nothing":          {map[string]any{"search": "xyz"}, `[]`, "leave search out for all 2 tables."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gateway{}
			var got struct {
				Schema         string
				Schemas, Notes []string
				Tables         json.RawMessage
			}
			require.False(t, call(t, connect(t, g, nil), "list_tables", c.arguments, &got))
			assert.JSONEq(t, c.tables, string(got.Tables))
			assert.Equal(t, "Main", got.Schema)
			assert.Equal(t, []string{"Main"}, got.Schemas)
			assert.Contains(t, strings.Join(got.Notes, " "), c.note)
			assert.Equal(t, []string{"SHOW TABLES"}, g.statements)
			assert.Equal(t, []error{nil}, g.ends, "one request, ended well")
		})
	}
}

func TestLongListsAreBounded(t *testing.T) {
	t.Parallel()
	g := &gateway{schema: people()}
	for i := range 3000 {
		g.schema.Tables = append(g.schema.Tables, &catalog.Table{Name: fmt.Sprintf("T%d", i), Doc: "What it is."})
		g.schemas = append(g.schemas, catalog.SchemaName{Name: fmt.Sprintf("S%d", i)})
	}
	var got struct {
		Schemas, Notes []string
		Tables         []struct{ Table string }
	}
	call(t, connect(t, g, nil), "list_tables", nil, &got)
	assert.Len(t, got.Schemas, 50)
	assert.Less(t, len(got.Tables), 2000)
	assert.Greater(t, len(got.Tables), 100)
	assert.Contains(t, strings.Join(got.Notes, " "), "SELECT SchemaName FROM sys_schemas")
	assert.Contains(t, strings.Join(got.Notes, " "), "narrow the list with search")
}

func TestDescribeTable(t *testing.T) {
	t.Parallel()
	g := &gateway{ways: []string{"list", "by id"}}
	var got struct {
		Table, SQLName, Meaning, Permission string
		Columns                             []struct {
			Name, Type, Meaning string
			Key                 bool
			Values              []string
		}
		Relations     []struct{ Table, On string }
		WaysToRead    []struct{ Way string }
		CostOfAllRows []string
		Examples      []string
	}
	require.False(t, call(t, connect(t, g, nil), "describe_table", map[string]any{"table": "people", "schema": "MAIN"}, &got))
	assert.Equal(t, `"Main"."People"`, got.SQLName)
	assert.Equal(t, "Read users", got.Permission)
	assert.Len(t, got.Columns, 4)
	assert.Equal(t, "UUID", got.Columns[0].Type)
	assert.True(t, got.Columns[0].Key)
	assert.Equal(t, []string{"EMPLOYEE", "GUEST"}, got.Columns[3].Values)
	assert.Equal(t, []struct{ Table, On string }{{"Teams", "People.TeamId = Teams.Id"}}, got.Relations, "tables out of sight are not named")
	assert.Equal(t, []struct{ Way string }{{"list"}, {"by id"}}, got.WaysToRead)
	assert.Equal(t, []string{"Scan Main.People by path list", "  estimate: calls 3, rows 500"}, got.CostOfAllRows)
	assert.Equal(t, []string{`DESCRIBE "MAIN"."people"`}, g.statements)
	assert.Zero(t, g.sent, "rows about the catalogue are no rows of the directory")
}

// A table that can't be read as a whole is described nevertheless.
func TestDescribeTableThatNeedsAKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		isError bool
		says    string
	}{
		"a key is missing":  {gwerr.New(gwerr.NotImplemented, "Sessions needs a user.", "Add a condition."), false, "Sessions needs a user. Add a condition."},
		"too many calls":    {gwerr.New(gwerr.FanoutExceeded, "Too many calls.", ""), false, "Too many calls."},
		"PingOne is not up": {gwerr.New(gwerr.UpstreamFailed, "PingOne can't be reached.", ""), true, "PingOne can't be reached."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got json.RawMessage
			assert.Equal(t, c.isError, call(t, connect(t, &gateway{planning: c.err}, nil), "describe_table", map[string]any{"table": "Teams"}, &got))
			assert.Contains(t, string(got), c.says)
		})
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	var got struct{ Plan []string }
	require.False(t, call(t, connect(t, g, nil), "explain_sql", map[string]any{"sql": "SELECT 1", "connection": "other"}, &got))
	assert.Equal(t, "  estimate: calls 3, rows 500", got.Plan[2])
	assert.Equal(t, []string{"other"}, g.connections)
	assert.Zero(t, g.opened, "nothing is read")
}

// Rows come in parts, each row once, and all from one reading.
func TestRowsInParts(t *testing.T) {
	t.Parallel()
	const all = 333
	g := &gateway{rows: numbered(all), notes: []string{"One note."}}
	s := connect(t, g, nil)
	var rows []string
	parts := 0
	for offset := int64(0); ; parts++ {
		var p page
		require.False(t, call(t, s, "run_sql", map[string]any{"sql": "SELECT Name FROM People", "offset": offset}, &p))
		for _, r := range p.Rows {
			rows = append(rows, r[0])
		}
		assert.Equal(t, "VARCHAR", p.Columns[0].Type)
		assert.Equal(t, []string{"One note."}, p.Notes)
		if !p.More {
			assert.Zero(t, p.NextOffset)
			assert.Empty(t, p.Hint)
			break
		}
		assert.Contains(t, p.Hint, fmt.Sprintf("with offset %d", p.NextOffset))
		assert.Equal(t, offset+100, p.NextOffset)
		offset = p.NextOffset
	}
	assert.Equal(t, numbered(all), rows)
	assert.Equal(t, 3, parts)
	assert.Equal(t, 1, g.opened, "one reading gives all parts")
	assert.EqualValues(t, all, g.sent)
}

func TestNumbersOfRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows, offset, most, want int
		more                     bool
	}{
		"none":               {0, 0, 0, 0, false},
		"as many as fit":     {100, 0, 0, 100, false},
		"one more than fit":  {101, 0, 0, 100, true},
		"fewer than a step":  {9, 0, 7, 7, true},
		"the last":           {9, 8, 1, 1, false},
		"behind the last":    {9, 9, 5, 0, false},
		"far behind":         {9, 90, 5, 0, false},
		"all that are ready": {1001, 0, 1000, 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p page
			require.False(t, call(t, connect(t, &gateway{rows: numbered(c.rows)}, nil), "run_sql", map[string]any{"sql": "SELECT 1", "offset": c.offset, "max_rows": c.most}, &p))
			assert.Len(t, p.Rows, c.want)
			assert.Equal(t, c.more, p.More)
			if c.want > 0 {
				assert.Equal(t, fmt.Sprintf("row %d", c.offset), p.Rows[0][0])
			}
		})
	}
}

// However long the rows are, an answer is bounded, and no row is lost.
func TestAnswersAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int{"some hundred bytes a row": 900, "some thousand": 9_000, "nearly all": 60_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gateway{}
			for i := range 60 {
				g.rows = append(g.rows, fmt.Sprintf("%d %s", i, strings.Repeat("x", length)))
			}
			s := connect(t, g, nil)
			var rows []string
			for offset := int64(0); ; {
				r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "run_sql", Arguments: map[string]any{"sql": "SELECT 1", "offset": offset, "max_rows": 1000}})
				require.NoError(t, err)
				text := r.Content[0].(*mcp.TextContent).Text
				require.LessOrEqual(t, len(text), 65<<10)
				var p page
				require.NoError(t, json.Unmarshal([]byte(text), &p))
				for _, row := range p.Rows {
					rows = append(rows, row[0])
				}
				if !p.More {
					break
				}
				require.Greater(t, p.NextOffset, offset)
				offset = p.NextOffset
			}
			assert.Equal(t, g.rows, rows)
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	mistyped := func(context.Context, string) error { return gwerr.New(gwerr.Syntax, "Unexpected FORM.", "").At(12) }
	for name, c := range map[string]struct {
		gateway   *gateway
		tool      string
		arguments map[string]any
		code      gwerr.Code
		says      string
	}{
		"an INSERT":          {&gateway{}, "run_sql", map[string]any{"sql": " insert INTO People VALUES (1)"}, gwerr.ReadOnly, "Nothing can be changed through this tool: it only reads."},
		"an UPDATE's plan":   {&gateway{}, "explain_sql", map[string]any{"sql": "UPDATE People SET Kind = ''"}, gwerr.ReadOnly, "Nothing can be changed"},
		"a DELETE":           {&gateway{}, "run_sql", map[string]any{"sql": "/* x */ DELETE FROM People"}, gwerr.ReadOnly, "Nothing can be changed"},
		"a procedure":        {&gateway{}, "run_sql", map[string]any{"sql": "EXEC ResetPassword UserId = '1'"}, gwerr.ReadOnly, "Nothing can be changed"},
		"no SQL":             {&gateway{}, "run_sql", map[string]any{"sql": " \n"}, gwerr.BadRequest, "Write a SELECT."},
		"too many rows":      {&gateway{}, "run_sql", map[string]any{"sql": "SELECT 1", "max_rows": 1001}, gwerr.BadParameter, "max_rows must be from 1 to 1000."},
		"a negative offset":  {&gateway{}, "run_sql", map[string]any{"sql": "SELECT 1", "offset": -1}, gwerr.BadParameter, "nextOffset"},
		"a misspelt schema":  {&gateway{}, "list_tables", map[string]any{"schema": "Mian"}, gwerr.UnknownSchema, "Did you mean Main?"},
		"a misspelt table":   {&gateway{}, "describe_table", map[string]any{"table": "Poeple"}, gwerr.UnknownTable, "Did you mean People?"},
		"another table":      {&gateway{}, "describe_table", map[string]any{"table": "Invoices"}, gwerr.UnknownTable, "list_tables lists them."},
		"a refused caller":   {&gateway{refusal: gwerr.New(gwerr.TooManyRequests, "Too many.", "Wait.")}, "list_tables", nil, gwerr.TooManyRequests, "Wait."},
		"the caller's limit": {&gateway{rows: numbered(60), limit: 50}, "run_sql", map[string]any{"sql": "SELECT 1"}, gwerr.LimitExceeded, "Narrow the query."},
		"a row too large":    {&gateway{rows: []string{strings.Repeat("x", 70_000)}}, "run_sql", map[string]any{"sql": "SELECT 1"}, gwerr.TooLarge, "Select fewer columns"},
		"a syntax error":     {&gateway{binding: mistyped}, "run_sql", map[string]any{"sql": "SELECT 'ü' FORM x"}, gwerr.Syntax, "Unexpected FORM."},
		"a defect":           {&gateway{binding: func(context.Context, string) error { panic("secret") }}, "run_sql", map[string]any{"sql": "SELECT 1"}, gwerr.Internal, "The gateway failed unexpectedly."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := c.gateway
			var got said
			require.True(t, call(t, connect(t, g, nil), c.tool, c.arguments, &got))
			assert.Equal(t, string(c.code), got.Error.Code)
			assert.Contains(t, got.Error.Message+" "+got.Error.Hint, c.says)
			if c.code == gwerr.Syntax {
				assert.Equal(t, 12, got.Error.Position, "characters count from 1")
			}
			if g.refusal == nil {
				require.Len(t, g.ends, 1)
				assert.Equal(t, c.code, gwerr.From(g.ends[0]).Code, "the account knows of it")
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			told := false
			for _, e := range g.events {
				f, ok := e.(observe.RequestFailed)
				told = told || ok && f.FrontEnd == "mcp" && f.Code == string(c.code)
			}
			assert.True(t, told, "%v", g.events)
		})
	}
}

// A client that asks for it is told that its call goes on.
func TestProgress(t *testing.T) {
	t.Parallel()
	told := make(chan struct{})
	var once sync.Once
	g := &gateway{binding: func(context.Context, string) error { <-told; return nil }}
	s := connect(t, g, &mcp.ClientOptions{ProgressNotificationHandler: func(_ context.Context, p *mcp.ProgressNotificationClientRequest) {
		assert.Contains(t, p.Params.Message, "PingOne is being read")
		once.Do(func() { close(told) })
	}})
	params := &mcp.CallToolParams{Name: "run_sql", Arguments: map[string]any{"sql": "SELECT 1"}}
	params.SetProgressToken("1")
	r, err := s.CallTool(t.Context(), params)
	require.NoError(t, err)
	assert.False(t, r.IsError)
}

// A call ends when the connection that it came by does, whatever the protocol's
// revision.
func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	g := &gateway{ended: make(chan struct{}), binding: func(ctx context.Context, _ string) error { close(begun); <-ctx.Done(); return ctx.Err() }}
	web := server(t, g)
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, web.URL, strings.NewReader(
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_sql","arguments":{"sql":"SELECT 1"}}}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}()
	<-begun
	leave()
	<-g.ended
	<-done
	assert.Equal(t, gwerr.Canceled, gwerr.From(g.ends[0]).Code)
}
