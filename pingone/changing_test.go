package pingone_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

var long = flag.Bool("long", false, "run the long form of random tests")

const town = "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"

// person is a user of the changing directory.
type person struct {
	ID, Username, Population string
	Updated                  time.Time
}

// unkind are the ways of a service that no documentation excludes.
type unkind struct {
	shifting   bool // a cursor is a place among the rows as they are now
	short      bool // pages hold fewer rows than asked
	empty      bool // some pages hold none
	repeating  bool // pages begin with rows of the page before
	uncounted  bool // no count
	expiring   bool // cursors end after some calls
	possessive bool // cursors belong to their token
	lagging    bool // the sizes of populations are old
}

// changing is a directory that changes before every answer. It shares no code
// with the gateway or the simulator.
type changing struct {
	mu          sync.Mutex
	random      *rand.Rand
	unkind      unkind
	people      map[string]*person
	order       []string
	populations map[string]int
	sizes       map[string]int // as listings tell them where they lag
	touched     map[string]bool
	writes      float64 // for each call
	calls       int
	token       int
	made        int
	names       []string
}

func newChanging(seed uint64, people int, how unkind, writes float64) *changing {
	c := &changing{
		random: rand.New(rand.NewPCG(seed, 7)), unkind: how, people: map[string]*person{}, populations: map[string]int{},
		touched: map[string]bool{}, writes: writes, names: []string{"a", "B", "c", "d", "e", "m", "s", "t", "z", "7", "ö", "я", "☃", "𝔘", "李"},
	}
	for i := range 6 {
		c.populations[c.id(900+i)] = 0
	}
	for range people {
		c.create(time.Now().Add(-time.Hour))
	}
	c.sizes = mapsClone(c.populations)
	clear(c.touched)
	return c
}

func mapsClone(m map[string]int) map[string]int {
	out := map[string]int{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func (c *changing) id(n int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012d", c.random.Uint32(), n)
}

func (c *changing) population() string {
	all := make([]string, 0, len(c.populations))
	for p := range c.populations {
		all = append(all, p)
	}
	sort.Strings(all)
	if c.random.IntN(2) == 0 {
		return all[0] // the large one
	}
	return all[c.random.IntN(len(all))]
}

func (c *changing) name() string {
	at := c.random.IntN(len(c.names) - 6)
	if c.random.IntN(300) == 0 {
		at = c.random.IntN(len(c.names))
	}
	c.made++
	return c.names[at] + strconv.Itoa(c.made)
}

func (c *changing) create(at time.Time) {
	p := &person{ID: c.id(c.made), Username: c.name(), Population: c.population(), Updated: at}
	c.people[p.ID] = p
	i := sort.SearchStrings(c.order, p.ID)
	c.order = slices.Insert(c.order, i, p.ID)
	c.populations[p.Population]++
	c.touched[p.ID] = true
}

// change makes one write.
func (c *changing) change() {
	p := c.people[c.order[c.random.IntN(len(c.order))]]
	now := time.Now()
	switch c.random.IntN(5) {
	case 0:
		c.create(now)
	case 1:
		delete(c.people, p.ID)
		c.order = slices.Delete(c.order, sort.SearchStrings(c.order, p.ID), sort.SearchStrings(c.order, p.ID)+1)
		c.populations[p.Population]--
		c.touched[p.ID] = true
	case 2:
		p.Username, p.Updated = c.name(), now
		c.touched[p.ID] = true
	case 3:
		c.populations[p.Population]--
		p.Population, p.Updated = c.population(), now
		c.populations[p.Population]++
		c.touched[p.ID] = true
	default:
		if len(c.populations) < 12 {
			c.populations[c.id(950+len(c.populations))] = 0
		}
	}
}

// Token implements pingone.Authorizer.
func (c *changing) Token(context.Context) (pingone.Token, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return changingToken(c.token), nil
}

type changingToken int

func (t changingToken) Set(h http.Header)     { h.Set("Authorization", "Bearer "+strconv.Itoa(int(t))) }
func (changingToken) Refused(context.Context) {}
func (changingToken) Valid(time.Time) bool    { return true }

// RoundTrip implements http.RoundTripper.
func (c *changing) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	for n := c.writes; n > 0; n-- {
		if n >= 1 || c.random.Float64() < n {
			c.change()
		}
	}
	status, body := c.answer(r)
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(text))), Request: r,
	}, nil
}

type object = map[string]any

func (c *changing) answer(r *http.Request) (int, any) {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if c.unkind.possessive && c.calls%23 == 0 {
		c.token++
	}
	if bearer != strconv.Itoa(c.token) {
		return http.StatusUnauthorized, object{"code": "ACCESS_FAILED"}
	}
	switch rest := strings.TrimPrefix(r.URL.Path, "/v1/environments/"+town); rest {
	case "/v1/environments":
		return 200, object{"_embedded": object{"environments": []object{{"id": town, "name": "Town"}}}}
	case "/schemas":
		return 200, object{"_embedded": object{"schemas": []object{}}}
	case "/populations":
		return 200, c.listPopulations()
	case "/users":
		return c.listUsers(r.URL.Query(), bearer)
	default:
		return http.StatusNotFound, object{"code": "NOT_FOUND"}
	}
}

func (c *changing) listPopulations() any {
	rows := []object{}
	for id, size := range c.populations {
		if c.unkind.lagging {
			size = c.sizes[id]
		}
		rows = append(rows, object{"id": id, "name": id, "userCount": size, "updatedAt": "2024-01-01T00:00:00.000Z"})
	}
	return object{"_embedded": object{"populations": rows}, "count": len(rows)}
}

// listUsers answers a page. A cursor tells what was asked, the place behind the
// page before, when it was made and with which token.
func (c *changing) listUsers(q url.Values, bearer string) (int, any) {
	filter, limit, offset, after := q.Get("filter"), 200, 0, ""
	if text := q.Get("cursor"); text != "" {
		parts := strings.SplitN(text, "|", 5)
		offset, _ = strconv.Atoi(parts[0])
		after, filter = parts[1], parts[4]
		if made, _ := strconv.Atoi(parts[2]); c.unkind.expiring && c.calls-made > 40 || c.unkind.possessive && parts[3] != bearer {
			return http.StatusBadRequest, object{"code": "INVALID_REQUEST", "details": []object{{"code": "INVALID_VALUE", "target": "cursor"}}}
		}
	}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		limit = min(limit, n)
	}
	keep := compile(filter)
	var all []*person
	for _, id := range c.order {
		if keep(c.people[id]) {
			all = append(all, c.people[id])
		}
	}
	if !c.unkind.shifting && after != "" {
		offset = sort.Search(len(all), func(i int) bool { return all[i].ID > after })
	}
	offset = min(offset, len(all))
	take := limit
	if c.unkind.short {
		take = 1 + c.random.IntN(limit)
	}
	if c.unkind.empty && c.random.IntN(4) == 0 {
		take = 0
	}
	end := min(offset+take, len(all))
	from := offset
	if c.unkind.repeating && after != "" {
		from = max(0, offset-c.random.IntN(3))
	}
	rows := []object{}
	for _, p := range all[from:end] {
		rows = append(rows, object{
			"id": p.ID, "username": p.Username, "enabled": true, "population": object{"id": p.Population}, "environment": object{"id": town},
			"createdAt": "2024-01-01T00:00:00.000Z", "updatedAt": p.Updated.UTC().Format("2006-01-02T15:04:05.000Z"),
		})
	}
	out := object{"_embedded": object{"users": rows}}
	if !c.unkind.uncounted {
		out["count"] = len(all)
	}
	if end < len(all) {
		last := after
		if end > 0 {
			last = all[end-1].ID
		}
		cursor := fmt.Sprintf("%d|%s|%d|%s|%s", end, last, c.calls, bearer, filter)
		link := "http://api.example/v1/environments/" + town + "/users?" + url.Values{"cursor": {cursor}, "limit": {strconv.Itoa(limit)}}.Encode()
		out["_links"] = object{"next": object{"href": link + "&n=" + strconv.Itoa(c.calls)}}
	}
	return 200, out
}

var escaped = regexp.MustCompile(`\\(.)`)

var term = regexp.MustCompile(`^(population\.id eq|username sw|username eq) "((?:[^"\\]|\\.)*)"`)

// compile reads a filter of terms, and, or and brackets.
func compile(text string) func(*person) bool {
	if text == "" {
		return func(*person) bool { return true }
	}
	rest := text
	var either func() func(*person) bool
	operand := func() func(*person) bool {
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "(") {
			rest = rest[1:]
			f := either()
			rest = strings.TrimPrefix(strings.TrimSpace(rest), ")")
			return f
		}
		m := term.FindStringSubmatch(rest)
		if m == nil {
			panic("the filter is not understood: " + rest)
		}
		rest = rest[len(m[0]):]
		value := strings.ToLower(escaped.ReplaceAllString(m[2], "$1"))
		switch m[1] {
		case "population.id eq":
			return func(p *person) bool { return p.Population == value }
		case "username eq":
			return func(p *person) bool { return strings.ToLower(p.Username) == value }
		default:
			return func(p *person) bool { return strings.HasPrefix(strings.ToLower(p.Username), value) }
		}
	}
	both := func() func(*person) bool {
		f := operand()
		for strings.HasPrefix(rest, " and ") {
			rest = rest[5:]
			g, h := f, operand()
			f = func(p *person) bool { return g(p) && h(p) }
		}
		return f
	}
	either = func() func(*person) bool {
		f := both()
		for strings.HasPrefix(rest, " or ") {
			rest = rest[4:]
			g, h := f, both()
			f = func(p *person) bool { return g(p) || h(p) }
		}
		return f
	}
	return either()
}

// Whatever the directory does while it is read, a scan gives every user that
// existed unchanged throughout, and none twice.
func TestScansOfAChangingDirectory(t *testing.T) {
	t.Parallel()
	ways := map[string]unkind{
		"kind": {}, "shifting": {shifting: true}, "short": {short: true}, "empty": {empty: true}, "repeating": {repeating: true},
		"uncounted": {uncounted: true}, "expiring": {expiring: true}, "possessive": {possessive: true}, "lagging": {lagging: true},
		"short and shifting": {short: true, shifting: true}, "repeating and expiring": {repeating: true, expiring: true},
		"empty and possessive": {empty: true, possessive: true}, "shifting and lagging": {shifting: true, lagging: true},
		"uncounted and repeating": {uncounted: true, repeating: true},
	}
	runs := 2
	if *long {
		runs = 60
	}
	for name, how := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range runs {
				for _, people := range []int{150, 3000} {
					scanChanging(t, uint64(seed), people, how, seed%2 == 0, []float64{0.1, 1}[seed/2%2])
				}
			}
		})
	}
}

func scanChanging(t *testing.T, seed uint64, people int, how unkind, partition bool, writes float64) {
	t.Helper()
	c := newChanging(seed, people, how, 0)
	conn, err := pingone.New(pingone.Config{
		APIURL: "http://api.example/v1", Authorizer: c, Transport: c, MaxParallel: 8,
		Clock: &fakeClock{now: time.Now()}, Jitter: func() float64 { return 0.5 },
	})
	require.NoError(t, err)
	defer conn.Close()
	w := &world{t: t, conn: conn}
	schema, err := conn.Schema(context.Background(), "Town")
	require.NoError(t, err)
	users, _ := schema.Table("Users")
	r := scan.Request{Table: users, Path: users.Path("list"), Columns: []int{users.Index("Id"), users.Index("Username")}, Partition: partition}
	path := *r.Path
	division := *path.Partition
	division.Above = 1000
	path.Partition = &division
	r.Path = &path
	c.mu.Lock()
	c.writes = writes
	c.mu.Unlock()
	rows, err := w.read(context.Background(), r)
	c.mu.Lock()
	defer c.mu.Unlock()
	require.NoError(t, err, "seed %d, %d people, partition %v", seed, people, partition)
	seen := map[string]int{}
	for _, row := range rows {
		seen[row[0]]++
		require.Equal(t, 1, seen[row[0]], "seed %d, %d people, partition %v: a row came twice", seed, people, partition)
	}
	missing := 0
	for id := range c.people {
		if !c.touched[id] && seen[id] == 0 {
			missing++
		}
	}
	require.Zero(t, missing, "seed %d, %d people, partition %v, %d calls, %d rows: rows are missing", seed, people, partition, c.calls, len(rows))
}
