//go:build duckdb_arrow

package model_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// narrowedItems are the items that options keep of a list, and their number before $skip and
// $top, worked out by loops.
func narrowedItems(items []string, keep func(string) bool, descending *bool, skip, top int) (kept []string, count int) {
	kept = []string{}
	for _, item := range items {
		if keep(item) {
			kept = append(kept, item)
		}
	}
	count = len(kept)
	if descending != nil {
		slices.Sort(kept)
		if *descending {
			slices.Reverse(kept)
		}
	}
	kept = kept[min(skip, len(kept)):]
	if top >= 0 {
		kept = kept[:min(top, len(kept))]
	}
	return kept, count
}

// TestItemsInTheEngine narrows lists within $select, and counts them in conditions, by
// random options in any order.
//
// Source: OData 4.01 Part 2, sections 4.8 and 5.1.4.
func TestItemsInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(16)
	r := random(t)
	for _, row := range lib.Rows["Books"] {
		row[8] = some(r, 5, "a", "b", "b", "Cc", "d d", "é", "x%")
	}
	e := newEngine(t, lib)
	filters := map[string]func(string) bool{
		"": func(string) bool { return true }, "$this gt 'b'": func(s string) bool { return s > "b" }, "not ($this eq 'b')": func(s string) bool { return s != "b" },
		"length($this) eq 1 or $this eq 'Cc'": func(s string) bool { return len([]rune(s)) == 1 || s == "Cc" }, "contains($this,'%')": func(s string) bool { return strings.Contains(s, "%") },
		"$this eq $it/Author": func(string) bool { return false },
	}
	names := []string{"", "$this gt 'b'", "not ($this eq 'b')", "length($this) eq 1 or $this eq 'Cc'", "contains($this,'%')", "$this eq $it/Author"}
	for range fewer(120) {
		var options []string
		filter, skip, top, search := pick(r, names...), 0, -1, ""
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
		var descending *bool
		if r.IntN(2) == 0 {
			descending = new(bool)
			*descending = r.IntN(2) == 0
			options = append(options, "$orderby=$this"+map[bool]string{true: " desc", false: " asc"}[*descending])
		}
		counted := strings.Join(options, ";")
		if r.IntN(2) == 0 {
			skip = r.IntN(4)
			options = append(options, fmt.Sprint("$skip=", skip))
		}
		if r.IntN(2) == 0 {
			top = r.IntN(4)
			options = append(options, fmt.Sprint("$top=", top))
		}
		withCount := len(options) == 0 || r.IntN(2) == 0
		if withCount {
			options = append(options, "$count=true")
		}
		r.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
		text := "Tags(" + strings.Join(options, ";") + ")"
		got, err := bind(t, "Books?"+escaped("$select="+text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		rows := e.answer(t, got, nil, -1)
		for i, row := range lib.Rows["Books"] {
			want, count := narrowedItems(row[8].([]string), keep, descending, skip, top)
			spelled, err := json.Marshal(rows[i]["Tags"])
			if wanted, _ := json.Marshal(want); err != nil || string(spelled) != string(wanted) || withCount && rows[i]["Tags@count"] != float64(count) {
				t.Fatalf("%s of %q\ngot  %s of %v\nwant %s of %d", text, row[8], spelled, rows[i]["Tags@count"], wanted, count)
			}
		}
		if counted == "" || strings.Contains(counted, "$it") || strings.Contains(counted, "$orderby") {
			continue
		}
		compared, err := bind(t, "Books?"+escaped("$compute=Tags/$count("+counted+") as N", "$select=N"))
		if err != nil {
			t.Fatalf("%s: %v", counted, err)
		}
		for i, n := range e.answer(t, compared, nil, -1) {
			if _, count := narrowedItems(lib.Rows["Books"][i][8].([]string), keep, nil, 0, -1); n["N"] != float64(count) {
				t.Fatalf("Tags/$count(%s) of %q is %v, not %d", counted, lib.Rows["Books"][i][8], n["N"], count)
			}
		}
	}
}

// TestSetsOfItemsInTheEngine compares hassubset, hassubsequence and in with loops.
//
// Source: OData 4.01 Part 2, sections 5.1.1.1.12 and 5.1.1.6.
func TestSetsOfItemsInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(12)
	r := random(t)
	letters := []string{"a", "a", "b", "b", "c", "a.", "(", `\E`, "a\nb", "it's", ""}
	for _, row := range lib.Rows["Books"] {
		row[8] = some(r, 6, letters...)
	}
	lib.Rows["Books"][3][8] = nil // no list is an empty one
	e := newEngine(t, lib)
	quoted := func(items []string) string {
		text, err := json.Marshal(items)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for range fewer(100) {
		wanted := some(r, 3, letters...)
		for expression, holds := range map[string]func(items []string) bool{
			"hassubset(Tags," + quoted(wanted) + ")": func(items []string) bool {
				left := slices.Clone(items)
				for _, w := range wanted {
					at := slices.Index(left, w)
					if at < 0 {
						return false
					}
					left = slices.Delete(left, at, at+1)
				}
				return true
			},
			"hassubsequence(Tags," + quoted(wanted) + ")": func(items []string) bool {
				at := 0
				for _, item := range items {
					if at < len(wanted) && item == wanted[at] {
						at++
					}
				}
				return at == len(wanted)
			},
			"hassubset(" + quoted(wanted) + ",Tags)": func(items []string) bool {
				for _, item := range items {
					count := func(in []string) (n int) {
						for _, s := range in {
							if s == item {
								n++
							}
						}
						return n
					}
					if count(items) > count(wanted) {
						return false
					}
				}
				return true
			},
		} {
			got, err := bind(t, "Books?"+escaped("$select=Id", "$orderby=Id", "$filter="+expression))
			if err != nil {
				t.Fatalf("%s: %v", expression, err)
			}
			want := []string{}
			for _, row := range lib.Rows["Books"] {
				if items, _ := row[8].([]string); holds(items) {
					want = append(want, row[0].(string))
				}
			}
			if ids := column(e.answer(t, got, nil, -1), "Id"); !slices.Equal(ids, want) {
				t.Fatalf("%s\ngot  %v\nwant %v", expression, ids, want)
			}
		}
	}
}
