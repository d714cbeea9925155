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
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
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

// field is a column of people. values makes an array of its values.
type field struct {
	catalog.Column
	values func([]person) arrow.Array
}

var fields = []field{
	{catalog.Column{Name: "Id", Type: catalog.GUID, Key: true, Required: true}, texts(func(p *person) *string { return &p.ID })},
	{catalog.Column{Name: "Username", Type: catalog.String, Required: true}, texts(func(p *person) *string { return &p.Username })},
	{catalog.Column{Name: "Email", Type: catalog.String}, texts(func(p *person) *string { return &p.Email })},
	{catalog.Column{Name: "FirstName", Type: catalog.String}, texts(func(p *person) *string { return &p.FirstName })},
	{catalog.Column{Name: "LastName", Type: catalog.String}, texts(func(p *person) *string { return &p.LastName })},
	{catalog.Column{Name: "Department", Type: catalog.String}, texts(func(p *person) *string { return p.Department })},
	{catalog.Column{Name: "Enabled", Type: catalog.Bool}, func(rows []person) arrow.Array {
		bits := spare.Allocate(int(bitutil.BytesForBits(int64(len(rows)))))
		for i := range rows {
			bitutil.SetBitTo(bits, i, rows[i].Enabled)
		}
		return made(array.NewBooleanData, arrow.FixedWidthTypes.Boolean, len(rows), 0, nil, bits, 1)
	}},
	{catalog.Column{Name: "SignOns", Type: catalog.Int32}, func(rows []person) arrow.Array {
		numbers := spare.Allocate(arrow.Int32Traits.BytesRequired(len(rows)))
		for i, at := 0, arrow.Int32Traits.CastFromBytes(numbers); i < len(rows); i++ {
			at[i] = rows[i].SignOns
		}
		return made(array.NewInt32Data, arrow.PrimitiveTypes.Int32, len(rows), 0, nil, numbers, 1)
	}},
	{catalog.Column{Name: "CreatedAt", Type: catalog.Timestamp}, instants(func(p *person) time.Time { return p.CreatedAt })},
	{catalog.Column{Name: "UpdatedAt", Type: catalog.Timestamp}, instants(func(p *person) time.Time { return p.UpdatedAt })},
}

// spare are the memory of all batches.
var spare = &reuse{}

// made makes an array of n values, which take their memory with them. Bits of valid
// tell which of them there are, nil for all. The values are so many of Arrow's buffers.
func made[A arrow.Array](of func(arrow.ArrayData) A, typ arrow.DataType, n, nulls int, valid, values []byte, parts int) arrow.Array {
	buffers := make([]*memory.Buffer, 1+parts)
	if valid != nil {
		buffers[0] = memory.NewBufferWithAllocator(valid, spare)
		defer buffers[0].Release() // to the array
	}
	shared := memory.NewBufferWithAllocator(values, spare)
	defer shared.Release()
	for i := range parts {
		buffers[1+i] = shared
	}
	data := array.NewData(typ, n, buffers, nil, nulls, 0)
	defer data.Release()
	return of(data)
}

// texts makes an array of texts, null where of gives nil. Their ends and they
// themselves share a piece of memory.
func texts(of func(*person) *string) func([]person) arrow.Array {
	return func(rows []person) arrow.Array {
		size, nulls := arrow.Int32Traits.BytesRequired(1+len(rows)), 0
		first := size
		for i := range rows {
			if text := of(&rows[i]); text != nil {
				size += len(*text)
			} else {
				nulls++
			}
		}
		var valid []byte
		if nulls > 0 {
			valid = spare.Allocate(int(bitutil.BytesForBits(int64(len(rows)))))
		}
		all := spare.Allocate(size)
		ends, end := arrow.Int32Traits.CastFromBytes(all[:first]), first
		ends[0] = int32(first)
		for i := range rows {
			text := of(&rows[i])
			if text != nil {
				end += copy(all[end:], *text)
			}
			if valid != nil {
				bitutil.SetBitTo(valid, i, text != nil)
			}
			ends[1+i] = int32(end)
		}
		return made(array.NewStringData, arrow.BinaryTypes.String, len(rows), nulls, valid, all, 2)
	}
}

func instants(of func(*person) time.Time) func([]person) arrow.Array {
	return func(rows []person) arrow.Array {
		times := spare.Allocate(arrow.TimestampTraits.BytesRequired(len(rows)))
		for i, at := 0, arrow.TimestampTraits.CastFromBytes(times); i < len(rows); i++ {
			at[i] = arrow.Timestamp(of(&rows[i]).UnixMilli())
		}
		return made(array.NewTimestampData, catalog.Timestamp.Arrow(), len(rows), 0, nil, times, 1)
	}
}

// people answer requests of an OData service over rows in memory; what such a
// service needs for that. Batches are built for each request.
type people struct {
	*odatatest.Executor // refuses what nobody asks here
	rows                []person
	at                  map[string]int
}

func newPeople(rows []person) *people {
	t := peopleTable()
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
	columns []int // of fields
	schema  *arrow.Schema
}

func newPeopleStream(q *query.Query, rows []person) *peopleStream {
	a := &q.Accesses[0]
	s := &peopleStream{rows: rows, columns: make([]int, len(q.Plain.Project))}
	for i, at := range q.Plain.Project {
		s.columns[i] = a.Columns[at]
	}
	s.schema = wholeSchema
	if !slices.Equal(s.columns, wholeColumns) {
		s.schema = a.Table.ArrowSchema(s.columns)
	}
	return s
}

// wholeColumns and wholeSchema are those of whole rows.
var (
	wholeColumns = func() []int {
		all := make([]int, len(fields))
		for i := range all {
			all[i] = i
		}
		return all
	}()
	wholeSchema = peopleTable().ArrowSchema(wholeColumns)
)

func peopleTable() *catalog.Table {
	t := &catalog.Table{Name: "Users", Entity: "User"}
	for _, f := range fields {
		t.Columns = append(t.Columns, f.Column)
	}
	return t
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
		columns[i] = fields[f].values(s.rows[:n])
	}
	s.rows = s.rows[n:]
	record := array.NewRecordBatch(s.schema, columns, int64(n))
	for _, c := range columns {
		c.Release() // to the record
	}
	return scan.Batch{Record: record}, nil
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
