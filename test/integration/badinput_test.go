//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// problem is an error body of either front end.
type problem struct {
	Error struct {
		Code, Message, Target string
		Position              *int
		Details               []struct{ Code, Message string }
	}
}

// refusal is a request that must be refused. position is where the error
// stands, counted from 1; 0 if no place makes sense.
type refusal struct {
	name     string
	route    route
	status   int
	code     string
	mentions string
	position int
}

func statement(name, sql, code, mentions string, position int) refusal {
	status := http.StatusBadRequest
	switch code {
	case "unknown_schema", "unknown_table":
		status = http.StatusNotFound
	case "not_implemented":
		status = http.StatusNotImplemented
	case "too_large":
		status = http.StatusRequestEntityTooLarge
	}
	return refusal{name, sqlRoute(name, "application/json", sql, true), status, code, mentions, position}
}

func body(name, text, code, mentions string) refusal {
	return refusal{name, route{method: http.MethodPost, path: "/sql", body: text}, http.StatusBadRequest, code, mentions, 0}
}

func feed(name, path string, status int, mentions string) refusal {
	return refusal{name, feedRoute(name, path, true), status, "", mentions, 0}
}

var nested = strings.Repeat("(", 3000) + "1" + strings.Repeat(")", 3000)

var refusals = []refusal{
	statement("unknown column", "SELECT Nme FROM Users", "unknown_column", "Nme", 8),
	statement("unknown column in a condition", "SELECT Id FROM Users WHERE Usernam = 'a'", "unknown_column", "Usernam", 28),
	statement("unknown table", "SELECT Id FROM Userz", "unknown_table", "Userz", 16),
	statement("unknown environment", "SELECT Id FROM Nowhere.Users", "unknown_schema", "Nowhere", 16),
	statement("unknown function", "SELECT frobnicate(Id) FROM Users", "unknown_function", "frobnicate", 8),
	statement("bad SQL", "SELECT Id FROM Users WHERE", "syntax", "", -1),
	statement("bad SQL at a place", "SELECT Id FORM Users", "syntax", "Users", 16),
	statement("open quote", "SELECT 'a FROM Users", "syntax", "", -1),
	statement("wrong type", "SELECT Id FROM Users WHERE CreatedAt > 5", "type_mismatch", "INTEGER", 38),
	statement("wrong operand", "SELECT Id FROM Users WHERE IsEnabled + 1 > 2", "", "", -1),
	statement("two statements", "SELECT 1; SELECT 2", "", "", -1),
	statement("writing", "CREATE TABLE x (a INT)", "not_implemented", "", -1),
	statement("files", "SELECT * FROM read_csv('/etc/passwd')", "", "", -1),
	statement("files by name", "SELECT * FROM '/etc/passwd'", "unknown_table", "", -1),
	statement("settings", "SET memory_limit = '1TB'", "not_implemented", "", -1),
	statement("settings by function", "PRAGMA database_list", "not_implemented", "", -1),
	statement("attaching", "ATTACH 'x.db'", "not_implemented", "", -1),
	statement("copying", "COPY (SELECT 1) TO '/tmp/x'", "not_implemented", "", -1),
	statement("extensions", "INSTALL httpfs", "not_implemented", "", -1),
	statement("deep nesting", "SELECT "+nested, "too_large", "", -1),
	statement("a missing parameter", "SELECT Id FROM Users WHERE Username = ?", "bad_parameter", "", -1),
	body("a parameter too many", `{"query":"SELECT Id FROM Users WHERE Username = ?","parameters":["a","b"]}`, "bad_parameter", "2"),
	body("an unknown name", `{"query":"SELECT Id FROM Users WHERE Username = $name","parameters":{"nam":"a"}}`, "bad_parameter", "nam"),
	body("a list of lists as parameter", `{"query":"SELECT Id FROM Users WHERE Username = ?","parameters":[[["a"]]]}`, "bad_parameter", "parameters[0][0]"),
	body("parameters of no kind", `{"query":"SELECT 1","parameters":7}`, "bad_parameter", ""),
	body("no JSON", `SELECT 1`, "bad_request", ""),
	body("cut JSON", `{"query":"SELECT 1"`, "bad_request", ""),
	body("an unknown member", `{"query":"SELECT 1","limit":3}`, "bad_request", "limit"),
	body("no query", `{}`, "bad_request", "query"),
	{"an unknown connection", route{method: http.MethodPost, path: "/sql", body: `{"query":"SELECT 1 FROM nowhere.Administrators.Users"}`}, http.StatusNotFound, "", "nowhere", -1},
	{"a huge body", route{method: http.MethodPost, path: "/sql", body: `{"query":"SELECT '` + strings.Repeat("x", 1<<20) + `'"}`}, http.StatusRequestEntityTooLarge, "", "", 0},
	{"a huge address", feedRoute("", "Users?$filter=Username eq '"+strings.Repeat("x", 40<<10)+"'", true), http.StatusRequestEntityTooLarge, "", "", 0},
	{"a wrong method", route{method: http.MethodDelete, path: "/sql"}, http.StatusMethodNotAllowed, "", "", 0},
	{"a format that no one writes", route{method: http.MethodPost, path: "/sql", accept: "image/png", body: `{"query":"SELECT Id FROM Users"}`}, http.StatusNotAcceptable, "", "", 0},
	feed("unknown property", "Users?$filter=Usernam eq 'a'", 400, "Usernam"),
	feed("unknown property to select", "Users?$select=Usernam", 400, "Usernam"),
	feed("unknown property to sort by", "Users?$orderby=Usernam", 400, "Usernam"),
	feed("unknown entity set", "Userz", 404, "Userz"),
	feed("bad filter", "Users?$filter=Username eq", 400, ""),
	feed("bad operator", "Users?$filter=Username equals 'a'", 400, ""),
	feed("wrong type", "Users?$filter=IsEnabled gt 'a'", 400, ""),
	feed("no boolean", "Users?$filter=length(Username)", 400, ""),
	feed("unknown function", "Users?$filter=frobnicate(Username) eq 1", 400, "frobnicate"),
	feed("too few arguments", "Users?$filter=contains(Username)", 400, "contains"),
	feed("bad number", "Users?$top=many", 400, "$top"),
	feed("negative number", "Users?$skip=-1", 400, "$skip"),
	feed("unknown option", "Users?$frob=1", 400, "$frob"),
	feed("option twice", "Users?$top=1&$top=2", 400, "$top"),
	feed("bad key", "Users('no-guid')/Username", 404, ""),
	feed("bad escape", "Users?$filter=%zz", 400, ""),
	feed("damaged next link", "Users?$skiptoken=abc", 410, ""),
	feed("deep nesting", "Users?$filter="+strings.Repeat("(", 1500)+"true"+strings.Repeat(")", 1500), 413, ""),
	feed("many nots", "Users?$filter="+strings.Repeat("not ", 1500)+"true", 413, ""),
	{"unknown environment in an address", route{method: http.MethodGet, path: "/odata/pingone/Nowhere/Users"}, 404, "", "Nowhere", 0},
	{"unknown connection in an address", route{method: http.MethodGet, path: "/odata/nowhere/Administrators/Users"}, 404, "", "", 0},
}

// What a client gets wrong is told in one sentence with its place, and costs no
// call upstream.
func TestBadInputIsToldAndCostsNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 50}})
	w := s.Serve(t, testkit.WebOptions{})
	warm(t, w)
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			w.ResetRequests()
			a := c.route.ask(t, w)
			if n := w.Calls(); n > 0 {
				t.Errorf("%d calls were made: %v", n, w.Requests())
			}
			var p problem
			if a.err != nil || json.Unmarshal(a.body, &p) != nil {
				t.Fatalf("status %d %v %.300s", a.status, a.err, a.body)
			}
			if testing.Verbose() {
				t.Logf("%d %.300s", a.status, a.body)
			}
			if a.status != c.status || c.code != "" && p.Error.Code != c.code {
				t.Errorf("status %d, code %s, want %d %s: %.300s", a.status, p.Error.Code, c.status, c.code, a.body)
			}
			m := p.Error.Message
			if m == "" || len(m) > 400 || strings.ContainsAny(m, "\n\t") || strings.Contains(m, "LINE 1") || !strings.ContainsAny(m[len(m)-1:], ".)?") {
				t.Errorf("not a clear sentence: %q", m)
			}
			if whole := m + p.Error.Target; !strings.Contains(whole, c.mentions) {
				t.Errorf("%q does not mention %q", whole, c.mentions)
			}
			if err := c.place(p); err != nil {
				t.Error(err, string(a.body))
			}
		})
	}
}

func (c refusal) place(p problem) error {
	switch {
	case c.position == 0:
		return nil
	case c.position > 0 && (p.Error.Position == nil || *p.Error.Position != c.position):
		return fmt.Errorf("the position is not %d", c.position)
	}
	return nil
}

// A query that fails after its first rows were read says why, too.
func TestConversionsThatFailNameTheColumn(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 50}}).Serve(t, testkit.WebOptions{})
	a := sqlAnswer(t, w, "SELECT CAST(Username AS INTEGER) FROM Users")
	var p problem
	if a.status != http.StatusBadRequest || json.Unmarshal(a.body, &p) != nil || !strings.Contains(p.Error.Message, "Username") {
		t.Errorf("status %d %s", a.status, a.body)
	}
}
