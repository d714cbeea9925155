package sim

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heapLimit for a million users, in MiB. Measured: less than 1 MiB after the
// start, 39 MiB with every index and the results below in the cache.
const heapLimit = 128

// TestMillionUsers shows that a directory costs what is asked of it, not what is
// in it.
func TestMillionUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("scans a million users several times")
	}
	before := heap()
	s, err := New(Options{Users: 1_000_000})
	require.NoError(t, err)
	t.Logf("after the start: %d MiB", heap()-before)
	e := s.environments()[0]
	token := s.auth.Grant(AppWorker.ID, e.id)
	get := func(path string) *discard {
		r := httptest.NewRequest(http.MethodGet, "/v1/environments/"+e.id+path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := &discard{header: make(http.Header)}
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.status, path)
		return w
	}
	username := e.people.Text(765_432, "username")
	for _, filter := range []string{
		`username eq "` + username + `"`, `email eq "info@example.org"`, `externalId eq "hr|100005"`, `accountId eq "x"`,
		`type eq "Contractor"`, `enabled eq true`, `username sw "a"`, `population.id eq "` + e.homes[1] + `"`,
		`memberOfGroups[id eq "` + e.groups()[0].ID + `"]`, `address.locality eq "Zürich" and title sw "eng"`, `badge eq "B-500000"`,
	} {
		get("/users?filter=" + url.QueryEscape(filter))
	}
	get("/users")
	get("/groups")
	get("/populations")
	used := heap() - before
	t.Logf("after every kind of search: %d MiB", used)
	assert.Less(t, used, heapLimit)
	assert.NotEmpty(t, e.cache.results)
}

// heap is the live heap in MiB.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc >> 20)
}

// TestCacheForgets fills the cache past its bound.
func TestCacheForgets(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Users: 10})
	require.NoError(t, err)
	e := s.environments()[0]
	for k := range 12 {
		key := string(rune('a' + k))
		r := e.cache.result(key, e.structure)
		r.once.Do(func() { r.rows = make([]uint32, maxCachedRows/10) })
		e.cache.keep(key, r)
	}
	assert.LessOrEqual(t, e.cache.rows, maxCachedRows)
	assert.Len(t, e.cache.results, 3, "it began again when it was full")
	assert.Nil(t, e.cache.results["a"])
	e.cache.result("z", e.structure+1)
	assert.Len(t, e.cache.results, 1, "a change of structure empties it")
}
