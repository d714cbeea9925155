//go:build duckdb_arrow

package model_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// TestNoValueFails: whatever stands in the data, and whatever constants a request has, an
// expression that is accepted has a value, or is null; it never fails the request.
//
// Source: OData 4.01 Part 2, section 5.1.1.
func TestNoValueFails(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(6)
	books := lib.Rows["Books"]
	for i, row := range []odatatest.Row{
		{nil, "", nil, int64(1<<31 - 1), int64(1<<63 - 1), 1.7e308, nil, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), []string{}},
		{nil, "x", "", int64(-1 << 31), int64(-1 << 63), -1.7e308, nil, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), []string{"", "x"}},
		{nil, strings.Repeat("ü😀", 50), "2024-13-45", int64(0), int64(0), 5e-324, true, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), nil},
		{nil, "9223372036854775808", "P1D", nil, nil, nil, nil, nil, nil},
	} {
		copy(books[i][1:], row[1:])
	}
	e := newEngine(t, lib)
	values := map[string][]string{
		text:     {"Title", "Author", "''", "'é'", "cast(Sold,Edm.String)"},
		integer:  {"Pages", "Sold", "0", "-1", "9223372036854775807", "-9223372036854775808", "(Sold mul 4)", "-Sold", "length(Title)"},
		decimal:  {"(Sold add 0.5)", "0.1", "999999999999999999", "0.00000000000000001"},
		double:   {"Price", "INF", "-INF", "NaN", "1e308", "5e-324", "(Price mul 10)"},
		instant:  {"BoughtAt", "now()", "mindatetime()", "maxdatetime()", "-0044-03-15T00:00:00Z", "12024-01-01T00:00:00Z"},
		date:     {"date(BoughtAt)", "9999-12-31", "0001-01-01", "-0044-03-15", "12024-01-01"},
		clock:    {"time(BoughtAt)", "00:00:00", "23:59:59.999999"},
		list:     {"Tags", "[]", "['x']", "['x','','x']"},
		duration: {"(BoughtAt sub now())", "duration'P100000D'", "duration'-P100000D'", "(maxdatetime() sub BoughtAt)", "duration'PT0.000001S'"},
	}
	all := slices.Concat(values[text][:2], values[integer], values[decimal], values[double], values[instant], values[date], values[clock], values[duration])
	var expressions []string
	for _, a := range all {
		for _, b := range all {
			for _, op := range []string{"add", "sub", "mul", "div", "mod", "divby", "eq", "lt"} {
				expressions = append(expressions, a+" "+op+" "+b)
			}
		}
		for _, to := range []string{"String", "Boolean", "Int16", "Int32", "Int64", "Decimal", "Double", "Single", "Guid", "DateTimeOffset", "Date", "TimeOfDay"} {
			expressions = append(expressions, "cast("+a+",Edm."+to+")")
		}
		expressions = append(expressions, "-"+strings.TrimPrefix(a, "-"))
	}
	expressions = append(expressions, "-(duration'PT0.000001S' mul Sold)", "BoughtAt sub -0044-03-15T00:00:00Z", "9999-12-31 sub 12024-01-01")
	for _, f := range specified {
		for i := range 9 {
			args := make([]string, len(f.args))
			for k, of := range f.args {
				from := values[of]
				args[k] = from[(i+3*k)%len(from)]
			}
			expressions = append(expressions, f.name+"("+strings.Join(args, ",")+")")
		}
	}
	tried, every := 0, len(expressions)/fewer(1600)
	for i, expression := range expressions {
		if i%every > 0 && i < len(expressions)-300 {
			continue
		}
		r, err := bind(t, "Books?"+escaped("$select=X", "$compute="+expression+" as X"))
		if err != nil {
			continue // of types that don't go together: those are TestArithmetic's
		}
		tried++
		if rows, problem := e.texts(t, "SELECT count(X), count(*) FROM ("+filledIn(r.Statement(nil, -1))+")"); problem != "" || len(rows) != 1 {
			t.Errorf("%s: %s", expression, problem)
		}
	}
	if tried < 300 {
		t.Errorf("only %d expressions", tried)
	}
}
