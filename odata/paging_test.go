package odata_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// TestPagesJoinToTheWhole reads with every page size, and with and without
// cursors, $top, $skip and filters; the pages must give the whole feed once.
func TestPagesJoinToTheWhole(t *testing.T) {
	t.Parallel()
	const books = 25
	for _, cursors := range []bool{true, false} {
		for page := 1; page <= books+1; page += 3 {
			t.Run(fmt.Sprintf("pages of %d, cursors %v", page, cursors), func(t *testing.T) {
				t.Parallel()
				s := start(t, books, func(_ *odata.Config, e *odatatest.Executor) { e.NoCursors = !cursors })
				for _, path := range []string{
					"Books?$select=Id", "Books?$select=Id&$top=11", "Books?$select=Id&$skip=9", "Books?$select=Id&$skip=4&$top=15",
					"Books?$select=Id&$filter=InPrint eq true", "Books?$select=Id&$filter=Pages gt 2&$skip=1&$top=7", "Books?$select=Id&$top=25",
				} {
					want := ids(s.feed(path).Value)
					rows, pages := s.all(path, "Prefer", fmt.Sprintf("odata.maxpagesize=%d", page))
					if got := ids(rows); got != want {
						t.Errorf("%s:\ngot  %s\nwant %s", path, got, want)
					}
					if most := len(rows)/page + 2; pages > most || cursors && pages < len(rows)/page {
						t.Errorf("%s: %d pages for %d rows", path, pages, len(rows))
					}
				}
			})
		}
	}
}

// One stream serves all pages, as long as it is there.
func TestNextLinkGoesOnWithTheStream(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10)) // batches have 7 rows
	if rows, pages := s.all("Books?$select=Title"); len(rows) != 30 || pages != 3 {
		t.Errorf("%d rows on %d pages", len(rows), pages)
	}
	if ran := s.Exec.Ran(); len(ran) != 1 || ran[0].Start.Cursor != "" {
		t.Errorf("%d streams were opened: %+v", len(ran), ran)
	}
}

// Without the stream, a page begins at the cursor.
func TestRepeatedPageContinuesTheCursor(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10))
	second := s.feed("Books").Next
	first := ids(s.feed(second).Value)
	s.Exec.Ran()
	if again := ids(s.feed(second).Value); again != first || again[:3] != "010" {
		t.Errorf("the page was %s and is %s", first, again)
	}
	if ran := s.Exec.Ran(); len(ran) != 1 || ran[0].Start.Cursor != "7" {
		t.Errorf("streams opened: %+v", ran)
	}
}

// What the server alone would page comes whole where that is faster; what a
// client wants to be paged is.
func TestOptionalPagesOfUnorderedRows(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10), func(_ *odata.Config, e *odatatest.Executor) { e.NoCursors, e.Unordered = true, true })
	if p := s.feed("Books"); len(p.Value) != 30 || p.Next != "" {
		t.Errorf("%d rows, next %q", len(p.Value), p.Next)
	}
	for _, path := range []string{"Books?$top=12", "Books?$skip=2"} {
		if p := s.feed(path); len(p.Value) != 10 || p.Next == "" {
			t.Errorf("%s: %d rows, next %q", path, len(p.Value), p.Next)
		}
	}
	if p := s.feed("Books", "Prefer", "maxpagesize=10"); len(p.Value) != 10 || p.Next == "" {
		t.Errorf("%d rows, next %q", len(p.Value), p.Next)
	}
}

func TestPageSizeIsBounded(t *testing.T) {
	t.Parallel()
	s := start(t, 30, func(c *odata.Config, _ *odatatest.Executor) { c.MaxPageRows = 6 })
	r := s.get("Books", "Prefer", "odata.maxpagesize=1000")
	if p := parse[page](t, r.Body); len(p.Value) != 6 || r.Header.Get("Preference-Applied") != "odata.maxpagesize=6" {
		t.Errorf("%d rows, applied %q", len(p.Value), r.Header.Get("Preference-Applied"))
	}
}

func TestKeysCanBeChanged(t *testing.T) {
	t.Parallel()
	old := start(t, 30, paged(10))
	renewed := start(t, 30, paged(10), func(c *odata.Config, _ *odatatest.Executor) {
		c.Key, c.FormerKeys = []byte("the key that follows the first"), [][]byte{[]byte(signingKey)}
	})
	next := strings.Replace(old.feed("Books").Next, old.server.URL, renewed.server.URL, 1)
	p := renewed.feed(next)
	if ids(p.Value)[:3] != "010" {
		t.Errorf("rows %s", ids(p.Value))
	}
	old.refused(http.StatusGone, strings.Replace(p.Next, renewed.server.URL, old.server.URL, 1))
}

func TestTopEndsPaging(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10))
	if p := s.feed("Books?$top=10"); len(p.Value) != 10 || p.Next != "" {
		t.Errorf("%d rows, next %q", len(p.Value), p.Next)
	}
	p := s.feed("Books?$top=15")
	if p = s.feed(p.Next); len(p.Value) != 5 || p.Next != "" {
		t.Errorf("%d rows, next %q", len(p.Value), p.Next)
	}
}

// TestWhatIsWanted: clients page with $top and $skip too.
func TestWhatIsWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, prefer string
		want         reading.Want
		limit        int64
	}{
		{"Books", "", reading.Want{Optional: true}, 0},
		{"Books?$top=5", "", reading.Want{Rows: 5, Ending: reading.Skipped}, 0},
		{"Books?$top=5&$orderby=Title", "", reading.Want{Rows: 5}, 5},
		{"Books?$top=5&$orderby=Title&$skip=0", "", reading.Want{Rows: 5, Ending: reading.Skipped}, 0},
		{"Books?$top=5&$skip=5", "", reading.Want{Skip: 5, Rows: 5, Ending: reading.Skipped}, 0},
		{"Books?$top=5&$skip=0", "", reading.Want{Rows: 5, Ending: reading.Skipped}, 0},
		{"Books?$skip=6", "", reading.Want{Skip: 6}, 0},
		{"Books", "7", reading.Want{Rows: 7, Ending: reading.Linked}, 0},
		{"Books?$top=50", "7", reading.Want{Rows: 7, Ending: reading.Linked}, 0},
		{"Books?$top=7", "7", reading.Want{Rows: 7, Ending: reading.Skipped}, 0},
		{"Books?$top=7&$skip=1", "7", reading.Want{Skip: 1, Rows: 7, Ending: reading.Skipped}, 0},
	} {
		// Of its own, so that no case goes on with another's stream.
		s := start(t, 30, func(_ *odata.Config, e *odatatest.Executor) {
			e.Engine = func(*query.Query) []odatatest.Row { return e.Library.Rows["Books"] }
		})
		var header []string
		if c.prefer != "" {
			header = []string{"Prefer", "maxpagesize=" + c.prefer}
		}
		s.feed(c.path, header...)
		ran := s.Exec.Ran()[0]
		var limit int64
		if p := ran.Query.Plain; p != nil {
			limit = p.Limit
		} else if _, after, ok := strings.Cut(ran.Query.SQL, " LIMIT "); ok {
			limit, _ = strconv.ParseInt(after, 10, 64)
		}
		if *ran.Want != c.want || limit != c.limit {
			t.Errorf("%s by %s: %+v, limit %d", c.path, c.prefer, *ran.Want, limit)
		}
	}
}

// Clients that page with $skip read one stream, too.
func TestSkippingGoesOnWithTheStream(t *testing.T) {
	t.Parallel()
	s := start(t, 30)
	var rows []map[string]any
	for skip := 0; skip < 30; skip += 6 {
		rows = append(rows, s.feed(fmt.Sprintf("Books?$top=6&$skip=%d", skip)).Value...)
	}
	if got, want := ids(rows), ids(s.feed("Books").Value); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := len(s.Exec.Ran()) - 1; n != 1 {
		t.Errorf("%d streams", n)
	}
}

func TestCountStaysTheSameOverPages(t *testing.T) {
	t.Parallel()
	s := start(t, 25, paged(10))
	path, counted := "Books?$count=true&$filter=Pages ge 1&$top=12", 0
	for path != "" {
		p := s.feed(path)
		if p.Count == nil || *p.Count != int64(len(s.allBooks("Pages ge 1"))) {
			t.Errorf("count %v", p.Count)
		}
		path = p.Next
	}
	for _, r := range s.Exec.Ran() {
		if r.Counted {
			counted++
		}
	}
	if counted != 1 {
		t.Errorf("counted %d times", counted)
	}
}

// allBooks are the rows that a filter keeps, without counting.
func (s *service) allBooks(filter string) []map[string]any {
	rows, _ := s.all("Books?$filter=" + filter)
	return rows
}

func TestPreferenceNamesAndDefault(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10))
	cases := []struct {
		name, prefer string
		rows         int
		applied      string
	}{
		{"default", "", 10, ""},
		{"with prefix", "odata.maxpagesize=4", 4, "odata.maxpagesize=4"},
		{"without prefix", "maxpagesize=4", 4, "maxpagesize=4"},
		{"among others", `return=minimal, odata.maxpagesize=5, odata.include-annotations="*", omit-values=nulls`, 5, "odata.maxpagesize=5, omit-values=nulls"},
		{"nonsense", "odata.maxpagesize=x, respond-async, wait=5", 10, ""},
		{"zero", "odata.maxpagesize=0", 10, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := s.get("Books", "Prefer", c.prefer)
			if n := len(parse[page](t, r.Body).Value); n != c.rows || r.Header.Get("Preference-Applied") != c.applied {
				t.Errorf("%d rows, applied %q", n, r.Header.Get("Preference-Applied"))
			}
		})
	}
}

func TestPageSizeGoesWithTheLink(t *testing.T) {
	t.Parallel()
	s := start(t, 30)
	p := s.feed("Books", "Prefer", "odata.maxpagesize=4")
	if p = s.feed(p.Next); len(p.Value) != 4 || p.Next == "" {
		t.Errorf("%d rows on the second page", len(p.Value))
	}
}

func TestForgedLinksAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10), func(c *odata.Config, _ *odatatest.Executor) {
		c.Key = []byte("another key than of other tests")
		c.LinkLifetime = time.Hour
	})
	next := s.feed("Books?$filter=Pages ge 0").Next
	u, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	token := u.Query().Get("$skiptoken")
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	flipped := append([]byte(nil), raw...)
	flipped[2] ^= 1
	cases := []struct{ name, path string }{
		{"flipped bit", "Books?$filter=Pages ge 0&$skiptoken=" + base64.RawURLEncoding.EncodeToString(flipped)},
		{"cut", "Books?$filter=Pages ge 0&$skiptoken=" + token[:20]},
		{"no token at all", "Books?$filter=Pages ge 0&$skiptoken=x"},
		{"empty", "Books?$filter=Pages ge 0&$skiptoken=AA"},
		{"another filter", "Books?$filter=Pages ge 1&$skiptoken=" + token},
		{"without the filter", "Books?$skiptoken=" + token},
		{"another set", "Shelves?$filter=Pages ge 0&$skiptoken=" + token},
		{"an option more", "Books?$filter=Pages ge 0&$top=3&$skiptoken=" + token},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if f := s.refused(http.StatusGone, c.path); f.Error.Code != "BadContinuation" {
				t.Errorf("code %s", f.Error.Code)
			}
		})
	}
	if p := s.feed("Books?$filter=Pages+ge%200&$skiptoken=" + token); len(p.Value) == 0 {
		t.Error("another spelling of the same address is refused")
	}
	s.advance(2 * time.Hour)
	s.refused(http.StatusGone, next)
}

func TestLinksWorkOnEveryReplicaForOneCaller(t *testing.T) {
	t.Parallel()
	as := func(name string) func(*odata.Config, *odatatest.Executor) {
		return func(c *odata.Config, _ *odatatest.Executor) { c.Caller = func(context.Context) string { return name } }
	}
	s := start(t, 30, paged(10), as("ann"))
	next := s.feed("Books").Next
	replica, stranger := start(t, 30, paged(10), as("ann")), start(t, 30, paged(10), as("bob"))
	if p := replica.feed(strings.Replace(next, s.server.URL, replica.server.URL, 1)); ids(p.Value)[:3] != "010" {
		t.Errorf("the replica continues with %s", ids(p.Value))
	}
	stranger.refused(http.StatusGone, strings.Replace(next, s.server.URL, stranger.server.URL, 1))
}

func TestNextLinkLeavesForeignOptionsOut(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10))
	p := s.feed("Books?apikey=secret&$select=Id&filter=Pages ge @p&@p=1&sap-client=1")
	for _, part := range []string{"$select=Id", "filter=Pages%20ge%20@p", "@p=1"} {
		if !strings.Contains(p.Next, part) {
			t.Errorf("%s lacks %s", p.Next, part)
		}
	}
	if strings.Contains(p.Next, "secret") || strings.Contains(p.Context, "secret") {
		t.Errorf("%s repeats a client's key", p.Next)
	}
	rows, _ := s.all("Books?apikey=secret&$select=Id&filter=Pages ge @p&@p=1")
	if got, want := ids(rows), ids(s.allBooks("Pages ge 1")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNowStaysTheSameOverPages(t *testing.T) {
	t.Parallel()
	s := start(t, 30, paged(10))
	p := s.feed("Books?$filter=BoughtAt lt now() sub duration'P1D' or BoughtAt eq null")
	s.advance(time.Hour)
	s.feed(p.Next)
	s.feed(p.Next) // again, which needs another reading
	ran := s.Exec.Ran()
	first, second := ran[0].Query.Accesses[0].Where.String(), ran[1].Query.Accesses[0].Where.String()
	if first != second || !strings.Contains(first, "BoughtAt < TIMESTAMPTZ '2026-01-01T03:04:05Z'") {
		t.Errorf("first page %s, second page %s", first, second)
	}
}

func TestSortedFeedIsPagedFromOneResult(t *testing.T) {
	t.Parallel()
	var statements []string
	s := start(t, 9, paged(4), func(_ *odata.Config, e *odatatest.Executor) {
		e.NoCursors = true
		e.Engine = func(q *query.Query) []odatatest.Row {
			statements = append(statements, q.SQL)
			return e.Library.Rows["Books"]
		}
	})
	const whole = "000 001 002 003 004 005 006 007 008"
	rows, pages := s.all("Books?$orderby=Title desc")
	if ids(rows) != whole || pages != 3 || len(statements) != 1 {
		t.Errorf("%d pages of %s by %d statements", pages, ids(rows), len(statements))
	}
	if want := `ORDER BY "Books"."Title" DESC NULLS LAST, "Books"."Id" ASC NULLS FIRST`; !strings.HasSuffix(statements[0], want) {
		t.Errorf("%s doesn't end with %s", statements[0], want)
	}
	// A page that is asked for again is found by the keys of the rows before.
	second := s.feed("Books?$orderby=Title desc").Next
	for range 2 {
		if got := ids(s.feed(second).Value); got != whole[16:31] {
			t.Errorf("the second page is %s", got)
		}
	}
}

// TestFaults: an error before the first row has a status; one behind it breaks
// the answer off.
func TestFaults(t *testing.T) {
	t.Parallel()
	upstream := gwerr.New(gwerr.UpstreamCutShort, "The answer ended early.", "").After(1500 * time.Millisecond)
	t.Run("before the first row", func(t *testing.T) {
		t.Parallel()
		s := start(t, 30, func(_ *odata.Config, e *odatatest.Executor) { e.Err = upstream })
		r := s.get("Books")
		if r.Status != http.StatusBadGateway || r.Header.Get("Retry-After") != "2" || !strings.Contains(r.Body, `"code":"UpstreamCutShort"`) {
			t.Errorf("%d %s %s", r.Status, r.Header.Get("Retry-After"), r.Body)
		}
	})
	t.Run("in the middle", func(t *testing.T) {
		t.Parallel()
		for _, batches := range []int{1, 2, 20} {
			failed := make(chan error, 1)
			s := start(t, 3000, func(c *odata.Config, e *odatatest.Executor) {
				e.Err, e.FailAfter, e.BatchRows = upstream, batches, 100
				c.Failed = func(_ context.Context, err error) { failed <- err }
			})
			r := s.get("Books")
			if r.Err == nil {
				t.Errorf("after %d batches the answer ends well: %.100s … %s", batches, r.Body, r.Body[len(r.Body)-30:])
			}
			if strings.HasSuffix(r.Body, "]}") {
				t.Error("the array is closed")
			}
			if err := <-failed; !errors.Is(err, upstream) {
				t.Errorf("reported %v", err)
			}
		}
	})
	t.Run("in the count", func(t *testing.T) {
		t.Parallel()
		s := start(t, 30, func(_ *odata.Config, e *odatatest.Executor) { e.CountErr = upstream })
		s.refused(http.StatusBadGateway, "Books?$count=true")
		s.refused(http.StatusBadGateway, "Books/$count")
	})
	t.Run("in expanded entities", func(t *testing.T) {
		t.Parallel()
		s := start(t, 30, func(_ *odata.Config, e *odatatest.Executor) { e.Err, e.FailAfter = upstream, 1 })
		if r := s.get("Books?$expand=Shelf"); r.Err == nil && r.Status == http.StatusOK {
			t.Errorf("ends well: %.200s", r.Body)
		}
	})
}

// A place in a statement that the client hasn't written is none that it could look up.
func TestPlacesOfGeneratedStatementsAreNotTold(t *testing.T) {
	t.Parallel()
	s := start(t, 3, func(_ *odata.Config, e *odatatest.Executor) {
		e.Err = gwerr.New(gwerr.TooLarge, "The query nests too deep.", "Simplify it.").At(100)
	})
	r := s.get("Books")
	if r.Status != http.StatusRequestEntityTooLarge || strings.Contains(r.Body, "haracter") || !strings.Contains(r.Body, "The query nests too deep. Simplify it.") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// Where rows must all be read to be counted, they tell their number themselves: a page
// is read once, and so are those behind it.
func TestRowsThatTellTheirNumber(t *testing.T) {
	t.Parallel()
	const condition = "$filter=length(Title) gt 3&$count=true"
	const toldBySource = "$filter=Pages ge 0 or Pages eq null&$count=true"
	size := map[bool]int64{true: 4, false: 1000}
	for _, c := range []struct {
		name, options, prefer string
		rows                  int
		count                 int64
		counted               bool // by a query of its own
		service               bool // pages are the service's
	}{
		{"a page", condition, "odata.maxpagesize=4", 4, 25, false, false},
		{"the first rows", condition + "&$top=3", "", 3, 25, false, false},
		{"rows further on", condition + "&$top=3&$skip=20", "", 3, 25, false, false},
		{"the end", condition + "&$top=9&$skip=20", "", 5, 25, false, false},
		{"behind the end", condition + "&$top=3&$skip=40", "", 0, 25, true, false},
		{"no rows", condition + "&$top=0", "", 0, 25, true, false},
		{"sorted", condition + "&$top=3&$orderby=Title", "", 3, 25, false, false},
		{"whole, and counted while it is sent", condition, "", 25, 25, false, false},
		{"told by the source", toldBySource + "&$top=3", "", 3, 25, true, false},
		{"a page of the service's", condition, "", 4, 25, false, true},
		{"a page of the service's, sorted", condition + "&$orderby=Title", "", 4, 25, false, true},
		{"a page of the service's, told by the source", toldBySource, "", 4, 25, true, true},
		{"a page of the service's, told by the source and sorted", toldBySource + "&$orderby=Title", "", 4, 25, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, 25, func(_ *odata.Config, e *odatatest.Executor) {
				e.Engine = func(*query.Query) []odatatest.Row { return e.Library.Rows["Books"] }
				e.Keep = func(string, *catalog.Table, odatatest.Row) bool { return true }
			}, paged(size[c.service]))
			p := s.feed("Books?$select=Title&"+c.options, "Prefer", c.prefer)
			if len(p.Value) != c.rows || p.Count == nil || *p.Count != c.count {
				t.Errorf("%d rows, count %v", len(p.Value), p.Count)
			}
			counted := slices.ContainsFunc(s.Exec.Ran(), func(r odatatest.Ran) bool { return r.Counted })
			if counted != c.counted {
				t.Errorf("counted by a query of its own: %v", counted)
			}
			for _, row := range p.Value {
				if _, shown := row["$count"]; shown {
					t.Fatal("the number is shown as a property")
				}
			}
			if p.Next == "" {
				return
			}
			rest, pages := s.all(p.Next)
			if ran := s.Exec.Ran(); len(rest) != 21 || pages != 6 || len(ran) != 0 {
				t.Errorf("%d rows in %d pages behind it, by %d further queries", len(rest), pages, len(ran))
			}
			if again := s.feed(p.Next); again.Count == nil || *again.Count != c.count || len(again.Value) != 4 {
				t.Errorf("a page again: %+v", again)
			}
		})
	}
}
