//go:build duckdb_arrow

// Package changing holds the promise "complete or visibly failed" over a
// directory that changes all the time and a service as unkind as it may be: every
// row that existed unchanged throughout appears exactly once, whatever way it is
// read.
package changing

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/churn"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

var (
	long  = flag.Bool("long", false, "hundreds of runs over 12,000 to 50,000 users")
	first = flag.Uint64("seed", 1, "seed of the first run")
	runs  = flag.Int("runs", 0, "number of runs; 0 for the form's own")
)

// switches are the ways of the service under which rows can still be read.
// Those that end every reading are tested elsewhere.
var switches = []string{
	"short-pages=0.8", "empty-pages=4", "repeat-rows=3", "shifting-pages", "cursor-calls=400", "cursor-token", "no-count=1000",
	"stale-user-counts=40", "stale-group-counts=40", "search-delay=300ms", "no-retry-after", "hal-json", "json-spaces", "json-order",
	"json-unknown", "json-null", "json-escapes", "json-floats", "booleans=quoted", "refuse-filter=username:sw",
	"refuse-filter=population.id", "max-filter=1500", "max-header=2500",
}

// world is a gateway over a changing directory.
type world struct {
	t     *testing.T
	seed  uint64
	dice  *rand.Rand
	web   *testkit.Web
	stack *testkit.Stack
	churn *churn.Churn
	about string
}

const environment = sim.EnvironmentAdministrators

func newWorld(t *testing.T, engine *duck.Engine, seed uint64, users int) *world {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1)) // #nosec G404 -- test data
	unkind := []string{switches[int(seed)%len(switches)]}
	if other := switches[dice.IntN(len(switches))]; seed%3 != 0 && !strings.HasPrefix(other, unkind[0][:5]) {
		unkind = append(unkind, other)
	}
	stack := testkit.Start(t, testkit.Options{
		Engine: engine, Sim: sim.Options{Users: users, Seed: seed, Unkind: strings.Join(unkind, ","), NoCompression: true},
		Client: func(c *pingone.Config) { c.MaxParallel = 1 + dice.IntN(16) },
	})
	w := &world{
		t: t, seed: seed, dice: dice, stack: stack, web: stack.Serve(t, testkit.WebOptions{}),
		churn: churn.New(stack.Server, environment, seed, 1),
		about: fmt.Sprintf("seed %d, %d users, %s", seed, users, strings.Join(unkind, " and ")),
	}
	return w
}

// pace makes a write before about one call in n.
func (w *world) pace(n int64) {
	w.stack.SetOnRequest(func(call int64) {
		if call%n == 0 {
			w.churn.Step(1)
		}
	})
}

// reading is a way to read the keys of a table.
type reading struct {
	name string
	read func(w *world, table string, key []string) [][]string
}

var readings = []reading{
	{"SQL", (*world).bySQL},
	{"SQL with an engine", (*world).byEngine},
	{"one feed", func(w *world, table string, key []string) [][]string { return w.byPages(table, key, 0) }},
	{"pages", func(w *world, table string, key []string) [][]string {
		return w.byPages(table, key, 50+w.dice.IntN(2000))
	}},
	{"$top and $skip", (*world).bySkipping},
}

func (w *world) bySQL(table string, key []string) [][]string {
	rows, err := w.stack.TryQuery(testkit.Context(w.t), "SELECT "+strings.Join(key, ", ")+" FROM "+table)
	if err != nil {
		w.t.Fatalf("%s: SQL over %s: %v", w.about, table, err)
	}
	return rows
}

func (w *world) byEngine(table string, key []string) [][]string {
	rows, err := w.stack.TryQuery(testkit.Context(w.t), "SELECT "+strings.Join(key, ", ")+" FROM "+table+" WHERE length("+key[0]+"::VARCHAR) = 36 ORDER BY ALL")
	if err != nil {
		w.t.Fatalf("%s: SQL with an engine over %s: %v", w.about, table, err)
	}
	return rows
}

func (w *world) byPages(table string, key []string, size int) [][]string {
	address := w.root() + table + "?$select=" + strings.Join(key, ",")
	var out [][]string
	for address != "" {
		p := w.page(address, size)
		out = append(out, p.keys(key)...)
		address = p.Next
	}
	return out
}

func (w *world) bySkipping(table string, key []string) [][]string {
	step := 300 + w.dice.IntN(3000)
	var out [][]string
	for {
		p := w.page(fmt.Sprintf("%s%s?$select=%s&$top=%d&$skip=%d", w.root(), table, strings.Join(key, ","), step, len(out)), 0)
		rows := p.keys(key)
		out = append(out, rows...)
		if len(rows) < step {
			return out
		}
	}
}

func (w *world) root() string { return w.web.URL + "/odata/pingone/" + environment + "/" }

type page struct {
	Next  string           `json:"@odata.nextLink"`
	Value []map[string]any `json:"value"`
}

func (p page) keys(key []string) [][]string {
	out := make([][]string, len(p.Value))
	for i, row := range p.Value {
		for _, k := range key {
			out[i] = append(out[i], fmt.Sprint(row[k]))
		}
	}
	return out
}

func (w *world) page(address string, size int) (p page) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, strings.ReplaceAll(address, " ", "%20"), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if size > 0 {
		req.Header.Set("Prefer", fmt.Sprintf("odata.maxpagesize=%d", size))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &p) != nil {
		shown, _ := url.QueryUnescape(address)
		w.t.Fatalf("%s: GET %s: %d %v %.300s", w.about, shown, resp.StatusCode, err, body)
	}
	return p
}

// expected lists the keys of the rows that existed before and after.
func (w *world) expected(table string) map[string]string {
	out := map[string]string{}
	switch table {
	case "Users":
		for _, u := range w.stack.Users(environment) {
			out[u.ID] = u.ID
		}
	case "Groups":
		for _, g := range w.stack.AllGroups(environment) {
			out[g.ID] = ""
		}
	default:
		for _, m := range w.stack.Memberships(environment) {
			out[m.User+"\x00"+m.Group] = m.User
		}
	}
	return out
}

// check reads a table while the directory changes.
func (w *world) check(way reading, table string, key ...string) {
	w.t.Helper()
	before := w.expected(table)
	rows := way.read(w, table, key)
	written := w.churn.Written()
	seen := map[string]int{}
	for _, row := range rows {
		seen[strings.Join(row, "\x00")]++
	}
	var missing, repeated []string
	for k, n := range seen {
		if n > 1 {
			repeated = append(repeated, k)
		}
	}
	after := w.expected(table)
	for k, user := range before {
		if _, still := after[k]; still && !written[user] && seen[k] == 0 {
			missing = append(missing, k)
		}
	}
	sort.Strings(missing)
	sort.Strings(repeated)
	if len(missing)+len(repeated) > 0 {
		w.t.Errorf("%s: %s by %s: %d rows, of %d unchanged ones %d are missing, %d came twice; such as %.3q %.3q",
			w.about, table, way.name, len(rows), len(before), len(missing), len(repeated), missing, repeated)
	}
}

// Every user, group and membership that existed unchanged throughout appears
// exactly once.
func TestEveryRowOnce(t *testing.T) {
	n, sizes := 6, []int{1500, 12_000}
	if *long {
		n, sizes = 300, []int{12_000, 50_000}
	}
	if testing.Short() {
		n, sizes = 3, []int{1200, 2500}
	}
	if *runs > 0 {
		n = *runs
	}
	engine := testkit.OpenEngine(t)
	start := time.Now()
	for i := range n {
		seed := *first + uint64(i)
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 2)) // #nosec G404 -- test data
			users := sizes[0] + dice.IntN(1+(sizes[1]-sizes[0])/(1+3*dice.IntN(2)))
			w := newWorld(t, engine, seed, users)
			w.pace(int64(1 + dice.IntN(10)))
			way := readings[i%len(readings)]
			w.check(way, "Users", "Id")
			w.check(readings[(i+1)%len(readings)], "UserGroupAssociations", "UserId", "GroupId")
			w.check(readings[(i+2)%len(readings)], "Groups", "Id")
			if err := w.churn.Stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Logf("%d runs in %v", n, time.Since(start).Round(time.Second))
}
