//go:build duckdb_arrow

package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// world is the gateway that all lines ask.
type world struct {
	root  string // of the service, with a slash at its end
	names *strings.Replacer
	users int
	// checks counts those that ran.
	checks atomic.Int64
	// broken stands before the service, if not nil.
	broken atomic.Pointer[breaking]
}

// newWorld starts the gateway over a small directory. Addresses may hold names in
// braces instead of keys.
func newWorld(t *testing.T) *world {
	t.Helper()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, MaxAffected: 5})
	w := &world{}
	w.root = s.Serve(t, testkit.WebOptions{Server: w.administrator}).URL + "/odata/pingone/Administrators/"
	one := func(sql string) string { return s.Query(t, sql)[0][0] }
	home := one("SELECT PopulationId FROM Users WHERE Username = 'ada.admin'")
	w.names = strings.NewReplacer(
		"{ada}", one("SELECT Id FROM Users WHERE Username = 'ada.admin'"),
		"{home}", home, "{away}", one("SELECT Id FROM Populations WHERE Id <> '"+home+"' ORDER BY Name LIMIT 1"),
		"{sales}", one("SELECT Id FROM Groups WHERE Name = 'Sales'"),
		"{staff}", one("SELECT Id FROM Groups WHERE Name = 'All Staff'"),
		"{nobody}", "00000000-0000-4000-8000-000000000000",
	)
	w.users = len(s.Query(t, "SELECT Id FROM Users"))
	return w
}

// administrator lets every request be an administrator's.
func (w *world) administrator(c *server.Config) {
	c.Guard = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r = r.WithContext(auth.WithPrincipal(r.Context(), auth.NewAnonymous(service.AdminRole)))
			if b := w.broken.Load(); b != nil {
				b.serve(next, rw, r)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}
}

// check is the test of one line.
type check struct {
	*world
	t    testing.TB
	line *line
	n    int64
}

// text puts keys in the places of names in braces, and the check's number in that of
// {n}: what it makes has a name of its own.
func (c *check) text(s string) string {
	return c.names.Replace(strings.ReplaceAll(s, "{n}", strconv.FormatInt(c.n, 10)))
}

// beside says why the line asks nothing of this service.
func (c *check) beside(reason string) { c.line.beside = reason }

func (c *check) get(path string, header ...string) *answer {
	c.t.Helper()
	return c.do(http.MethodGet, path, "", header...)
}

// do sends a request. path is relative to the service, or absolute; names and
// values of the header follow one another. A body is JSON unless the header says
// otherwise.
func (c *check) do(method, path, body string, header ...string) *answer {
	c.t.Helper()
	address := c.text(path)
	if !strings.HasPrefix(address, "http") {
		address = c.root + strings.NewReplacer(" ", "%20", "\"", "%22").Replace(address)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(c.text(body)))
	require.NoError(c.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	a := &answer{c: c, request: method + " " + path, status: resp.StatusCode, Header: resp.Header, body: string(text)}
	a.proper()
	return a
}

// awaited is the answer of a request that is not waited for.
func (c *check) awaited(path string, header ...string) *answer {
	c.t.Helper()
	prefer := "respond-async"
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Prefer" {
			prefer += ", " + header[i+1]
		}
	}
	a := c.get(path, append(slices.Clone(header), "Prefer", prefer)...).is(http.StatusAccepted).header("Preference-Applied", "respond-async")
	monitor := a.Get("Location")
	for a.status == http.StatusAccepted {
		a = c.get(monitor, header...)
	}
	c.do(http.MethodDelete, monitor, "").is(http.StatusNoContent)
	return a.ok()
}

// make creates a group and returns its address.
func (c *check) make(name string) string {
	c.t.Helper()
	a := c.do(http.MethodPost, "Groups", `{"Name":"`+name+`{n}","Description":"first"}`).is(http.StatusCreated)
	return "Groups(" + a.text("Id") + ")"
}

// answer is what came back.
type answer struct {
	http.Header
	c       *check
	request string
	status  int
	body    string
}

func (a *answer) errorf(format string, args ...any) {
	a.c.t.Helper()
	a.c.t.Errorf("%s: %s\n%d %v\n%.1500s", a.request, fmt.Sprintf(format, args...), a.status, a.Header, a.body)
}

// proper checks what holds for every answer.
func (a *answer) proper() {
	a.c.t.Helper()
	if v := a.Values("OData-Version"); len(v) != 1 {
		a.errorf("OData-Version %q", v)
	}
	kind := a.Get("Content-Type")
	if strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(a.request, http.MethodHead) && !json.Valid([]byte(a.body)) {
		a.errorf("it is not JSON")
	}
	if a.status >= http.StatusBadRequest {
		var e struct {
			Error struct{ Code, Message string }
		}
		_ = json.Unmarshal([]byte(a.body), &e)
		if e.Error.Code == "" || e.Error.Message == "" {
			a.errorf("the error says nothing")
		}
	}
}

// is checks the status. Where the gateway doesn't do what was asked for, that is
// noted with the reason and ends the check.
func (a *answer) is(status ...int) *answer {
	a.c.t.Helper()
	if a.status == http.StatusNotImplemented && !slices.Contains(status, a.status) {
		a.c.line.refused = a.reason()
		panic(stopped{})
	}
	if !slices.Contains(status, a.status) {
		a.errorf("status %d, want %v", a.status, status)
		a.c.t.FailNow()
	}
	return a
}

func (a *answer) ok() *answer { a.c.t.Helper(); return a.is(http.StatusOK) }

// reason is the error's sentence without its place.
func (a *answer) reason() string {
	var e struct {
		Error struct{ Message, Target string }
	}
	_ = json.Unmarshal([]byte(a.body), &e)
	text, _, _ := strings.Cut(e.Error.Message, " (at character")
	return text
}

func (a *answer) has(parts ...string) *answer {
	a.c.t.Helper()
	for _, p := range parts {
		if !strings.Contains(a.body, a.c.text(p)) {
			a.errorf("%s is missing", p)
		}
	}
	return a
}

func (a *answer) lacks(parts ...string) *answer {
	a.c.t.Helper()
	for _, p := range parts {
		if strings.Contains(a.body, p) {
			a.errorf("%s must not be there", p)
		}
	}
	return a
}

func (a *answer) header(name, want string) *answer {
	a.c.t.Helper()
	if got := strings.Join(a.Values(name), ", "); got != want {
		a.errorf("%s is %q, want %q", name, got, want)
	}
	return a
}

func (a *answer) headerHas(name, want string) *answer {
	a.c.t.Helper()
	if got := strings.Join(a.Values(name), ", "); !strings.Contains(got, want) {
		a.errorf("%s is %q, which lacks %q", name, got, want)
	}
	return a
}

func (a *answer) object() map[string]any {
	a.c.t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		a.errorf("%v", err)
	}
	return out
}

func (a *answer) text(member string) string {
	a.c.t.Helper()
	s, _ := a.object()[member].(string)
	return s
}

func (a *answer) rows() (out []map[string]any) {
	a.c.t.Helper()
	list, _ := a.object()["value"].([]any)
	for _, v := range list {
		row, _ := v.(map[string]any)
		out = append(out, row)
	}
	return out
}

// all are the values of a property, in order.
func (a *answer) all(property string) []any {
	a.c.t.Helper()
	out := []any{}
	for _, row := range a.rows() {
		v, ok := row[property]
		if !ok {
			a.errorf("a row has no %s", property)
		}
		out = append(out, v)
	}
	return out
}

// usernames gets the users' names that a query of them gives, in alphabetical order.
func (c *check) usernames(options string) []any {
	c.t.Helper()
	return c.get("Users?$select=Username&$orderby=Username&" + options).ok().all("Username")
}

// count is the number of users under a condition.
func (c *check) count(filter string) int {
	c.t.Helper()
	return c.countOf("Users", filter)
}

func (c *check) countOf(set, filter string) int {
	c.t.Helper()
	a := c.get(set + "/$count?$filter=" + filter).ok()
	n := 0
	if _, err := fmt.Sscan(a.body, &n); err != nil {
		a.errorf("%v", err)
	}
	return n
}

// holds checks that a condition keeps all users, and that its opposite keeps none.
func (c *check) holds(conditions ...string) {
	c.t.Helper()
	for _, condition := range conditions {
		if n := c.count(escaped(condition)); n != c.users {
			c.t.Errorf("%s keeps %d of %d users", condition, n, c.users)
		}
	}
}

// fails checks that a condition keeps no user.
func (c *check) fails(conditions ...string) {
	c.t.Helper()
	for _, condition := range conditions {
		if n := c.count(escaped(condition)); n != 0 {
			c.t.Errorf("%s keeps %d users", condition, n)
		}
	}
}

func escaped(s string) string {
	return strings.NewReplacer("%", "%25", "+", "%2B", "&", "%26", "#", "%23").Replace(s)
}
