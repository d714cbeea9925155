//go:build duckdb_arrow

package duck_test

import (
	"context"
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	columns := []int{1, 6, 0, 4, 10}
	cases := []struct {
		sql  string
		want []bool
	}{
		{`lower("Name") = 'ann'`, []bool{true, false, false}},
		{`length("Name") = 3`, []bool{true, true, false}},
		{`"Age" % 20 = 0`, []bool{false, true, false}},
		{`"Id" = '` + cem + `'`, []bool{false, false, true}},
		{`year("Joined") = 2024 AND NOT "Name" IS NULL`, []bool{true, false, false}},
		{`NOT (lower("Name") = 'ann')`, []bool{false, true, false}},
		{`list_contains("Tags", 'x')`, []bool{true, false, false}},
		{`"Email" IS NULL`, []bool{true, true, true}},
		{`TRUE`, []bool{true, true, true}},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			f, err := e.Filter(context.Background(), m, columns, c.sql)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			rec := record(m, columns, members())
			defer rec.Release()
			for range 3 { // batch by batch
				got, err := f.Mask(context.Background(), rec)
				if err != nil || !slices.Equal(got, c.want) {
					t.Errorf("got %v, %v, want %v", got, err, c.want)
				}
			}
		})
	}
}

func TestFilterOverManyRows(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	var list rows
	for i := range 5000 {
		list = append(list, map[string]any{"Age": i})
	}
	f, err := e.Filter(context.Background(), m, []int{6}, `"Age" % 3 = 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rec := record(m, []int{6}, list)
	defer rec.Release()
	got, err := f.Mask(context.Background(), rec)
	if err != nil || len(got) != 5000 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, keep := range got {
		if keep != (i%3 == 0) {
			t.Fatalf("row %d: %v", i, keep)
		}
	}
	empty := record(m, []int{6}, nil)
	defer empty.Release()
	if got, err := f.Mask(context.Background(), empty); err != nil || len(got) != 0 {
		t.Errorf("no rows: %v, %v", got, err)
	}
}

func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	cases := []struct {
		name, sql string
		want      gwerr.Code
	}{
		{"another statement", `1=1); DROP TABLE x; SELECT (1=1`, gwerr.Syntax},
		{"closed too early", `1=1) OR (1=1`, gwerr.Syntax},
		{"a sub-select", `EXISTS (SELECT 1 FROM duckdb_settings())`, gwerr.UnknownFunction},
		{"a table", `"Name" IN (SELECT x FROM y)`, gwerr.NotImplemented},
		{"a hidden function", `getenv('HOME') = 'x'`, gwerr.UnknownFunction},
		{"an unknown column", `"Nome" = 'x'`, gwerr.UnknownColumn},
		{"a parameter", `"Name" = ?`, gwerr.Syntax},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := e.Filter(context.Background(), m, []int{1}, c.sql)
			if err == nil {
				f.Close()
			}
			if !gwerr.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestFilterReportsFailingRows(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	f, err := e.Filter(context.Background(), m, []int{1}, `CAST("Name" AS INTEGER) = 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rec := record(m, []int{1}, members())
	defer rec.Release()
	if _, err := f.Mask(context.Background(), rec); !gwerr.Is(err, gwerr.TypeMismatch) {
		t.Errorf("got %v, want a type mismatch", err)
	}
}
