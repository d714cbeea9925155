package sim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestPagesHoldEveryMemberOnce(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 450})
	employees := f.Populations(sim.EnvironmentAdministrators)["Employees"]
	tests := []struct {
		name, path, key string
		pages           []int // sizes
	}{
		{"users without limit: the service's maximum", f.env("/users"), "users", []int{200, 200, 50}},
		{"users beyond the maximum: fewer come back", f.env("/users?limit=1000"), "users", []int{200, 200, 50}},
		{"users in an exact fit", f.env("/users?limit=150"), "users", []int{150, 150, 150}},
		{"users found by a filter", f.env("/users?limit=100&filter=" + url.QueryEscape(`population.id eq "`+employees+`"`)), "users", nil},
		{"groups", f.env("/groups?limit=25"), "groups", []int{25, 25, 12}},
		{"populations", f.env("/populations?limit=4"), "populations", []int{4, 4, 2}},
		{"environments", "/environments?limit=3", "environments", []int{3, 1}},
		{"environments: a filter makes the limit void", "/environments?limit=1&filter=" + url.QueryEscape(`status eq "ACTIVE"`), "environments", []int{3}},
		{"environments: one on the license does not", "/environments?limit=1&filter=" + url.QueryEscape(`license.id eq "`+f.LicenseID()+`"`), "environments", []int{1, 1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seen, sizes, n := map[any]bool{}, []int{}, 0.0
			for next := tt.path; next != ""; {
				page := f.get(next)
				rows := members(page, tt.key)
				for _, row := range rows {
					require.False(t, seen[row["id"]], "%v came twice", row["id"])
					seen[row["id"]] = true
				}
				sizes = append(sizes, len(rows))
				if count, ok := page["count"]; ok {
					n = count.(float64)
					assert.GreaterOrEqual(t, n, float64(len(seen)))
				}
				next = href(page, "next")
			}
			if tt.pages != nil {
				assert.Equal(t, tt.pages, sizes)
			}
			if n > 0 {
				assert.Len(t, seen, int(n))
			}
		})
	}
}

func TestPreviousPages(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 300})
	_, _ = f.do(http.MethodPost, f.env("/users"), map[string]any{"username": "late"})
	f.do(http.MethodDelete, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 120)), nil)
	for _, path := range []string{
		f.env("/users?limit=60"), f.env("/users?limit=40&filter=" + url.QueryEscape(`enabled eq true`)), f.env("/groups?limit=20"),
	} {
		key := "users"
		if strings.Contains(path, "/groups") {
			key = "groups"
		}
		var forward [][]map[string]any
		last := ""
		for next := path; next != ""; {
			page := f.get(next)
			forward = append(forward, members(page, key))
			last, next = next, href(page, "next")
		}
		require.Greater(t, len(forward), 2)
		k := len(forward) - 1
		for at := last; at != ""; k-- {
			page := f.get(at)
			assert.Equal(t, ids(forward[k]), ids(members(page, key)), "page %d of %s", k, path)
			at = href(page, "prev")
		}
		assert.Equal(t, -1, k, "the first page has no prev")
	}
}

func ids(rows []map[string]any) (out []any) {
	for _, row := range rows {
		out = append(out, row["id"])
	}
	return out
}

func TestCursorsAreSealed(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 450})
	customers := "/environments/" + f.EnvironmentID(sim.EnvironmentCustomers) + "/users"
	next, err := url.Parse(href(f.get(f.env("/users?limit=10&filter="+url.QueryEscape(`enabled eq true`))), "next"))
	require.NoError(t, err)
	cursor := next.Query().Get("cursor")
	assert.Equal(t, []string{"cursor", "limit"}, []string{strings.Split(next.RawQuery, "=")[0], strings.Split(strings.Split(next.RawQuery, "&")[1], "=")[0]})
	assert.Equal(t, url.QueryEscape(cursor), cursor, "a cursor is URL-safe")

	status, _ := f.do(http.MethodGet, next.String(), nil)
	require.Equal(t, http.StatusOK, status)
	tests := map[string]string{
		"first character changed":  f.env("/users?cursor=" + flip(cursor, 0)),
		"middle character changed": f.env("/users?cursor=" + flip(cursor, len(cursor)/2)),
		"last character changed":   f.env("/users?cursor=" + flip(cursor, len(cursor)-1)),
		"cut":                      f.env("/users?cursor=" + cursor[:len(cursor)-4]),
		"of another environment":   customers + "?cursor=" + cursor,
		"of another collection":    f.env("/groups?cursor=" + cursor),
		"with another filter":      f.env("/users?cursor=" + cursor + "&filter=" + url.QueryEscape(`enabled eq false`)),
		"with another expand":      f.env("/users?cursor=" + cursor + "&expand=population"),
		"not base64":               f.env("/users?cursor=%21%21"),
	}
	for name, path := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := f.do(http.MethodGet, path, nil)
			assert.Equal(t, http.StatusBadRequest, status)
			assert.Equal(t, "INVALID_REQUEST", body["code"])
		})
	}
}

func flip(s string, k int) string {
	c := byte('A')
	if s[k] == c {
		c = 'B'
	}
	return s[:k] + string(c) + s[k+1:]
}

func TestCursorsSurviveRestart(t *testing.T) {
	t.Parallel()
	first, second := start(t, sim.Options{Users: 450}), start(t, sim.Options{Users: 450})
	filter := url.QueryEscape(`enabled eq true and (` + strings.TrimSuffix(strings.Repeat(`type eq "Intern" or `, 40), " or ") + `)`)
	page := first.get(first.env("/users?limit=10&filter=" + filter))
	next := strings.Replace(href(page, "next"), first.url, second.url, 1)
	assert.Less(t, len(next), 1000, "long filters are packed")
	require.NotEmpty(t, next)
	assert.Equal(t, ids(members(first.get(href(page, "next")), "users")), ids(members(second.get(next), "users")))
}

func TestExpandStaysInTheCursor(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 30})
	for _, u := range f.all(f.env("/users?limit=7&expand=population"), "users") {
		embedded := path(u, "_embedded", "population")
		require.NotNil(t, embedded)
		assert.Equal(t, path(u, "population", "id"), path(embedded, "id"))
		assert.NotEmpty(t, path(embedded, "name"))
	}
}

func TestPagesDuringWrites(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 90})
	page := f.get(f.env("/users?limit=30"))
	f.do(http.MethodDelete, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 40)), nil)
	f.do(http.MethodPatch, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 50)), map[string]any{"title": "changed"})
	f.do(http.MethodPost, f.env("/users"), map[string]any{"username": "new"})
	rest := f.all(href(page, "next"), "users")
	assert.Len(t, rest, 60, "one gone, one added at the end")
	assert.Equal(t, "new", rest[len(rest)-1]["username"])
	assert.Equal(t, "changed", rest[19]["title"])
}

func TestSearchDelay(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Users: 60, Unkind: "search-delay=5s", Clock: clock.Now})
	status, created := f.do(http.MethodPost, f.env("/users"), map[string]any{"username": "late", "title": "first"})
	require.Equal(t, http.StatusCreated, status)
	id := created["id"].(string)
	assert.Equal(t, "late", f.get(f.env("/users/" + id))["username"], "single reads see it at once")
	assert.Empty(t, f.users(`username eq "late"`))

	clock.Advance(5 * time.Second)
	assert.Len(t, f.users(`username eq "late"`), 1)
	f.do(http.MethodPatch, f.env("/users/"+id), map[string]any{"title": "second"})
	assert.Equal(t, "first", f.users(`username eq "late"`)[0]["title"])
	assert.Empty(t, f.users(`title eq "second"`))
	f.do(http.MethodDelete, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 9)), nil)
	assert.Len(t, f.users(""), 61)

	clock.Advance(5 * time.Second)
	assert.Equal(t, "second", f.users(`username eq "late"`)[0]["title"])
	assert.Len(t, f.users(""), 60)
}
