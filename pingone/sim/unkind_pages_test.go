package sim_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestShortPages(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Unkind: "short-pages=0.5"})
	got := f.walk(f.env("/users?limit=100"), "users")
	for _, page := range got {
		assert.LessOrEqual(t, len(page), 50)
		assert.NotEmpty(t, page)
	}
	assert.Len(t, slices.Concat(got...), 600)
	assert.Equal(t, got, f.walk(f.env("/users?limit=100"), "users"), "the same call gets the same page")
	other := start(t, sim.Options{Unkind: "short-pages=0.5", Seed: 2})
	assert.NotEqual(t, lengths(got), lengths(other.walk(other.env("/users?limit=100"), "users")), "another seed, other pages")
	groups := f.walk(f.env("/groups?limit=10"), "groups")
	assert.Greater(t, len(groups), 12, "all lists alike")
}

func lengths(pages [][]any) (out []int) {
	for _, p := range pages {
		out = append(out, len(p))
	}
	return out
}

func TestEmptyPages(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Unkind: "empty-pages=2"})
	got := f.walk(f.env("/users?limit=20"), "users")
	empty := 0
	for k, page := range got {
		if len(page) == 0 {
			empty++
			assert.True(t, k == 0 || len(got[k-1]) > 0, "never two in a row")
		}
	}
	assert.Greater(t, empty, 5)
	assert.Len(t, slices.Concat(got...), 600)
	assert.Equal(t, [][]any{nil}, f.walk(f.env("/users?filter="+url.QueryEscape(`username eq "nobody at all"`)), "users"))

	f.unkind("empty-pages=1")
	got = f.walk(f.env("/users?limit=200"), "users")
	assert.Equal(t, []int{0, 200, 0, 200, 0, 200, 0}, lengths(got), "the last page too")
}

func TestRepeatedRows(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 100, Unkind: "repeat-rows=3"})
	for _, list := range []string{"repeat-rows=3", "repeat-rows=3,shifting-pages"} {
		f.unkind(list)
		got := f.walk(f.env("/users?limit=20"), "users")
		for k := 1; k < len(got); k++ {
			assert.Equal(t, got[k-1][len(got[k-1])-3:], got[k][:3], "%s page %d", list, k)
			assert.LessOrEqual(t, len(got[k]), 20)
		}
		assert.Len(t, uniqueOf(slices.Concat(got...)), 100)
		assert.Len(t, f.walk(f.env("/users?limit=1"), "users"), 100, "a page of one row moves on")
	}
}

func uniqueOf(all []any) map[any]bool {
	out := make(map[any]bool)
	for _, v := range all {
		out[v] = true
	}
	return out
}

func TestShiftingPages(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 90, Unkind: "shifting-pages"})
	assert.Len(t, uniqueOf(slices.Concat(f.walk(f.env("/users?limit=20"), "users")...)), 90)
	id := func(k int) string { return f.UserID(sim.EnvironmentAdministrators, k) }

	first := f.get(f.env("/users?limit=30"))
	second := f.get(href(first, "next"))
	assert.Equal(t, id(30), members(second, "users")[0]["id"])
	assert.Equal(t, ids(members(first, "users")), ids(members(f.get(href(second, "prev")), "users")))

	_, _ = f.do(http.MethodDelete, f.env("/users/"+id(4)), nil)
	assert.Equal(t, id(31), members(f.get(href(first, "next")), "users")[0]["id"], "a deletion skips a row")
	f.unkind("")
	assert.Equal(t, id(31), members(f.get(href(first, "next")), "users")[0]["id"], "a cursor keeps its nature")
}

func TestEndlessLinks(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 90, Unkind: "endless-links"})
	var links []string
	for next := f.env("/users?limit=20"); len(links) < 9; {
		next = href(f.get(next), "next")
		require.NotEmpty(t, next)
		links = append(links, next)
	}
	assert.Equal(t, links[1], links[3])
	assert.Equal(t, links[2], links[4])
	assert.NotEqual(t, links[1], links[2])
	assert.Len(t, f.walk(f.env("/users?limit=60"), "users"), 2, "two pages are too few for a circle")
}

func TestCursorsExpire(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Clock: clock.Now})
	refused := func(link, why string) {
		t.Helper()
		a := f.ask(link)
		assert.Equal(t, http.StatusBadRequest, a.status)
		assert.Equal(t, "INVALID_VALUE", a.detail("code"))
		assert.Equal(t, "cursor", a.detail("target"))
		assert.Contains(t, a.detail("message"), why)
	}
	early := href(f.get(f.env("/users?limit=10")), "next")
	f.unkind("cursor-ttl=30s")
	link := href(f.get(f.env("/users?limit=10")), "next")
	clock.Advance(29 * time.Second)
	f.get(link)
	clock.Advance(time.Second)
	refused(link, "expired")
	f.get(early)

	f.unkind("cursor-calls=3")
	link = href(f.get(f.env("/users?limit=10")), "next")
	for range 3 {
		f.get(link)
	}
	refused(link, "expired")

	f.unkind("cursor-token")
	link = href(f.get(f.env("/users?limit=10")), "next")
	f.get(link)
	clock.Advance(time.Second)
	f.token = f.tokenOf(sim.AppWorker)
	refused(link, "token")
}
