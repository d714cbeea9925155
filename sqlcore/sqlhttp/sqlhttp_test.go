package sqlhttp_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "Name", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "On", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "N", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "At", Type: catalog.Timestamp.Arrow(), Nullable: true},
	{Name: "Tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	{Name: "Price", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}, Nullable: true},
}, nil)

var columns = []query.Column{
	{Name: "Name", Type: catalog.String},
	{Name: "On", Type: catalog.Bool},
	{Name: "N", Type: catalog.Int64},
	{Name: "At", Type: catalog.Timestamp},
	{Name: "Tags", Type: catalog.StringList},
	{Name: "Price", SQLType: "DECIMAL(10,2)"},
}

const rowsJSON = `[
 {"Name": "a \"quoted\", text\n", "On": true, "N": 9007199254740993, "At": 1700000000123, "Tags": ["x", null], "Price": "12.50"},
 {"Name": null, "On": null, "N": null, "At": null, "Tags": null, "Price": null}]`

func record(t *testing.T) arrow.RecordBatch {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(
		strings.Replace(rowsJSON, "1700000000123", `"2023-11-14T22:13:20.123Z"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// many are so many batches that the first are sent before the last are read.
func many(t *testing.T) (list []arrow.RecordBatch) {
	t.Helper()
	for range 100 {
		list = append(list, record(t))
	}
	return list
}

// rows answers batches, then fails with err or ends.
type rows struct {
	batches []arrow.RecordBatch
	err     error
	closed  bool
}

func (r *rows) Schema() *arrow.Schema { return schema }

func (r *rows) Next(ctx context.Context) (scan.Batch, error) {
	if len(r.batches) == 0 {
		if r.err != nil {
			return scan.Batch{}, r.err
		}
		return scan.Batch{}, io.EOF
	}
	b := r.batches[0]
	r.batches = r.batches[1:]
	return scan.Batch{Record: b}, ctx.Err()
}

func (r *rows) Close() { r.closed = true }

type querier struct {
	rows *rows
	odd  scan.Rows // in the place of rows
	err  error
	got  query.Statement
	// changed is what the statement did.
	changed *query.Changed
	// connection is the one asked for, ends are how requests ended.
	connection string
	ends       []error
}

func (q *querier) begin(ctx context.Context, connection, _ string) (context.Context, sqlhttp.Request, error) {
	q.connection = connection
	return ctx, q, nil
}

func (q *querier) Progress() query.Progress { return query.Progress{RowsSent: 2} }

func (q *querier) End(err error) { q.ends = append(q.ends, err) }

func (q *querier) SQL(_ context.Context, s query.Statement) (*query.Answer, error) {
	q.got = s
	if q.err != nil {
		return nil, q.err
	}
	if q.odd != nil {
		return &query.Answer{Columns: columns, Rows: q.odd}, nil
	}
	return &query.Answer{Columns: columns, Rows: q.rows, Changed: q.changed}, nil
}

func (q *querier) Explain(_ context.Context, s query.Statement) (any, error) {
	q.got = s
	return map[string]string{"plan": s.SQL}, q.err
}

func serve(t *testing.T, q *querier) *httptest.Server {
	t.Helper()
	h := sqlhttp.New(sqlhttp.Config{Begin: q.begin, MaxBody: 1000})
	mux := http.NewServeMux()
	mux.HandleFunc("/sql", h.Query)
	mux.HandleFunc("/sql/explain", h.Explain)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func post(t *testing.T, url, accept, body string) (*http.Response, []byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, text, err
}

// A statement that changes rows says how many, also where it changed none.
func TestJSONOfChanges(t *testing.T) {
	t.Parallel()
	for want, changed := range map[string]*query.Changed{`],"count":3}`: {Verb: "UPDATE", Rows: 3}, `],"count":0}`: {Verb: "DELETE"}, "]}": nil} {
		_, text, err := post(t, serve(t, &querier{rows: &rows{}, changed: changed}).URL+"/sql", "*/*", `{"query":"UPDATE"}`)
		if err != nil || !strings.HasSuffix(string(text), want+"\n") {
			t.Errorf("%s, want %s at its end: %v", text, want, err)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	q := &querier{rows: &rows{batches: []arrow.RecordBatch{record(t), record(t)}}}
	resp, text, err := post(t, serve(t, q).URL+"/sql", "*/*", `{"query":"SELECT 1"}`)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v %v", resp, err)
	}
	var got struct {
		Columns []struct{ Name, Type string }
		Rows    [][]json.RawMessage
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(got.Columns) != 6 || got.Columns[2].Type != "BIGINT" || got.Columns[5].Type != "DECIMAL(10,2)" || len(got.Rows) != 4 {
		t.Errorf("got %s", text)
	}
	want := []string{`"a \"quoted\", text\n"`, `true`, `9007199254740993`, `"2023-11-14T22:13:20.123Z"`, `["x",null]`, `12.50`}
	for i, w := range want {
		if string(got.Rows[0][i]) != w || string(got.Rows[1][i]) != "null" {
			t.Errorf("column %d: %s and %s, want %s and null", i, got.Rows[0][i], got.Rows[1][i], w)
		}
	}
	if !q.rows.closed {
		t.Error("the rows were not closed")
	}
}

func TestNoRowsIsWellFormed(t *testing.T) {
	t.Parallel()
	_, text, err := post(t, serve(t, &querier{rows: &rows{}}).URL+"/sql", "application/json", `{"query":"SELECT 1"}`)
	if err != nil || !json.Valid(text) || !strings.Contains(string(text), `"rows":[`) {
		t.Errorf("%s, %v", text, err)
	}
}

// An error in the first rows has a status in every format that has not sent any.
func TestWhatAFormatCantHoldIsRefused(t *testing.T) {
	t.Parallel()
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.StringBuilder).Append(strings.Repeat("x", 32_768))
	for _, f := range b.Fields()[1:] {
		f.AppendNull()
	}
	resp, text, err := post(t, serve(t, &querier{rows: &rows{batches: []arrow.RecordBatch{b.NewRecordBatch()}}}).URL+"/sql?format=xlsx", "*/*", `{"query":"x"}`)
	if err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "limit_exceeded") {
		t.Errorf("%v %d %s", err, resp.StatusCode, text)
	}
}

func TestNDJSONAndCSVAndArrow(t *testing.T) {
	t.Parallel()
	url := func() string {
		return serve(t, &querier{rows: &rows{batches: []arrow.RecordBatch{record(t)}}}).URL + "/sql"
	}
	_, text, _ := post(t, url(), "application/x-ndjson", `{"query":"x"}`)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 || !json.Valid([]byte(lines[0])) || !strings.Contains(lines[1], `"Name":null`) {
		t.Errorf("NDJSON: %s", text)
	}
	_, text, _ = post(t, url(), "text/csv", `{"query":"x"}`)
	fields, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(fields) != 3 || fields[1][0] != "a \"quoted\", text\n" || fields[1][2] != "9007199254740993" || fields[2][0] != "" {
		t.Errorf("CSV: %q %v", fields, err)
	}
	_, text, _ = post(t, url(), "application/vnd.apache.arrow.stream", `{"query":"x"}`)
	r, err := ipc.NewReader(bytes.NewReader(text))
	if err != nil || !r.Next() || r.RecordBatch().NumRows() != 2 {
		t.Errorf("Arrow: %v", err)
	}
}

func TestErrorsBeforeTheFirstRowHaveAStatus(t *testing.T) {
	t.Parallel()
	failed := gwerr.New(gwerr.UpstreamFailed, "PingOne could not be reached.", "")
	for name, q := range map[string]*querier{
		"at once": {err: failed}, "with the first batch": {rows: &rows{err: failed}},
		"behind a few rows": {rows: &rows{batches: []arrow.RecordBatch{record(t), record(t)}, err: failed}},
	} {
		resp, text, _ := post(t, serve(t, q).URL+"/sql", "*/*", `{"query":"x"}`)
		if resp.StatusCode != http.StatusBadGateway || !strings.Contains(string(text), `"code": "upstream_failed"`) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
}

// TestSmallAnswersGoAtOnce reads answers of few rows, which have a length, and of
// many, which are sent as they come.
func TestSmallAnswersGoAtOnce(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"} {
		for small, batches := range map[bool][]arrow.RecordBatch{true: {record(t)}, false: many(t)} {
			resp, text, err := post(t, serve(t, &querier{rows: &rows{batches: batches}}).URL+"/sql", accept, `{"query":"x"}`)
			if err != nil || resp.StatusCode != http.StatusOK || len(text) == 0 || (resp.ContentLength == int64(len(text))) != small {
				t.Errorf("%s, small %t: %d, length %d of %d, %v", accept, small, resp.StatusCode, resp.ContentLength, len(text), err)
			}
		}
	}
}

// TestRequestsThatTheGatewayEnds ends a request whose client is there: the answer
// says why, and not that the client had gone.
func TestRequestsThatTheGatewayEnds(t *testing.T) {
	t.Parallel()
	ctx, cut := context.WithCancelCause(t.Context())
	cut(gwerr.New(gwerr.Busy, "Stopping.", "Send it again."))
	for name, q := range map[string]*querier{"at once": {err: context.Canceled}, "with the first batch": {rows: &rows{err: gwerr.From(context.Canceled)}}} {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/sql", strings.NewReader(`{"query":"x"}`))
		w := httptest.NewRecorder()
		sqlhttp.New(sqlhttp.Config{Begin: q.begin, MaxBody: 1000}).Query(w, r)
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Send it again.") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestErrorsInMidStreamBreakTheAnswer(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{
		"application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		// So many that a workbook's compressed part is sent.
		const copies = 10_000
		rec := record(t)
		for range copies {
			rec.Retain()
		}
		q := &querier{rows: &rows{batches: slices.Repeat([]arrow.RecordBatch{rec}, copies), err: gwerr.New(gwerr.UpstreamFailed, "Lost.", "")}}
		resp, text, err := post(t, serve(t, q).URL+"/sql", accept, `{"query":"x"}`)
		// The rows of a Parquet file are kept until there are enough for a group.
		if begun := !strings.HasSuffix(accept, "parquet"); (resp.StatusCode == http.StatusOK) != begun || (err == nil) == begun {
			t.Errorf("%s: %d, %v: %.100s", accept, resp.StatusCode, err, text)
		}
		if accept == "application/json" && json.Valid(text) {
			t.Errorf("the JSON was closed: %s", text)
		}
		if _, err := zip.NewReader(bytes.NewReader(text), int64(len(text))); strings.HasSuffix(accept, "sheet") && err == nil {
			t.Error("the workbook can be opened")
		}
		if strings.HasSuffix(accept, "json") && !strings.Contains(string(text), "Lost.") {
			t.Errorf("%s doesn't say why: %s", accept, text[max(0, len(text)-200):])
		}
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, accept, body string
		status             int
		code               string
	}{
		{"no JSON", "*/*", `SELECT 1`, 400, "bad_request"},
		{"unknown member", "*/*", `{"query":"x","querry":1}`, 400, "bad_request"},
		{"two values", "*/*", `{"query":"x"}{}`, 400, "bad_request"},
		{"no query", "*/*", `{}`, 400, "bad_request"},
		{"too large", "*/*", `{"query":"` + strings.Repeat("x", 2000) + `"}`, 413, "too_large"},
		{"parameters of the wrong kind", "*/*", `{"query":"x","parameters":3}`, 400, "bad_parameter"},
		{"list in a list", "*/*", `{"query":"x","parameters":[[[1]]]}`, 400, "bad_parameter"},
		{"number out of range", "*/*", `{"query":"x","parameters":[1e999]}`, 400, "bad_parameter"},
		{"unknown format", "image/png", `{"query":"x"}`, 406, "not_acceptable"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := &querier{rows: &rows{}}
			resp, text, _ := post(t, serve(t, q).URL+"/sql", c.accept, c.body)
			if resp.StatusCode != c.status || !strings.Contains(string(text), `"`+c.code+`"`) {
				t.Errorf("%d %s", resp.StatusCode, text)
			}
			if q.got.SQL != "" {
				t.Error("the statement was run")
			}
		})
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	q := &querier{rows: &rows{}}
	s := serve(t, q)
	post(t, s.URL+"/sql", "*/*", `{"query":"x","parameters":["a",1,1.5,true,null]}`)
	p := q.got.Positional
	if len(p) != 5 || p[0].Value.Str != "a" || p[1].Value.Int != 1 || p[2].Value.Float != 1.5 || !p[3].Value.Bool || !p[4].Null {
		t.Errorf("positional: %+v", p)
	}
	post(t, s.URL+"/sql", "*/*", `{"query":"x","parameters":[[],["a",null]]}`)
	if p := q.got.Positional; len(p) != 2 || p[0].List == nil || len(p[0].List) != 0 || len(p[1].List) != 2 || p[1].List[0].Value.Str != "a" || !p[1].List[1].Null {
		t.Errorf("lists: %+v", p)
	}
	post(t, s.URL+"/sql", "*/*", "\uFEFF"+`{"query":"x","parameters":{"@name":"a","n":2}}`)
	if q.got.Named["name"].Value.Str != "a" || q.got.Named["n"].Value.Int != 2 {
		t.Errorf("named: %+v", q.got.Named)
	}
}

func TestParameterErrors(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("1,", 30_000) + "1"
	for name, c := range map[string]struct{ parameters, code, target string }{
		"no list":               {`3`, "bad_parameter", "parameters"},
		"a list in a list":      {`[1,[1,[1]]]`, "bad_parameter", "parameters[1][1]"},
		"a number out of range": {`{"a":1e999}`, "bad_parameter", "parameters.a"},
		"too many values":       {`[` + many + `]`, "too_large", "parameters[30000]"},
		"too many in lists":     {`{"a":1,"b":[` + many[2:] + `]}`, "too_large", "parameters.b[29999]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &querier{rows: &rows{}}
			s := httptest.NewServer(http.HandlerFunc(sqlhttp.New(sqlhttp.Config{Begin: q.begin}).Query))
			defer s.Close()
			_, text, err := post(t, s.URL, "*/*", `{"query":"x","parameters":`+c.parameters+`}`)
			if err != nil {
				t.Fatal(err)
			}
			var said struct{ Error struct{ Code, Target string } }
			if err := json.Unmarshal(text, &said); err != nil || said.Error.Code != c.code || said.Error.Target != c.target {
				t.Errorf("%v %s", err, text)
			}
		})
	}
}

func TestGetAndMethods(t *testing.T) {
	t.Parallel()
	q := &querier{rows: &rows{batches: []arrow.RecordBatch{record(t)}}}
	s := serve(t, q)
	resp, err := http.Get(s.URL + "/sql?format=csv&query=SELECT+1")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if q.got.SQL != "SELECT 1" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/csv") {
		t.Errorf("%q %v", q.got.SQL, resp.Header)
	}
	r, _ := http.NewRequest(http.MethodDelete, s.URL+"/sql", nil)
	resp, err = http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") == "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	_, text, _ := post(t, serve(t, &querier{}).URL+"/sql/explain", "*/*", `{"query":"SELECT 1"}`)
	if !strings.Contains(string(text), "SELECT 1") {
		t.Errorf("%s", text)
	}
}

func TestRowsSentAreCounted(t *testing.T) {
	t.Parallel()
	q := &querier{rows: &rows{batches: []arrow.RecordBatch{record(t), record(t)}}}
	ctx, request := observe.WithRequest(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/sql", strings.NewReader(`{"query":"x"}`))
	sqlhttp.New(sqlhttp.Config{Begin: q.begin}).Query(httptest.NewRecorder(), r)
	if request.Rows() != 4 {
		t.Errorf("%d rows counted, 4 sent", request.Rows())
	}
}

// failing are rows that panic.
type failing struct{ rows }

func (*failing) Next(context.Context) (scan.Batch, error) { panic("a defect") }

func TestEveryRequestEndsOnce(t *testing.T) {
	t.Parallel()
	refused := gwerr.New(gwerr.UnknownColumn, "No.", "")
	cut := gwerr.New(gwerr.UpstreamCutShort, "Cut.", "")
	for name, c := range map[string]struct {
		target, body string
		q            querier
		code         gwerr.Code // "" for well
	}{
		"whole":              {"/sql", `{"query":"x","connection":"other"}`, querier{rows: &rows{batches: []arrow.RecordBatch{record(t)}}}, ""},
		"a plan":             {"/sql/explain", `{"query":"x","connection":"other"}`, querier{}, ""},
		"no JSON":            {"/sql", `{`, querier{}, gwerr.BadRequest},
		"no query":           {"/sql", `{"connection":"other"}`, querier{}, gwerr.BadRequest},
		"no such format":     {"/sql?format=x", `{"query":"x"}`, querier{}, gwerr.NotAcceptable},
		"refused":            {"/sql", `{"query":"x"}`, querier{err: refused}, gwerr.UnknownColumn},
		"a plan refused":     {"/sql/explain", `{"query":"x"}`, querier{err: refused}, gwerr.UnknownColumn},
		"failed at once":     {"/sql", `{"query":"x"}`, querier{rows: &rows{err: cut}}, gwerr.UpstreamCutShort},
		"broken off":         {"/sql", `{"query":"x"}`, querier{rows: &rows{batches: []arrow.RecordBatch{record(t)}, err: cut}}, gwerr.UpstreamCutShort},
		"a defect of theirs": {"/sql", `{"query":"x"}`, querier{odd: &failing{}}, gwerr.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &c.q
			h := sqlhttp.New(sqlhttp.Config{Begin: q.begin})
			do := h.Query
			if strings.HasSuffix(c.target, "explain") {
				do = h.Explain
			}
			func() {
				defer func() { _ = recover() }() // net/http does so
				do(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, c.target, strings.NewReader(c.body)))
			}()
			if len(q.ends) != 1 || (q.ends[0] == nil) != (c.code == "") || q.ends[0] != nil && gwerr.From(q.ends[0]).Code != c.code {
				t.Errorf("ended with %v", q.ends)
			}
			if strings.Contains(c.body, "other") && q.connection != "other" {
				t.Errorf("asked for the connection %q", q.connection)
			}
		})
	}
}
