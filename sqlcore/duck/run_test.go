//go:build duckdb_arrow

package duck_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	ann = "00000000-0000-4000-8000-00000000000a"
	bob = "00000000-0000-4000-8000-00000000000b"
	cem = "00000000-0000-4000-8000-00000000000c"
)

var joined = time.Date(2024, 2, 29, 10, 0, 0, 123e6, time.UTC)

func members() rows {
	return rows{
		{"Id": ann, "Name": "Ann", "Active": true, "Joined": joined, "Age": 30, "Points": 1 << 40, "Balance": 1.5, "Notes": `{"a":1}`, "Tags": []string{"x", "y"}},
		{"Id": bob, "Name": "Bøb", "Active": false, "Age": 40},
		{"Id": cem},
	}
}

func run(ctx context.Context, e *duck.Engine, j query.Job) ([]string, error) {
	b, err := e.Run(ctx, j)
	if err != nil {
		return nil, err
	}
	return collect(ctx, b)
}

func TestRunReadsInputs(t *testing.T) {
	t.Parallel()
	e := open(t)
	lib := newLibrary()
	m, br := lib.table(t, "Members"), lib.table(t, "Branches")
	cases := []struct {
		name, sql string
		inputs    func() []query.Input
		want      []string
	}{
		{"no input", `SELECT 1 + 1 AS two, 'a' AS a`, func() []query.Input { return nil }, []string{"2|a"}},
		{
			"every type, streamed", `SELECT * FROM "Town"."Members" ORDER BY Id`,
			func() []query.Input { return []query.Input{input(m, true, members())} },
			[]string{
				ann + "|Ann|NULL|true|2024-02-29T10:00:00.123Z|NULL|30|1099511627776|1.5|{\"a\":1}|[\"x\",\"y\"]|NULL",
				bob + "|Bøb|NULL|false|NULL|NULL|40|NULL|NULL|NULL|NULL|NULL",
				cem + "|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
			},
		},
		{
			"missing columns are null", `SELECT Name, Age, Email FROM "Town"."Members" WHERE Id = '` + ann + `'`,
			func() []query.Input {
				rec := record(m, []int{1, 0}, members())
				return []query.Input{{Table: m, Columns: []int{1, 0}, Once: true, Rows: scan.Of(scan.Batch{Record: rec})}}
			},
			[]string{"Ann|NULL|NULL"},
		},
		{
			"no columns at all", `SELECT count(*) FROM "Town"."Members"`,
			func() []query.Input {
				return []query.Input{{Table: m, Columns: []int{}, Once: true, Rows: scan.Of(scan.Batch{Record: record(m, nil, members())})}}
			},
			[]string{"3"},
		},
		{
			"no rows", `SELECT count(*), max(Name) FROM "Town"."Members"`,
			func() []query.Input {
				return []query.Input{{Table: m, Columns: []int{0, 1}, Once: true, Rows: scan.Of()}}
			},
			[]string{"0|NULL"},
		},
		{
			"kept table scanned twice", `SELECT a.Name FROM "Town"."Members" a JOIN "Town"."Members" b ON a.Age < b.Age`,
			func() []query.Input { return []query.Input{input(m, false, members())} },
			[]string{"Ann"},
		},
		{
			"kept table read in a recursion", readInRecursion,
			func() []query.Input { return []query.Input{input(m, false, members())} },
			[]string{"4"},
		},
		{
			"two inputs of a table, merged by key", `SELECT Name FROM "Town"."Members" ORDER BY Name`,
			func() []query.Input {
				return []query.Input{input(m, false, members()[:2]), input(m, false, members()[1:])}
			},
			[]string{"Ann", "Bøb", "NULL"},
		},
		{
			"two inputs with other columns", `SELECT Name, Age FROM "Town"."Members" ORDER BY Name`,
			func() []query.Input {
				return []query.Input{
					{Table: m, Columns: []int{0, 1}, Rows: scan.Of(scan.Batch{Record: record(m, []int{0, 1}, members())})},
					{Table: m, Columns: []int{6, 0}, Rows: scan.Of(scan.Batch{Record: record(m, []int{6, 0}, members())})},
				}
			},
			[]string{"Ann|30", "Bøb|40", "NULL|NULL"},
		},
		{
			"join of a stream and a table", `SELECT m.Name, b.City FROM "Town"."Members" m LEFT JOIN "Town"."Branches" b ON b.MemberCount = m.Age ORDER BY 1`,
			func() []query.Input {
				return []query.Input{input(m, true, members()), input(br, false, rows{{"Id": ann, "City": "Bonn", "MemberCount": 40}})}
			},
			[]string{"Ann|NULL", "Bøb|Bonn", "NULL|NULL"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := run(context.Background(), e, query.Job{SQL: c.sql, Inputs: c.inputs()})
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

const readInRecursion = `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, "Town"."Members" m WHERE m.Name = 'Ann' AND n < 4) SELECT max(n) FROM r`

// TestAStreamThatIsReadTwice is an error, never a result that lacks rows.
func TestAStreamThatIsReadTwice(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	for name, sql := range map[string]string{
		"in a join":      `SELECT a.Name FROM "Town"."Members" a JOIN "Town"."Members" b ON a.Age < b.Age`,
		"in a recursion": readInRecursion,
		"in a union":     `SELECT Name FROM "Town"."Members" UNION ALL SELECT Email FROM "Town"."Members"`,
	} {
		got, err := run(context.Background(), e, query.Job{SQL: sql, Inputs: []query.Input{input(m, true, members())}})
		if !gwerr.Is(err, gwerr.Internal) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// TestReadingsThatRepeat binds statements: who hands rows over as a stream goes by
// what is said there.
func TestReadingsThatRepeat(t *testing.T) {
	t.Parallel()
	e := open(t)
	for name, c := range map[string]struct {
		sql  string
		want []string // Members, Branches
	}{
		"plain":                        {"SELECT Name FROM Members", []string{"Members once"}},
		"a join":                       {"SELECT m.Name FROM Members m JOIN Branches b ON b.Id = m.BranchId WHERE length(City) > 3", []string{"Members once", "Branches once"}},
		"a correlated query":           {"SELECT Name, (SELECT max(City) FROM Branches b WHERE b.Id = m.BranchId) FROM Members m", []string{"Members once", "Branches once"}},
		"a recursion":                  {"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, Members m WHERE m.Age > n) SELECT n FROM r", []string{"Members again"}},
		"beside a recursion":           {"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT n FROM r, Members", []string{"Members once"}},
		"a table that is materialized": {"WITH c AS MATERIALIZED (SELECT Name FROM Members WHERE length(Name) > 2) SELECT * FROM c x JOIN c y USING (Name)", []string{"Members again"}},
		"beside one":                   {"WITH c AS MATERIALIZED (SELECT Name FROM Members WHERE length(Name) > 2) SELECT c.Name FROM c, c d, Branches b", []string{"Members again", "Branches once"}},
		"a table that isn't read":      {"SELECT count(*) FROM Members WHERE 1 = 0", []string{"Members again"}},
		"a plan that can't be read":    {"SELECT '101'::BIT, Name FROM Members", []string{"Members again"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range q.Accesses {
				got = append(got, a.Table.Name+map[bool]string{true: " again", false: " once"}[a.Again])
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRunSchema(t *testing.T) {
	t.Parallel()
	e := open(t)
	b, err := e.Run(context.Background(), query.Job{SQL: `SELECT count(*), 1::DECIMAL(5,2) AS d, DATE '2024-01-01' AS day, [1, 2] AS l,
		{'a': 'b'} AS s, uuid() AS u, '{}'::JSON AS j, now() AS t, INTERVAL 1 DAY AS i, sum(1) AS h`})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var got []string
	for _, f := range b.(interface{ Schema() *arrow.Schema }).Schema().Fields() {
		got = append(got, f.Name+" "+f.Type.String())
	}
	want := []string{
		"count int64", "d decimal(5, 2)", "day date32", "l list<l: int32, nullable>", "s struct<a: utf8 nullable>", "u utf8", "j utf8",
		"t timestamp[us, tz=UTC]", "i month_day_nano_interval", "h decimal(38, 0)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	batch, err := b.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Record.Release()
	if batch.Record.NumRows() != 1 || !batch.Record.Schema().Equal(b.(interface{ Schema() *arrow.Schema }).Schema()) {
		t.Errorf("batch %v", batch.Record.Schema())
	}
}

func TestRunParameters(t *testing.T) {
	t.Parallel()
	e := open(t)
	got, err := run(context.Background(), e, query.Job{
		SQL: `SELECT $1 || '!', $2 + 1, $3, $4 * 2, $5`,
		Parameters: []predicate.Value{
			predicate.StringValue("it's"), predicate.IntValue(1 << 40), predicate.BoolValue(true), predicate.FloatValue(1.25), predicate.TimeValue(joined),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"it's!|1099511627777|true|2.5|2024-02-29T10:00:00.123Z"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := run(context.Background(), e, query.Job{SQL: `SELECT $1`}); !gwerr.Is(err, gwerr.BadParameter) {
		t.Errorf("missing parameter: %v", err)
	}
}

// source is a stream that makes batches on demand.
type source struct {
	next   func(ctx context.Context, n int) (scan.Batch, error)
	n      int
	closed atomic.Int32
}

func (s *source) Next(ctx context.Context) (scan.Batch, error) {
	s.n++
	return s.next(ctx, s.n)
}

func (s *source) Close() { s.closed.Add(1) }

func TestRunReportsInputErrors(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	broken := gwerr.New(gwerr.UpstreamCutShort, "The page ended early.", "")
	for _, once := range []bool{true, false} {
		for _, sql := range []string{
			`SELECT Name FROM "Town"."Members"`, `SELECT count(*) FROM "Town"."Members"`,
			`SELECT a.Name FROM "Town"."Members" a, "Town"."Members" b`,
		} {
			t.Run(fmt.Sprint(sql, once), func(t *testing.T) {
				t.Parallel()
				src := &source{next: func(_ context.Context, n int) (scan.Batch, error) {
					if n > 3 {
						return scan.Batch{}, broken
					}
					return scan.Batch{Record: record(m, []int{1}, members())}, nil
				}}
				_, err := run(context.Background(), e, query.Job{SQL: sql, Inputs: []query.Input{{Table: m, Columns: []int{1}, Once: once, Rows: src}}})
				if !errors.Is(err, broken) {
					t.Errorf("got %v, want the input's own error", err)
				}
				if src.closed.Load() == 0 {
					t.Error("the input is not closed")
				}
			})
		}
	}
}

func TestRunSurvivesPanickingInput(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	src := &source{next: func(context.Context, int) (scan.Batch, error) { panic("boom") }}
	_, err := run(context.Background(), e, query.Job{
		SQL: `SELECT Name FROM "Town"."Members"`, Inputs: []query.Input{{Table: m, Columns: []int{1}, Once: true, Rows: src}},
	})
	if !gwerr.Is(err, gwerr.Internal) {
		t.Errorf("got %v, want an internal error", err)
	}
}

func TestRunRejectsWrongBatches(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	_, err := run(context.Background(), e, query.Job{
		SQL: `SELECT Name FROM "Town"."Members"`,
		Inputs: []query.Input{{
			Table: m, Columns: []int{1}, Once: true,
			Rows: scan.Of(scan.Batch{Record: record(m, []int{6}, members())}),
		}},
	})
	if !gwerr.Is(err, gwerr.Internal) {
		t.Errorf("got %v, want an internal error", err)
	}
}

// TestRunStreams reads the first rows of an endless input.
func TestRunStreams(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	src := &source{next: func(ctx context.Context, n int) (scan.Batch, error) {
		if err := ctx.Err(); err != nil {
			return scan.Batch{}, err
		}
		list := make(rows, 2048)
		for i := range list {
			list[i] = map[string]any{"Name": fmt.Sprint(n)}
		}
		return scan.Batch{Record: record(m, []int{1}, list)}, nil
	}}
	b, err := e.Run(context.Background(), query.Job{
		SQL: `SELECT upper(Name) FROM "Town"."Members"`, Inputs: []query.Input{{Table: m, Columns: []int{1}, Once: true, Rows: src}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		batch, err := b.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		batch.Record.Release()
	}
	b.Close()
	b.Close()
	if src.closed.Load() == 0 {
		t.Error("the input is not closed")
	}
	if _, err := b.Next(context.Background()); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("reading a closed result gives %v", err)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	cases := []struct{ name, sql string }{
		{"while the engine computes", `SELECT count(*) FROM range(1000000) a, range(1000000) b`},
		{"while an input waits", `SELECT count(*) FROM "Town"."Members"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			waiting := make(chan struct{})
			var once sync.Once
			src := &source{next: func(ctx context.Context, _ int) (scan.Batch, error) {
				once.Do(func() { close(waiting) })
				<-ctx.Done()
				return scan.Batch{}, ctx.Err()
			}}
			j := query.Job{SQL: c.sql}
			if strings.Contains(c.sql, "Members") {
				j.Inputs = []query.Input{{Table: m, Columns: []int{1}, Once: true, Rows: src}}
			} else {
				close(waiting)
			}
			done := make(chan error, 1)
			go func() {
				_, err := run(ctx, e, j)
				done <- err
			}()
			<-waiting
			cancel()
			if err := <-done; !gwerr.Is(err, gwerr.Canceled) {
				t.Errorf("got %v, want a cancelled query", err)
			}
			if len(j.Inputs) > 0 && src.closed.Load() == 0 {
				t.Error("the input is not closed")
			}
		})
	}
}

func TestRunBoundsMemory(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.MemoryLimit = 32 << 20; c.Threads = 1 })
	_, err := run(context.Background(), e, query.Job{SQL: `SELECT len(list(a.range || 'some text that takes room')) FROM range(30000000) a`})
	if !gwerr.Is(err, gwerr.OutOfMemory) {
		t.Fatalf("got %v, want out of memory", err)
	}
	got, err := run(context.Background(), e, query.Job{SQL: `SELECT 1`})
	if err != nil || !slices.Equal(got, []string{"1"}) {
		t.Errorf("after running out of memory: %v, %v", got, err)
	}
}

// TestRunDividesLargeBatches reads rows of very different sizes: no batch is much
// larger than it has to be, and all come.
func TestRunDividesLargeBatches(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.MemoryLimit = 2 << 30 })
	b, err := e.Run(context.Background(), query.Job{SQL: `SELECT range, repeat('x', CASE WHEN range > 4000 THEN 100000 ELSE 10 END) FROM range(4100)`})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	rows, largest := int64(0), uint64(0)
	for {
		batch, err := b.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows += batch.Record.NumRows()
		largest = max(largest, batch.Record.Column(1).Data().SizeInBytes())
		batch.Record.Release()
	}
	if rows != 4100 || largest > 5<<20 {
		t.Errorf("%d rows, in batches of up to %d bytes", rows, largest)
	}
	if _, err := run(context.Background(), e, query.Job{SQL: `SELECT repeat('x', 100000000)`}); !gwerr.Is(err, gwerr.LimitExceeded) {
		t.Errorf("a row of 100 MB: %v", err)
	}
}

func TestRunErrorsInMidResult(t *testing.T) {
	t.Parallel()
	e := open(t)
	got, err := run(context.Background(), e, query.Job{SQL: `SELECT CAST(CASE WHEN range = 200000 THEN 'x' ELSE '1' END AS INTEGER) FROM range(300000)`})
	if !gwerr.Is(err, gwerr.TypeMismatch) {
		t.Errorf("got %d rows and %v, want a type mismatch", len(got), err)
	}
}

func TestRunLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	ctx := context.Background()
	var wg sync.WaitGroup
	for n := range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			list := rows{{"Id": ann, "Name": fmt.Sprint("member ", n)}}
			got, err := run(ctx, e, query.Job{
				SQL:    `SELECT unnest([Name, Name]) FROM "Town"."Members"`,
				Inputs: []query.Input{input(m, n%2 == 0, list)},
			})
			want := []string{fmt.Sprint("member ", n), fmt.Sprint("member ", n)}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		}()
	}
	wg.Wait()
	got, err := run(ctx, e, query.Job{SQL: `SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name NOT LIKE 'q\_%' ESCAPE '\' OR database_name LIKE 'q\_%' ESCAPE '\'`})
	if err != nil || len(got) != 2 { // memory and the query's own
		t.Errorf("catalogs left: %v, %v", got, err)
	}
}

func TestCloseRemovesTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := duck.Open(context.Background(), duck.Config{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("%d entries while open, want the engine's directory", len(list))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("%d entries left", len(list))
	}
	if _, err := e.Run(context.Background(), query.Job{SQL: "SELECT 1"}); !gwerr.Is(err, gwerr.Busy) {
		t.Errorf("running after Close: %v", err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	e := open(t)
	m, err := e.Memory(context.Background())
	if err != nil || m.LimitBytes != 256<<20 || m.UsedBytes < 0 {
		t.Errorf("got %+v, %v", m, err)
	}
}
