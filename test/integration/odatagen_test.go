//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// odataUsers are all users as the reference sees them, with what they are
// linked to.
type odataUsers struct {
	table   *catalog.Table
	rows    []odatatest.Row
	library *odatatest.Library
}

// filterColumns are those that generated requests speak of.
var filterColumns = []string{
	"Id", "Username", "FirstName", "LastName", "Email", "EmployeeType", "Title", "Locality", "Nickname", "IsEnabled", "IsEmailVerified",
	"PopulationId", "CreatedAt", "LastSignOnAt", "SecondsUntilUnlock", "skills",
}

func readODataUsers(t *testing.T, w *testkit.Web) *odataUsers {
	t.Helper()
	schema, err := w.Directory.Schema(testkit.Context(t), "Administrators")
	if err != nil {
		t.Fatal(err)
	}
	u := &odataUsers{library: &odatatest.Library{Main: schema, Rows: map[string][]odatatest.Row{}}}
	u.table, _ = schema.Table("Users")
	u.rows = u.read(t, w, "Users", filterColumns...)
	u.read(t, w, "Populations", "Id", "Name", "Description")
	u.read(t, w, "Groups", "Id", "Name", "Description", "PopulationId")
	u.read(t, w, "UserGroupAssociations", "UserId", "GroupId", "GroupName", "Type")
	return u
}

// read reads columns of all rows of a table.
func (u *odataUsers) read(t *testing.T, w *testkit.Web, name string, columns ...string) []odatatest.Row {
	t.Helper()
	table, _ := u.library.Main.Table(name)
	a := get(t, w, odataRoot+name+"?$select="+strings.Join(columns, ","))
	var feed struct{ Value []map[string]any }
	if a.status != http.StatusOK || json.Unmarshal(a.body, &feed) != nil || len(feed.Value) == 0 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, v := range feed.Value {
		row := make(odatatest.Row, len(table.Columns))
		for _, name := range columns {
			row[table.Index(name)] = cell(t, table.Column(name).Type, v[name])
		}
		u.library.Rows[name] = append(u.library.Rows[name], row)
	}
	return u.library.Rows[name]
}

func cell(t *testing.T, typ catalog.Type, v any) any {
	t.Helper()
	switch v := v.(type) {
	case float64:
		return int64(v)
	case []any:
		list := []string{}
		for _, item := range v {
			list = append(list, item.(string))
		}
		return list
	case string:
		if typ == catalog.Timestamp {
			at, err := time.Parse(time.RFC3339Nano, v)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
	}
	return v
}

// odatagen makes random requests for users.
type odatagen struct {
	r     *rand.Rand
	users *odataUsers
}

func (g *odatagen) op() string { return pick(g.r, "eq", "eq", "ne", "lt", "le", "gt", "ge") }

// text is a literal near a value of the column.
func (g *odatagen) text(column string) string {
	v, _ := g.users.rows[g.r.IntN(len(g.users.rows))][g.users.table.Index(column)].(string)
	letters := []rune(v)
	switch g.r.IntN(12) {
	case 0:
		return "null"
	case 1:
		v = ""
	case 2:
		v = strings.ToUpper(v)
	case 3:
		v = strings.ToLower(v)
	case 4, 5, 6:
		from := g.r.IntN(len(letters) + 1)
		v = string(letters[from : from+g.r.IntN(len(letters)-from+1)])
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

func (g *odatagen) value(column string) string {
	v := g.users.rows[g.r.IntN(len(g.users.rows))][g.users.table.Index(column)]
	switch v := v.(type) {
	case time.Time:
		v = v.Add(pick(g.r, 0, 0, time.Millisecond, -500*time.Microsecond))
		return v.UTC().Format("2006-01-02T15:04:05.999999Z")
	case string:
		return v
	case int64:
		return fmt.Sprint(v)
	}
	return "null"
}

func (g *odatagen) filter(depth int) string {
	if depth > 0 {
		switch g.r.IntN(7) {
		case 0, 1:
			return "(" + g.filter(depth-1) + " and " + g.filter(depth-1) + ")"
		case 2, 3:
			return "(" + g.filter(depth-1) + " or " + g.filter(depth-1) + ")"
		case 4:
			return "not (" + g.filter(depth-1) + ")"
		}
	}
	if g.r.IntN(10) == 0 {
		return g.related()
	}
	text := pick(g.r, "Username", "FirstName", "LastName", "Email", "EmployeeType", "Title", "Locality", "Nickname")
	switch g.r.IntN(16) {
	case 0, 1, 2:
		return text + " " + g.op() + " " + g.text(text)
	case 3, 4:
		return fmt.Sprintf("%s(%s,%s)", pick(g.r, "startswith", "startswith", "endswith", "contains"), text, g.text(text))
	case 5:
		return fmt.Sprintf("%s in (%s,%s,%s)", text, g.text(text), g.text(text), g.text(text))
	case 6:
		return pick(g.r, "IsEnabled", "not IsEnabled", "IsEnabled eq false", "IsEmailVerified ne true", "IsEnabled eq null")
	case 7, 8:
		id := pick(g.r, "Id", "PopulationId", "PopulationId")
		return id + " " + pick(g.r, "eq", "eq", "ne") + " " + pick(g.r, g.value(id), strings.ToUpper(g.value(id)))
	case 9:
		id := pick(g.r, "Id", "PopulationId")
		return fmt.Sprintf("%s in (%s,%s)", id, g.value(id), g.value(id))
	case 10:
		at := pick(g.r, "CreatedAt", "LastSignOnAt")
		return at + " " + g.op() + " " + g.value(at)
	case 11:
		return "SecondsUntilUnlock " + g.op() + " " + pick(g.r, "0", "null", g.value("SecondsUntilUnlock"))
	case 12:
		return pick(g.r, "skills/any()", "skills/any(x:x eq 'go')", "skills/$count gt 1", "skills/all(x:x ne 'sql')", "not skills/any(s:startswith(s,'G'))")
	default:
		return g.computed(text)
	}
}

func (g *odatagen) computed(text string) string {
	switch g.r.IntN(8) {
	case 0:
		return fmt.Sprintf("tolower(%s) %s %s", text, pick(g.r, "eq", "ne"), strings.ToLower(g.text(text)))
	case 1:
		return fmt.Sprintf("contains(tolower(%s),%s)", text, strings.ToLower(g.text(text)))
	case 2:
		return fmt.Sprintf("length(%s) %s %d", text, g.op(), g.r.IntN(20))
	case 3:
		at := pick(g.r, "CreatedAt", "LastSignOnAt")
		return fmt.Sprintf("%s(%s) %s %d", pick(g.r, "year", "month", "day", "hour", "minute"), at, g.op(), pick(g.r, 1, 6, 12, 2022, 2024))
	case 4:
		return fmt.Sprintf("indexof(%s,%s) %s %d", text, g.text(text), g.op(), g.r.IntN(5)-1)
	case 5:
		return fmt.Sprintf("substring(%s,%d,%d) eq %s", text, g.r.IntN(4), 1+g.r.IntN(3), g.text(text))
	case 6:
		return fmt.Sprintf("concat(%s,'x') eq concat(%s,'x')", text, g.text(text))
	default:
		return fmt.Sprintf("%s %s FirstName", text, g.op())
	}
}

// wish is a random request and what it should answer.
type wish struct {
	path    string
	ids     []string // of the rows in order, or of all that may come
	ordered bool
	rows    int
	count   int // -1 if not asked for
}

func (g *odatagen) wish(t *testing.T) wish {
	t.Helper()
	options := []string{"$select", "Id"}
	kept := g.users.rows
	if g.r.IntN(10) > 0 {
		text := g.filter(g.r.IntN(4))
		tree, err := uri.ParseFilter(text, uri.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		options, kept = append(options, "$filter", text), nil
		for _, row := range g.users.rows {
			if g.users.library.Reference(tree, g.users.table, row) {
				kept = append(kept, row)
			}
		}
	}
	w := wish{count: -1}
	if g.r.IntN(2) == 0 {
		kept, w.ordered = slices.Clone(kept), true
		options = append(options, "$orderby", g.order(t, kept))
	}
	if g.r.IntN(3) == 0 {
		options, w.count = append(options, "$count", "true"), len(kept)
	}
	from, to := 0, len(kept)
	if g.r.IntN(3) == 0 {
		from = g.r.IntN(len(kept) + 3)
		options = append(options, "$skip", fmt.Sprint(from))
		from = min(from, to)
	}
	if g.r.IntN(3) == 0 {
		n := pick(g.r, 0, 1, 3, 20, 500)
		options = append(options, "$top", fmt.Sprint(n))
		to = min(to, from+n)
	}
	w.path, w.rows = odataRoot+"Users"+query(options...), to-from
	if w.ordered {
		kept = kept[from:to]
	}
	for _, row := range kept {
		w.ids = append(w.ids, row[g.users.table.Index("Id")].(string))
	}
	return w
}

// order sorts rows as a random $orderby says: null is less than any value, and
// the id decides last.
func (g *odatagen) order(t *testing.T, rows []odatatest.Row) string {
	t.Helper()
	by := pick(g.r, "Username", "LastName", "Email", "IsEnabled", "CreatedAt", "LastSignOnAt", "SecondsUntilUnlock", "EmployeeType",
		"Population/Name", "Groups/$count", "UserGroupAssociations/$count($filter=Type eq 'DIRECT')")
	tree, err := uri.ParseFilter(by, uri.Limits{})
	if err != nil {
		t.Fatal(by, err)
	}
	id, down := g.users.table.Index("Id"), g.r.IntN(2) == 0
	value := map[any]any{}
	for _, row := range rows {
		value[row[id]] = g.users.library.Value(tree, g.users.table, row)
	}
	slices.SortFunc(rows, func(a, b odatatest.Row) int {
		order := compareCells(value[a[id]], value[b[id]])
		if down {
			order = -order
		}
		if order == 0 {
			order = strings.Compare(a[id].(string), b[id].(string))
		}
		return order
	})
	if down {
		return by + " desc,Id"
	}
	return by + pick(g.r, "", " asc") + ",Id"
}

func compareCells(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case time.Time:
		return a.Compare(b.(time.Time))
	case int64:
		return int(a - b.(int64))
	case bool:
		if a == b {
			return 0
		}
		if a {
			return 1
		}
		return -1
	}
	panic(fmt.Sprintf("no order of %T", a))
}
