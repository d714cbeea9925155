//go:build duckdb_arrow

package duck_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func BenchmarkBind(b *testing.B) {
	e := open(b)
	const (
		plain = "SELECT Id, Name FROM Members WHERE Email = 'x'"
		join  = "SELECT b.Name, count(*) FROM Members m JOIN Branches b ON b.Id = m.BranchId WHERE m.Active GROUP BY 1 ORDER BY 2 DESC"
	)
	bind := func(r duck.BindRequest) error {
		_, err := e.Bind(context.Background(), r)
		return err
	}
	plan := func(r duck.BindRequest) error {
		_, _, err := e.BindWays(context.Background(), r)
		return err
	}
	for _, c := range []struct {
		name, sql string
		bind      func(duck.BindRequest) error
	}{
		{"plain/direct", plain, bind}, {"plain/planned", plain, plan}, {"join/kept", join, bind}, {"join/planned", join, plan},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := request(c.sql)
			for b.Loop() {
				if err := c.bind(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRunTiny(b *testing.B) {
	e := open(b)
	m := newLibrary().table(b, "Members")
	for _, once := range []bool{true, false} {
		b.Run(fmt.Sprint("once=", once), func(b *testing.B) {
			for b.Loop() {
				j := query.Job{SQL: `SELECT count(*) FROM "Town"."Members" WHERE Age > 3`, Inputs: []query.Input{input(m, once, members())}}
				if _, err := run(context.Background(), e, j); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// wide is a table of 20 columns.
func wide() *catalog.Table {
	s := &catalog.Schema{Name: "Town"}
	t := &catalog.Table{Name: "Wide", Schema: s}
	for i := range 20 {
		t.Columns = append(t.Columns, column(fmt.Sprint("c", i), []catalog.Type{catalog.String, catalog.Int64, catalog.Bool, catalog.GUID}[i%4]))
	}
	s.Tables = []*catalog.Table{t}
	return t
}

func wideBatch(t *catalog.Table, n int) arrow.RecordBatch {
	var all []int
	for i := range t.Columns {
		all = append(all, i)
	}
	list := make(rows, n)
	for r := range list {
		list[r] = map[string]any{}
		for i := range t.Columns {
			list[r][t.Columns[i].Name] = []any{fmt.Sprint("value ", r%97), r, r%2 == 0, ann}[i%4]
		}
	}
	return record(t, all, list)
}

// BenchmarkStream aggregates a million rows of 20 columns as they stream in.
func BenchmarkStream(b *testing.B) {
	e := open(b)
	t := wide()
	batch := wideBatch(t, 1000)
	defer batch.Release()
	var all []int
	for i := range t.Columns {
		all = append(all, i)
	}
	for b.Loop() {
		src := make([]scan.Batch, 1000)
		for i := range src {
			batch.Retain()
			src[i] = scan.Batch{Record: batch}
		}
		sql := "SELECT c0"
		for i := 1; i < 20; i++ {
			sql += fmt.Sprintf(", max(c%d)", i)
		}
		got, err := run(context.Background(), e, query.Job{
			SQL: sql + ` FROM "Town"."Wide" GROUP BY 1`, Inputs: []query.Input{{Table: t, Columns: all, Once: true, Rows: scan.Of(src...)}},
		})
		if err != nil || len(got) != 97 {
			b.Fatal(len(got), err)
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	e := open(b)
	m := newLibrary().table(b, "Members")
	f, err := e.Filter(context.Background(), m, []int{1, 6}, `lower("Name") = 'ann' AND "Age" % 2 = 0`)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var list rows
	for i := range 1000 {
		list = append(list, map[string]any{"Name": fmt.Sprint("name ", i), "Age": i})
	}
	rec := record(m, []int{1, 6}, list)
	defer rec.Release()
	for b.Loop() {
		if _, err := f.Mask(context.Background(), rec); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJoin joins 200,000 loans with the 100,000 members of which one in
// fifty passes a condition: what join filter push-down was made for.
func BenchmarkJoin(b *testing.B) {
	// As in a container of 2 GiB.
	e := open(b, func(c *duck.Config) { c.MemoryLimit = 1 << 30 })
	lib := newLibrary()
	m, l := lib.table(b, "Members"), lib.table(b, "Loans")
	id := func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", uint32(i)*2654435761) }
	members, loans := make(rows, 100_000), make(rows, 200_000)
	for i := range members {
		members[i] = map[string]any{"Id": id(i), "Name": fmt.Sprint("name ", i%5003), "Age": i % 50}
	}
	for i := range loans {
		loans[i] = map[string]any{"MemberId": id(i * 7 % 100_000), "BookId": fmt.Sprint("book ", i)}
	}
	inputs := []query.Input{paged(m, true, members), paged(l, true, loans)}
	kept := make([][]arrow.RecordBatch, len(inputs))
	for i, in := range inputs {
		for batch, err := in.Rows.Next(context.Background()); err == nil; batch, err = in.Rows.Next(context.Background()) {
			defer batch.Record.Release()
			kept[i] = append(kept[i], batch.Record)
		}
	}
	for _, once := range []bool{true, false} {
		for _, c := range []struct{ name, where string }{{"all", ""}, {"few", ` WHERE m."Age" = 3`}} {
			b.Run(fmt.Sprintf("once=%t/%s", once, c.name), func(b *testing.B) {
				for b.Loop() {
					for i := range inputs {
						batches := make([]scan.Batch, len(kept[i]))
						for n, rec := range kept[i] {
							rec.Retain()
							batches[n] = scan.Batch{Record: rec}
						}
						inputs[i].Once, inputs[i].Rows = once, scan.Of(batches...)
					}
					sql := `SELECT count(*), max(l."BookId") FROM "Town"."Loans" l JOIN "Town"."Members" m ON m."Id" = l."MemberId"` + c.where
					if _, err := run(context.Background(), e, query.Job{SQL: sql, Inputs: inputs}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
