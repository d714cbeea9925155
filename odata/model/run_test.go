//go:build duckdb_arrow

package model_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	db "github.com/duckdb/duckdb-go-bindings"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// engine is a database of one thread without an optimiser: what statements mean, and
// not how they are made fast.
type engine struct {
	db   db.Database
	conn db.Connection
}

// newEngine makes a database with the rows of a library.
func newEngine(t *testing.T, l *odatatest.Library) *engine {
	t.Helper()
	e := &engine{}
	var config db.Config
	if db.CreateConfig(&config) == db.StateError || db.SetConfig(config, "threads", "1") == db.StateError {
		t.Fatal("no configuration")
	}
	defer db.DestroyConfig(&config)
	var message string
	if db.OpenExt(":memory:", &e.db, config, &message) == db.StateError || db.Connect(e.db, &e.conn) == db.StateError {
		t.Fatal("no database: ", message)
	}
	t.Cleanup(func() {
		db.Disconnect(&e.conn)
		db.Close(&e.db)
	})
	for _, sql := range []string{"SET TimeZone = 'UTC'", "PRAGMA disable_optimizer", "CREATE SCHEMA IF NOT EXISTS " + sqltext.Quote(l.Main.Name)} {
		e.exec(t, sql)
	}
	for _, table := range l.Main.Tables {
		e.load(t, table, l.Rows[table.Name])
	}
	return e
}

// load makes a table with rows.
func (e *engine) load(t *testing.T, table *catalog.Table, rows []odatatest.Row) {
	t.Helper()
	name := sqltext.Quote(table.Schema.Name) + "." + sqltext.Quote(table.Name)
	var columns, values []string
	for i := range table.Columns {
		columns = append(columns, sqltext.Quote(table.Columns[i].Name)+" "+table.Columns[i].Type.SQL())
	}
	e.exec(t, "CREATE TABLE "+name+" ("+strings.Join(columns, ", ")+")")
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = inSQL(v)
		}
		values = append(values, "("+strings.Join(cells, ", ")+")")
	}
	if len(values) > 0 {
		e.exec(t, "INSERT INTO "+name+" VALUES "+strings.Join(values, ", "))
	}
}

func inSQL(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return sqltext.Literal(v)
	case time.Time:
		return "TIMESTAMPTZ '" + v.UTC().Format("2006-01-02T15:04:05.999999Z") + "'"
	case []string:
		items := make([]string, len(v))
		for i, s := range v {
			items[i] = inSQL(s)
		}
		return "[" + strings.Join(items, ", ") + "]::VARCHAR[]"
	default:
		return fmt.Sprint(v)
	}
}

func (e *engine) exec(t *testing.T, sql string) {
	t.Helper()
	var res db.Result
	defer db.DestroyResult(&res)
	if db.Query(e.conn, sql, &res) == db.StateError {
		t.Fatalf("%s: %s", sql, db.ResultError(&res))
	}
}

// texts are the rows of a statement, each as JSON; problem is the engine's refusal.
func (e *engine) texts(t *testing.T, sql string) (rows []string, problem string) {
	t.Helper()
	var res db.Result
	defer db.DestroyResult(&res)
	if db.Query(e.conn, "SELECT CAST(to_json(q_) AS VARCHAR) AS j FROM ("+sql+") AS q_", &res) == db.StateError {
		return nil, db.ResultError(&res)
	}
	options := db.ResultGetArrowOptions(&res)
	defer db.DestroyArrowOptions(&options)
	schema := arrow.NewSchema([]arrow.Field{{Name: "j", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	for {
		chunk := db.FetchChunk(res)
		if chunk.Ptr == nil || db.DataChunkGetSize(chunk) == 0 {
			db.DestroyDataChunk(&chunk)
			return rows, ""
		}
		rec, failed := db.DataChunkToArrowArray(options, schema, chunk)
		db.DestroyDataChunk(&chunk)
		if db.ErrorDataHasError(failed) {
			t.Fatal(sql, db.ErrorDataMessage(failed))
		}
		db.DestroyErrorData(&failed)
		column := rec.Column(0).(*array.String)
		for i := range column.Len() {
			rows = append(rows, strings.Clone(column.Value(i)))
		}
		rec.Release()
	}
}

// query gives the rows of a statement by their columns' names.
func (e *engine) query(t *testing.T, sql string) []map[string]any {
	t.Helper()
	texts, problem := e.texts(t, sql)
	if problem != "" {
		t.Fatalf("%s\n%s", problem, sql)
	}
	out := make([]map[string]any, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &out[i]); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return out
}

// answer gives the rows that an address reads, as far as one statement tells them.
func (e *engine) answer(t *testing.T, r *model.Resource, link predicate.Expr, limit int64) []map[string]any {
	t.Helper()
	return e.query(t, filledIn(r.Statement(link, limit)))
}

// column is one column of rows, as text; null is "<null>".
func column(rows []map[string]any, name string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		if out[i] = fmt.Sprint(row[name]); row[name] == nil {
			out[i] = "<null>"
		}
	}
	return out
}
