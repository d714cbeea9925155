//go:build duckdb_arrow

package integration

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	db "github.com/duckdb/duckdb-go-bindings" // the oracle must share nothing with the gateway's engine

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// long asks for the long form, whose figures are in docs/reliability.md.
var long = flag.Bool("long", false, "run the long form of the random SQL test")

const (
	oracleUsers  = 220
	oracleShards = 4
	oracleShort  = 400 / thinner
	oracleLong   = 20_000
	// dear is the number of calls above which a table that must be read call by
	// call is left out of the statements.
	dear = 400
)

// oracle is a database of one thread without an optimiser, filled by truth.
type oracle struct {
	t    testing.TB
	db   db.Database
	conn db.Connection
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	o := &oracle{t: t}
	var config db.Config
	if db.CreateConfig(&config) == db.StateError || db.SetConfig(config, "threads", "1") == db.StateError {
		t.Fatal("no configuration")
	}
	defer db.DestroyConfig(&config)
	var message string
	if db.OpenExt(":memory:", &o.db, config, &message) == db.StateError || db.Connect(o.db, &o.conn) == db.StateError {
		t.Fatal("no database: ", message)
	}
	t.Cleanup(func() {
		db.Disconnect(&o.conn)
		db.Close(&o.db)
	})
	o.exec("SET TimeZone = 'UTC'")
	o.exec("PRAGMA disable_optimizer")
	return o
}

func (o *oracle) exec(sql string) {
	o.t.Helper()
	var res db.Result
	defer db.DestroyResult(&res)
	if db.Query(o.conn, sql, &res) == db.StateError {
		o.t.Fatalf("%.300s: %s", sql, db.ResultError(&res))
	}
}

// query answers a statement; problem is the database's refusal.
func (o *oracle) query(sql string) (rows [][]string, problem string) {
	o.t.Helper()
	var res db.Result
	defer db.DestroyResult(&res)
	if db.Query(o.conn, sql, &res) == db.StateError {
		return nil, db.ResultError(&res)
	}
	options := db.ResultGetArrowOptions(&res)
	defer db.DestroyArrowOptions(&options)
	schema := o.schema(&res, options)
	for {
		chunk := db.FetchChunk(res)
		if chunk.Ptr == nil || db.DataChunkGetSize(chunk) == 0 {
			db.DestroyDataChunk(&chunk)
			return rows, ""
		}
		rec, failed := db.DataChunkToArrowArray(options, schema, chunk)
		db.DestroyDataChunk(&chunk)
		if db.ErrorDataHasError(failed) {
			o.t.Fatal(sql, db.ErrorDataMessage(failed))
		}
		db.DestroyErrorData(&failed)
		rows = append(rows, testkit.Texts(rec)...)
		rec.Release()
	}
}

func (o *oracle) schema(res *db.Result, options db.ArrowOptions) *arrow.Schema {
	var names []string
	var types []db.LogicalType
	for i := range db.ColumnCount(res) {
		names = append(names, db.ColumnName(res, i))
		types = append(types, db.ColumnLogicalType(res, i))
	}
	schema, failed := db.NewArrowSchema(options, types, names)
	for i := range types {
		db.DestroyLogicalType(&types[i])
	}
	if db.ErrorDataHasError(failed) {
		o.t.Fatal(db.ErrorDataMessage(failed))
	}
	db.DestroyErrorData(&failed)
	fields := schema.Fields()
	for i, f := range fields { // plain types, as answers have them
		if ext, ok := f.Type.(arrow.ExtensionType); ok {
			fields[i].Type = ext.StorageType()
		}
	}
	return arrow.NewSchema(fields, nil)
}

// load makes a table of the schema and fills it.
func (o *oracle) load(t *catalog.Table, rows []map[string]any) {
	o.t.Helper()
	name := quoted(t.Schema.Name) + "." + quoted(t.Name)
	columns := make([]string, len(t.Columns))
	for i := range t.Columns {
		columns[i] = quoted(t.Columns[i].Name) + " " + t.Columns[i].Type.SQL()
	}
	o.exec("CREATE TABLE " + name + " (" + strings.Join(columns, ", ") + ")")
	for part := range slices.Chunk(rows, 200) {
		var list []string
		for _, row := range part {
			cells := make([]string, len(t.Columns))
			for i := range t.Columns {
				cells[i] = sqlLiteral(row[t.Columns[i].Name])
			}
			list = append(list, "("+strings.Join(cells, ", ")+")")
		}
		o.exec("INSERT INTO " + name + " VALUES " + strings.Join(list, ", "))
	}
}

// oracleWorld is a gateway over HTTP and what it should answer.
type oracleWorld struct {
	web *testkit.Web
	// tables are all declared ones, by schema and name.
	tables  []*catalog.Table
	truth   *truth
	schemas []string
	d       *directory
}

func newOracleWorld(t *testing.T, users int) *oracleWorld {
	t.Helper()
	s := testkit.StartSimulator(t, sim.Options{Users: users, MaxUsersPage: 1000, NoCompression: true})
	e, err := duck.Open(t.Context(), duck.Config{MemoryLimit: 256 << 20, TempDir: t.TempDir(), Threads: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	stack := testkit.Start(t, testkit.Options{Simulator: s, Engine: e})
	w := &oracleWorld{web: stack.Serve(t, testkit.WebOptions{}), truth: newTruth(t, s)}
	w.schemas = []string{"Information", "Administrators", "Customers", "Partner Portal Zürich"}
	w.d = &directory{
		schemas: []string{"", "", "Administrators", "[CData].[Administrators]", "Customers", "Customers", `"Partner Portal Zürich"`},
		tables:  map[string]*catalog.Table{}, values: map[string][]string{}, own: map[string]*catalog.Table{},
	}
	for _, name := range w.schemas {
		schema, err := stack.Directory.Schema(testkit.Context(t), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range schema.Tables {
			w.tables = append(w.tables, table)
			rows := w.truth.table(table)
			if _, known := w.d.tables[table.Name]; !known {
				w.d.tables[table.Name] = table
				if len(hot[table.Name]) == 0 && w.truth.cost[table] <= dear {
					w.d.others = append(w.d.others, table.Name)
				}
			}
			for _, written := range append(w.d.schemas, name) {
				if sameSchema(written, name) || name == "Information" {
					w.d.own[written+"|"+table.Name] = table
					w.d.remember(written, table, rows)
				}
			}
		}
	}
	t.Logf("%d tables read in %d calls; beside the common ones, statements read %v", len(w.tables), w.truth.calls, w.d.others)
	return w
}

func sameSchema(written, name string) bool {
	switch written {
	case "", "[CData].[Administrators]":
		return name == "Administrators"
	default:
		return strings.Trim(written, `"`) == name
	}
}

// remember keeps some values of each column for the generator.
func (d *directory) remember(schema string, t *catalog.Table, rows []map[string]any) {
	for i := range t.Columns {
		c := &t.Columns[i]
		key := schema + "|" + t.Name + "|" + c.Name
		if len(d.values[key]) > 0 {
			continue
		}
		for _, row := range rows {
			v := row[c.Name]
			if list, ok := v.([]string); ok && len(list) > 0 {
				v = list[0]
			}
			if v != nil && len(d.values[key]) < 120 {
				d.values[key] = append(d.values[key], fmt.Sprint(v))
			}
		}
	}
}

// fill makes an oracle of the world's rows.
func (w *oracleWorld) fill(t *testing.T) *oracle {
	t.Helper()
	o := newOracle(t)
	for _, name := range w.schemas {
		o.exec("CREATE SCHEMA " + quoted(name))
	}
	for _, table := range w.tables {
		o.load(table, w.truth.table(table))
		if table.Schema.Name == "Information" { // known without the schema's name
			o.exec("CREATE VIEW Administrators." + quoted(table.Name) + " AS FROM Information." + quoted(table.Name))
		}
	}
	o.exec("SET schema = 'Administrators'")
	return o
}

// answer posts a statement and reads its rows as an Arrow stream.
func (w *oracleWorld) answer(t *testing.T, q generated) (rows [][]string, problem string) {
	t.Helper()
	var parameters []any
	for _, p := range q.parameters {
		parameters = append(parameters, bare(p))
	}
	body, err := json.Marshal(map[string]any{"query": q.sql, "parameters": parameters})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.web.URL+"/sql?format=arrow", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		return nil, fmt.Sprintf("%d %s", resp.StatusCode, text)
	}
	r, err := ipc.NewReader(resp.Body)
	if err != nil {
		return nil, err.Error()
	}
	defer r.Release()
	for r.Next() {
		rows = append(rows, testkit.Texts(r.RecordBatch())...)
	}
	if r.Err() != nil {
		return nil, r.Err().Error()
	}
	return rows, ""
}

func bare(p testkit.Parameter) any {
	switch {
	case p.List != nil:
		list := make([]any, len(p.List))
		for i, item := range p.List {
			list[i] = bare(item)
		}
		return list
	case p.Null:
		return nil
	}
	switch p.Value.Kind {
	case predicate.Int:
		return p.Value.Int
	case predicate.Float:
		return p.Value.Float
	case predicate.Bool:
		return p.Value.Bool
	default:
		return p.Value.Str
	}
}

// TestRandomSQLAgainstAnOracle asks the gateway and a database that holds the
// same rows the same statements.
func TestRandomSQLAgainstAnOracle(t *testing.T) {
	t.Parallel()
	start := seed.Of(t)
	w := newOracleWorld(t, oracleUsers)
	count := oracleShort
	if *long {
		count = oracleLong
	}
	for shard := range oracleShards {
		t.Run(fmt.Sprint("shard ", shard), func(t *testing.T) {
			t.Parallel()
			o := w.fill(t)
			g := &sqlgen{r: rand.New(rand.NewPCG(start, uint64(shard))), d: w.d, wide: true, lists: true}
			stats := map[string]int{}
			for n := range count / oracleShards {
				if q := g.query(); !w.agree(t, o, q, stats) {
					t.Errorf("statement %d of shard %d, PROPERTY_SEED=%d", n, shard, start)
				}
			}
			t.Logf("%v", stats)
			if n := stats["statements"]; stats["empty"] > n*6/10 || stats["refused"] > n/10 {
				t.Errorf("the statements say too little: %v", stats)
			}
		})
	}
}

// agree compares both answers of a statement.
func (w *oracleWorld) agree(t *testing.T, o *oracle, q generated, stats map[string]int) bool {
	t.Helper()
	want, wantProblem := o.query(strings.ReplaceAll(q.literal, "[CData].[Administrators]", "Administrators"))
	got, gotProblem := w.answer(t, q)
	stats["statements"]++
	stats["rows"] += len(want)
	if len(want) == 0 {
		stats["empty"]++
	}
	if gotProblem != "" || wantProblem != "" {
		stats["refused"]++
		if gotProblem != "" && wantProblem != "" {
			return true
		}
		t.Errorf("%s\n%s\nthe gateway: %s\nthe oracle: %s", q.sql, texts(q.parameters), gotProblem, wantProblem)
		return false
	}
	if !q.ordered {
		sortRows(got)
		sortRows(want)
	}
	if slices.EqualFunc(got, want, slices.Equal[[]string]) {
		return true
	}
	t.Errorf("%s\n%s\nthe gateway, %d rows:\n%s\nthe oracle, %d rows:\n%s\nplan:\n%s",
		q.sql, texts(q.parameters), len(got), some(got, want), len(want), some(want, got), explained(t, w.web.Stack, q))
	return false
}
