//go:build duckdb_arrow

package model_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// TestListsAtTheirAddressInTheEngine narrows a list that the address names, and counts
// it, by random options.
//
// Source: OData 4.01 Part 1, section 11.2.6; Part 2, section 5.1.1.14.1.
func TestListsAtTheirAddressInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(8)
	r := random(t)
	for _, row := range lib.Rows["Books"] {
		row[8] = some(r, 5, "a", "b", "b", "Cc", "d d", "é", "x%")
	}
	lib.Rows["Books"][2][8] = nil // no list is an empty one
	e := newEngine(t, lib)
	filters := map[string]func(string) bool{
		"": func(string) bool { return true }, "$it gt 'b'": func(s string) bool { return s > "b" }, "not ($it in ('b','é'))": func(s string) bool { return s != "b" && s != "é" },
		"length($it) eq 1 or @x eq $it": func(s string) bool { return len([]rune(s)) == 1 || s == "Cc" }, "$it eq null": func(string) bool { return false },
	}
	names := []string{"", "$it gt 'b'", "not ($it in ('b','é'))", "length($it) eq 1 or @x eq $it", "$it eq null"}
	for range fewer(120) {
		filter, search, skip, top := pick(r, names...), "", 0, -1
		options := []string{"@x='Cc'"}
		keep := filters[filter]
		if filter != "" {
			options = append(options, "$filter="+filter)
		}
		if r.IntN(4) == 0 {
			search = pick(r, "b", "C", "É")
			options = append(options, "$search="+search)
			before := keep
			keep = func(s string) bool { return before(s) && strings.Contains(strings.ToLower(s), strings.ToLower(search)) }
		}
		ofNumber := len(options)
		var descending *bool
		if r.IntN(2) == 0 {
			descending = new(bool)
			*descending = r.IntN(2) == 0
			options = append(options, "$orderby=$it"+map[bool]string{true: " desc", false: ""}[*descending])
		}
		if r.IntN(2) == 0 {
			skip = r.IntN(4)
			options = append(options, fmt.Sprint("$skip=", skip))
		}
		if r.IntN(2) == 0 || len(options) == 1 {
			top = r.IntN(4)
			options = append(options, fmt.Sprint("$top=", top))
		}
		withCount := r.IntN(2) == 0
		if withCount {
			options = append(options, "$count=true")
		}
		all := escaped(options...)
		for _, row := range lib.Rows["Books"] {
			items, _ := row[8].([]string)
			want, count := narrowedItems(items, keep, descending, skip, top)
			at := "Books(" + row[0].(string) + ")/Tags"
			got, err := bind(t, at+"?"+all)
			if err != nil {
				t.Fatalf("%s: %v", options, err)
			}
			rows := e.answer(t, got, nil, -1)
			spelled, err := json.Marshal(rows[0]["items"])
			if wanted, _ := json.Marshal(want); err != nil || !got.Narrowed() || string(spelled) != string(wanted) || withCount && rows[0]["count"] != float64(count) {
				t.Fatalf("%s of %q\ngot  %s of %v\nwant %s of %d", options, items, spelled, rows[0]["count"], wanted, count)
			}
			if ofNumber == 1 {
				continue
			}
			number, err := bind(t, at+"/$count?"+all)
			if err != nil {
				t.Fatalf("%s: %v", options, err)
			}
			if kept, _ := e.answer(t, number, nil, -1)[0]["items"].([]any); len(kept) != count {
				t.Fatalf("$count by %s of %q is %d, not %d", options, items, len(kept), count)
			}
		}
	}
}
