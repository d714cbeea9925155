//go:build duckdb_arrow

package model_test

import (
	"fmt"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// TestNumbersOfItemsAreAggregated: $count of a collection is an expression like others,
// which a method aggregates; without a method all items are counted.
//
// Source: OData Data Aggregation 4.0, sections 3.2.1.1 and 3.2.1.4.
func TestNumbersOfItemsAreAggregated(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(30)
	e := newEngine(t, lib)
	sum, largest := 0, 0
	for _, row := range lib.Rows["Books"] {
		n := len(row[8].([]string))
		sum, largest = sum+n, max(largest, n)
	}
	r, err := bind(t, "Books?"+escaped("$apply=aggregate(Tags/$count with sum as S,Tags/$count as N,Tags/$count with max as M,Tags/$count with average as A)"))
	if err != nil {
		t.Fatal(err)
	}
	rows := e.answer(t, r, nil, -1)
	want := fmt.Sprint(map[string]any{"S": sum, "N": sum, "M": largest, "A": float64(sum) / 30})
	if len(rows) != 1 || fmt.Sprint(rows[0]) != want {
		t.Errorf("got  %v\nwant %s", rows, want)
	}
}
