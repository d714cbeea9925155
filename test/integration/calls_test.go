//go:build duckdb_arrow

package integration

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/calls")

// script runs queries of testdata/calls.
type script struct {
	stack *testkit.Stack
	clock *jumping
	begun *counting
	// ids and names replace each other: $ADA and the like.
	ids, names *strings.Replacer
}

func newScript(t *testing.T) *script { return newScriptOf(t, 3000) }

func newScriptOf(t *testing.T, users int) *script {
	t.Helper()
	clock, begun := newClock(), &counting{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 32}}
	s := testkit.Start(t, testkit.Options{
		Sim: sim.Options{Users: users}, Exec: func(c *exec.Config) { c.Now = clock.Now },
		Client: func(c *pingone.Config) { c.Transport = begun },
	})
	one := func(sql string) string { return s.Query(t, sql)[0][0] }
	sales := one("SELECT Id FROM Groups WHERE Name = 'Sales'")
	known := []string{
		"$ADMINISTRATORS", s.EnvironmentID(sim.EnvironmentAdministrators), "$CUSTOMERS", s.EnvironmentID(sim.EnvironmentCustomers),
		"$ADA", one("SELECT Id FROM Users WHERE Username = 'ada.admin'"), "$RITA", one("SELECT Id FROM Users WHERE Username = 'rita.reader'"),
		"$SALES", sales, "$MEMBER", one("SELECT min(UserId) FROM UserGroupAssociations WHERE Type = 'DIRECT' AND GroupId = '" + sales + "'"),
	}
	known = append(known, "$SHOP", one("SELECT Id FROM Applications WHERE Name = 'Shop'"),
		"$ORDERS", one("SELECT Id FROM Resources WHERE Name = 'orders'"), "$OPENID", one("SELECT Id FROM Resources WHERE Name = 'openid'"))
	for _, p := range s.Query(t, "SELECT Name, Id FROM Populations WHERE Name IN ('Employees', 'Contractors', 'Interns')") {
		known = append(known, "$"+strings.ToUpper(p[0]), p[1])
	}
	c := &script{stack: s, clock: clock, begun: begun, ids: strings.NewReplacer(known...)}
	for i := 0; i < len(known); i += 2 {
		known[i], known[i+1] = known[i+1], known[i]
	}
	c.names = strings.NewReplacer(known...)
	s.ResetRequests() // token calls don't pass the transport that counts
	begun.n.Store(0)
	s.Query(t, "SELECT Id FROM Customers.Users LIMIT 1") // its attributes are read now
	return c
}

var (
	cursor = regexp.MustCompile(`cursor=[^&]*`)
	anyID  = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// calls runs a query and lists the calls it made, in the order of the
// alphabet since some run at once; equal ones are counted.
func (c *script) calls(t *testing.T, sql string) string {
	t.Helper()
	c.forget(t)
	rows := c.stack.Query(t, c.ids.Replace(sql))
	c.settle(t)
	var lines []string
	for _, r := range c.stack.Requests() {
		line := r.Method + " " + strings.TrimPrefix(r.Path, "/v1/")
		if q := cursor.ReplaceAllString(unescaped(t, r.Query), "cursor=…"); q != "" {
			line += "?" + q
		}
		lines = append(lines, anyID.ReplaceAllString(c.names.Replace(line), "…"))
	}
	slices.Sort(lines)
	var out strings.Builder
	for i := 0; i < len(lines); {
		n := i
		for n < len(lines) && lines[n] == lines[i] {
			n++
		}
		if n-i > 1 {
			fmt.Fprintf(&out, "%d times ", n-i)
		}
		out.WriteString(lines[i] + "\n")
		i = n
	}
	fmt.Fprintf(&out, "%d calls, %d rows\n", len(lines), len(rows))
	return out.String()
}

// forget drops what earlier queries have learned of tables' sizes.
func (c *script) forget(t *testing.T) {
	t.Helper()
	if err := c.clock.Sleep(testkit.Context(t), time.Hour); err != nil {
		t.Fatal(err)
	}
	c.settle(t)
	c.stack.ResetRequests()
	c.begun.n.Store(0)
}

// settle waits until the simulator has noted every call that began.
func (c *script) settle(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for int64(len(c.stack.Requests())) < c.begun.n.Load() {
		if time.Now().After(deadline) {
			t.Fatal("the simulator does not see every call")
		}
		runtime.Gosched()
	}
}

func (c *script) explain(t *testing.T, sql string) string {
	t.Helper()
	c.forget(t)
	return c.names.Replace(explained(t, c.stack, generated{sql: c.ids.Replace(sql)})) + "\n"
}

func TestCalls(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/calls/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	c := newScript(t)
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sql := ""
		for i := range a.Files {
			f := &a.Files[i]
			name, kind, _ := cutLast(f.Name)
			if kind == "sql" {
				sql = strings.TrimSpace(string(f.Data))
				continue
			}
			t.Run(filepath.Base(file)+"/"+name+"/"+kind, func(t *testing.T) {
				got := map[string]func(*testing.T, string) string{"calls": c.calls, "explain": c.explain}[kind](t, sql)
				if *update {
					f.Data = []byte(got)
				} else if got != string(f.Data) {
					t.Errorf("%s\ngot:\n%s\nwant:\n%s", sql, got, f.Data)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func cutLast(name string) (before, after string, found bool) {
	at := strings.LastIndexByte(name, '.')
	if at < 0 {
		return name, "", false
	}
	return name[:at], name[at+1:], true
}

func unescaped(t *testing.T, query string) string {
	t.Helper()
	text, err := url.QueryUnescape(query)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
