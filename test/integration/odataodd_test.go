//go:build duckdb_arrow

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

// Requests that clients rarely write answer what a statement written by hand does, over
// rows of which nothing was pushed down. A number in the place of the statement is the
// status of a request that is refused.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/odata-odd.txt")
	if err != nil {
		t.Fatal(err)
	}
	on, off := twins(t, propertyUsers)
	w := on.Serve(t, testkit.WebOptions{})
	names := strings.NewReplacer("{ada}", off.Query(t, "SELECT Id FROM Users WHERE Username = 'ada.admin'")[0][0])
	lines := strings.Split(names.Replace(string(text)), "\n")
	requests, empty := 0, 0
	for i, line := range lines {
		path, ok := strings.CutPrefix(line, "> ")
		if !ok {
			continue
		}
		if requests++; leftOut(requests) {
			continue
		}
		address, options, _ := strings.Cut(path, "?")
		options = strings.ReplaceAll(options, " ", "%20")
		a := get(t, w, odataRoot+strings.ReplaceAll(address, " ", "%20")+"?"+options)
		statement := lines[i+1]
		if status, err := strconv.Atoi(statement); err == nil {
			if a.status != status {
				t.Errorf("%s: %d %.300s", path, a.status, a.body)
			}
			continue
		}
		if a.err != nil || a.status != http.StatusOK {
			t.Errorf("%s: %v %d %.300s", path, a.err, a.status, a.body)
			continue
		}
		rows, err := off.TryQuery(testkit.Context(t), statement)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		want := make([]string, len(rows))
		for k, row := range rows {
			want[k] = fmt.Sprint(row)
		}
		got := leaves(t, a.body)
		if !strings.Contains(statement, " ORDER BY ") || !strings.Contains(path, "orderby") {
			slices.Sort(want)
			slices.Sort(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\n%s\n%d rows, want %d\n%.500s\n%.500s", path, statement, len(got), len(want), got, want)
		}
		if len(want) == 0 {
			empty++
		}
	}
	if t.Logf("%d requests, %d without rows", requests, empty); requests < 100 || empty > requests/5 {
		t.Error("they say too little")
	}
}

// leaves are the values of each row, in order, without annotations; for a plain
// number, that.
func leaves(t *testing.T, body []byte) (out []string) {
	t.Helper()
	var feed struct{ Value []json.RawMessage }
	if json.Unmarshal(body, &feed) != nil {
		return []string{"[" + string(body) + "]"}
	}
	for _, row := range feed.Value {
		var values []string
		d := json.NewDecoder(bytes.NewReader(row))
		d.UseNumber()
		if err := eachLeaf(d, &values); err != nil {
			t.Fatalf("%v: %s", err, row)
		}
		out = append(out, fmt.Sprint(values))
	}
	return out
}

// eachLeaf reads an object.
func eachLeaf(d *json.Decoder, out *[]string) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		switch text := string(value); {
		case strings.Contains(fmt.Sprint(name), "@"):
		case value[0] == '{':
			inner := json.NewDecoder(bytes.NewReader(value))
			if err := eachLeaf(inner, out); err != nil {
				return err
			}
		case text == "null":
			*out = append(*out, "NULL")
		default:
			unquoted, err := strconv.Unquote(text)
			if err != nil {
				unquoted = text
			}
			*out = append(*out, unquoted)
		}
	}
	return nil
}
