package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// person is a row of the tables that OData servers are compared by. The servers of
// bench/odata have the same members.
type person struct {
	ID         string    `json:"Id"`
	Username   string    `json:"Username"`
	Email      string    `json:"Email"`
	FirstName  string    `json:"FirstName"`
	LastName   string    `json:"LastName"`
	Department *string   `json:"Department"`
	Enabled    bool      `json:"Enabled"`
	SignOns    int32     `json:"SignOns"`
	CreatedAt  time.Time `json:"CreatedAt"`
	UpdatedAt  time.Time `json:"UpdatedAt"`
}

// madePeople are n people, the same in each run.
func madePeople(n int) []person {
	first, last := []string{"Ada", "Grace", "Jürgen", "Sørine", "O'Neil"}, []string{"Byron", "Hopper", "Müller", "Kierkegaard", "Shaw", "Li", "Grün"}
	departments := []string{"Sales", "Research & Development", "IT \"Operations\"", "Human Resources"}
	out := make([]person, n)
	for i := range out {
		p := person{
			ID: personID(i), Username: fmt.Sprintf("person.%06d", i), Email: fmt.Sprintf("person.%06d@example.com", i),
			FirstName: first[i%len(first)], LastName: last[i%len(last)], Enabled: i%9 != 0, SignOns: int32(i * 7919 % 10_000),
			CreatedAt: time.UnixMilli(1_600_000_000_123 + int64(i)*3_600_001).UTC(), UpdatedAt: time.UnixMilli(1_700_000_000_456 + int64(i)*61_001).UTC(),
		}
		if i%5 != 0 {
			p.Department = &departments[i%len(departments)]
		}
		out[i] = p
	}
	return out
}

func personID(i int) string { return fmt.Sprintf("57de9478-0000-4383-ab62-%012x", i) }

// field is a column of people.
type field struct {
	catalog.Column
	add func(array.Builder, *person)
}

var fields = []field{
	{catalog.Column{Name: "Id", Type: catalog.GUID, Key: true, Required: true}, text(func(p *person) string { return p.ID })},
	{catalog.Column{Name: "Username", Type: catalog.String, Required: true}, text(func(p *person) string { return p.Username })},
	{catalog.Column{Name: "Email", Type: catalog.String}, text(func(p *person) string { return p.Email })},
	{catalog.Column{Name: "FirstName", Type: catalog.String}, text(func(p *person) string { return p.FirstName })},
	{catalog.Column{Name: "LastName", Type: catalog.String}, text(func(p *person) string { return p.LastName })},
	{catalog.Column{Name: "Department", Type: catalog.String}, adding(func(b *array.StringBuilder, p *person) {
		if p.Department == nil {
			b.AppendNull()
			return
		}
		b.Append(*p.Department)
	})},
	{catalog.Column{Name: "Enabled", Type: catalog.Bool}, adding(func(b *array.BooleanBuilder, p *person) { b.Append(p.Enabled) })},
	{catalog.Column{Name: "SignOns", Type: catalog.Int32}, adding(func(b *array.Int32Builder, p *person) { b.Append(p.SignOns) })},
	{catalog.Column{Name: "CreatedAt", Type: catalog.Timestamp}, instant(func(p *person) time.Time { return p.CreatedAt })},
	{catalog.Column{Name: "UpdatedAt", Type: catalog.Timestamp}, instant(func(p *person) time.Time { return p.UpdatedAt })},
}

// adding appends by the column's own builder. Without it the column would be shorter
// than the batch, which no batch can be made of.
func adding[B array.Builder](add func(B, *person)) func(array.Builder, *person) {
	return func(b array.Builder, p *person) {
		if own, ok := b.(B); ok {
			add(own, p)
		}
	}
}

func text(of func(*person) string) func(array.Builder, *person) {
	return adding(func(b *array.StringBuilder, p *person) { b.Append(of(p)) })
}

func instant(of func(*person) time.Time) func(array.Builder, *person) {
	return adding(func(b *array.TimestampBuilder, p *person) { b.Append(arrow.Timestamp(of(p).UnixMilli())) })
}

// people answer requests of an OData service over rows in memory; what such a
// service needs for that. Batches are built for each request.
type people struct {
	*odatatest.Executor // refuses what nobody asks here
	rows                []person
	at                  map[string]int
}

func newPeople(rows []person) *people {
	t := &catalog.Table{Name: "Users", Entity: "User"}
	for _, f := range fields {
		t.Columns = append(t.Columns, f.Column)
	}
	main := &catalog.Schema{Name: "Main", ID: personID(0), Tables: []*catalog.Table{t}}
	t.Schema = main
	p := &people{Executor: &odatatest.Executor{Library: &odatatest.Library{Main: main}}, rows: rows, at: map[string]int{}}
	for i := range rows {
		p.at[rows[i].ID] = i
	}
	return p
}

// Begin implements odata.Config.
func (p *people) Begin(ctx context.Context, _ string) (context.Context, odata.Request, error) {
	return ctx, p, nil
}

// Returned implements odata.Request.
func (p *people) Returned(int64) error { return nil }

// End implements odata.Request.
func (p *people) End(error) {}

// Query implements odata.Request.
func (p *people) Query(_ context.Context, q *query.Query) (scan.Rows, error) {
	if q.Plain == nil || q.Plain.FilterSQL != "" {
		return nil, gwerr.New(gwerr.NotImplemented, "Only rows and single rows are read here.", "")
	}
	if len(predicate.Columns(q.Accesses[0].Where)) == 0 {
		rows := p.rows
		if n := q.Plain.Limit; n > 0 {
			rows = rows[:min(n, int64(len(rows)))]
		}
		return newPeopleStream(q, rows), nil
	}
	keys, ok := predicate.KeyValues(q.Accesses[0].Where, "Id")
	if !ok || len(keys) != 1 {
		return nil, gwerr.New(gwerr.NotImplemented, "Conditions are not read here.", "")
	}
	i, found := p.at[keys[0].Str]
	if !found {
		return newPeopleStream(q, nil), nil
	}
	return newPeopleStream(q, p.rows[i:i+1]), nil
}

// Page implements odata.Request.
func (p *people) Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (reading.Rows, error) {
	page, err := p.Readings().Page(ctx, reading.Target{
		Scope: func() string { return fmt.Sprint(q.Accesses[0].Where, q.Accesses[0].Columns) }, Key: key,
		Open: func(ctx context.Context, _ reading.Start) (reading.Stream, error) {
			rows, err := p.Query(ctx, q)
			return reading.Stream{Rows: rows, Ordered: true}, err
		},
	}, w)
	if err != nil {
		return nil, err
	}
	return page, nil
}

// peopleStream makes batches of the rows, in the columns of a query, as they are wanted.
type peopleStream struct {
	rows    []person
	columns []field
	schema  *arrow.Schema
}

func newPeopleStream(q *query.Query, rows []person) *peopleStream {
	s := &peopleStream{rows: rows}
	types := make([]arrow.Field, len(q.Plain.Project))
	for i, at := range q.Plain.Project {
		f := fields[q.Accesses[0].Columns[at]]
		s.columns, types[i] = append(s.columns, f), arrow.Field{Name: f.Name, Type: f.Type.Arrow(), Nullable: true}
	}
	s.schema = arrow.NewSchema(types, nil)
	return s
}

// Schema implements scan.Rows.
func (s *peopleStream) Schema() *arrow.Schema { return s.schema }

// Next implements scan.Rows.
func (s *peopleStream) Next(context.Context) (scan.Batch, error) {
	if len(s.rows) == 0 {
		return scan.Batch{}, io.EOF
	}
	n := min(feedRows, len(s.rows))
	columns := make([]arrow.Array, len(s.columns))
	for i, f := range s.columns {
		b := array.NewBuilder(memory.DefaultAllocator, f.Type.Arrow())
		b.Reserve(n)
		if texts, ok := b.(*array.StringBuilder); ok {
			texts.ReserveData(n * len(s.rows[0].ID))
		}
		for r := range n {
			f.add(b, &s.rows[r])
		}
		columns[i] = b.NewArray()
		b.Release()
	}
	s.rows = s.rows[n:]
	return scan.Batch{Record: array.NewRecordBatch(s.schema, columns, int64(n))}, nil
}

// Close implements scan.Rows.
func (s *peopleStream) Close() {}

// peopleCommand makes this program an OData server over rows in memory.
const peopleCommand = "people"

// runPeople serves the people of a JSON file.
func runPeople(args []string) error {
	flags := flag.NewFlagSet(peopleCommand, flag.ContinueOnError)
	listen := flags.String("listen", "", "address to listen on")
	from := flags.String("rows", "", "file of the rows")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*from)
	if err != nil {
		return err
	}
	var rows []person
	if err := json.Unmarshal(text, &rows); err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("there are no rows")
	}
	h, err := peopleHandler(rows)
	if err != nil {
		return err
	}
	s := &http.Server{Addr: *listen, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

func peopleHandler(rows []person) (http.Handler, error) {
	return odata.New(odata.Config{Prefix: "/odata/", Begin: newPeople(rows).Begin, Key: []byte("only of a benchmark")})
}
