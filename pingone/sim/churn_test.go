package sim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/churn"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

const admins = sim.EnvironmentAdministrators

// instant is how the API writes times.
const instant = "2006-01-02T15:04:05.000Z"

func TestDirectWrites(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Users: 60, Clock: clock.Now, Unkind: "json-escapes,refuse-filter=username"})
	board := f.Populations(admins)["Board"]
	made := clock.Now()
	write := func(method, path string, members object) string {
		t.Helper()
		id, err := f.Write(method, admins, path, members)
		require.NoError(t, err)
		return id
	}
	id := write(http.MethodPost, "/users", object{"username": "direct", "population": object{"id": board}})
	clock.Advance(time.Minute)
	write(http.MethodPatch, "/users/"+id, object{"username": "renamed"})
	u := f.get(f.env("/users/" + id))
	assert.Equal(t, "renamed", u["username"])
	assert.Equal(t, board, path(u, "population", "id"))
	for member, want := range map[string]time.Time{"createdAt": made, "updatedAt": clock.Now()} {
		assert.Equal(t, want.Format(instant), u[member])
	}

	population := write(http.MethodPost, "/populations", object{"name": "fresh"})
	write(http.MethodPut, "/users/"+id+"/population", object{"id": population})
	write(http.MethodPut, "/users/"+id+"/enabled", object{"enabled": false})
	group := write(http.MethodPost, "/groups", object{"name": "fresh"})
	write(http.MethodPost, "/users/"+id+"/memberOfGroups", object{"id": group})
	assert.Contains(t, f.Memberships(admins), sim.Membership{User: id, Group: group, Direct: true})
	assert.Contains(t, f.AllGroups(admins), sim.Group{ID: group, Name: "fresh", Users: 1})
	users := f.Users(admins)
	require.Len(t, users, 61)
	assert.Equal(t, sim.User{ID: id, Username: "renamed", Population: population}, users[60])
	row := f.get(f.env("/users/" + id))
	assert.Equal(t, []any{made.Format(instant), clock.Now().Format(instant), false}, []any{row["createdAt"], row["updatedAt"], row["enabled"]})
	_, err := f.Write(http.MethodDelete, admins, "/populations/"+population, nil)
	require.ErrorContains(t, err, "INVALID_DATA", "it has a user")
	write(http.MethodDelete, "/users/"+id+"/memberOfGroups/"+group, nil)
	write(http.MethodDelete, "/users/"+id, nil)
	write(http.MethodDelete, "/populations/"+population, nil)
	write(http.MethodDelete, "/groups/"+group, nil)
	assert.Len(t, f.Users(admins), 60)

	_, err = f.Write(http.MethodPost, "nowhere", "/users", nil)
	require.ErrorContains(t, err, "nowhere")
	_, err = f.Write(http.MethodDelete, admins, "/users/"+id, nil)
	require.ErrorContains(t, err, "NOT_FOUND")
	_, err = f.Write(http.MethodDelete, admins, "/nothing", nil)
	require.ErrorContains(t, err, "/nothing")
	assert.Empty(t, f.Users("nowhere"))
	assert.Empty(t, f.AllGroups("nowhere"))
}

// TestTruth holds what the truth says against what the API answers.
func TestTruth(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 80})
	changes := churn.New(f.Server, admins, 3, 0)
	changes.Step(60)
	require.NoError(t, changes.Stop())
	truth := map[any]sim.User{}
	for _, u := range f.Users(admins) {
		truth[u.ID] = u
	}
	memberships := map[sim.Membership]bool{}
	for _, m := range f.Memberships(admins) {
		memberships[m] = true
	}
	listed := f.users("")
	assert.Len(t, listed, len(truth))
	held := 0
	for _, row := range listed {
		u := truth[row["id"]]
		assert.Equal(t, row["username"], u.Username)
		assert.Equal(t, path(row, "population", "id"), u.Population)
		for _, m := range f.all(f.env("/users/"+u.ID+"/memberOfGroups"), "groupMemberships") {
			held++
			assert.True(t, memberships[sim.Membership{User: u.ID, Group: m["id"].(string), Direct: m["type"] == "DIRECT"}])
		}
	}
	assert.Len(t, memberships, held)
}

// TestChurn walks a directory that changes before each call: who was not
// written comes exactly once.
func TestChurn(t *testing.T) {
	t.Parallel()
	read := func(seed uint64) []string {
		f := start(t, sim.Options{Users: 300})
		before := f.Users(admins)
		changes := churn.New(f.Server, admins, seed, 3)
		changes.Start()
		times, order := map[any]int{}, []string{}
		for _, row := range f.all(f.env("/users?limit=15"), "users") {
			times[row["id"]]++
			order = append(order, fmt.Sprint(row["username"]))
		}
		require.NoError(t, changes.Stop())
		written := changes.Written()
		assert.Greater(t, len(written), 30)
		left := 0
		for _, u := range before {
			if !written[u.ID] {
				left++
				assert.Equal(t, 1, times[u.ID], u.Username)
			}
		}
		assert.Greater(t, left, 200)
		return order
	}
	first := read(1)
	assert.Equal(t, first, read(1), "a run repeats")
	assert.NotEqual(t, first, read(2))
}

func TestOnRequest(t *testing.T) {
	t.Parallel()
	var calls []int64
	f := start(t, sim.Options{Users: 20})
	f.SetOnRequest(func(n int64) { calls = append(calls, n) })
	f.get(f.env("/users"))
	f.get(f.env("/groups"))
	assert.Equal(t, []int64{1, 2}, calls, "token calls do not count")
}

// TestDates: scans rely on the Date header and the times of rows.
func TestDates(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Users: 60, Clock: clock.Now, TokenLifetime: 100 * time.Hour})
	id := f.UserID(admins, 30)
	pop := f.Populations(admins)["Board"]
	for _, u := range f.users("") { // the instants order as text
		assert.LessOrEqual(t, u["createdAt"], u["updatedAt"])
		assert.LessOrEqual(t, u["updatedAt"], clock.Now().Format(instant), "no seeded row is from the future")
	}
	writes := []struct {
		name, method, path, media string
		body                      map[string]any
	}{
		{"patch", http.MethodPatch, "", "", map[string]any{"title": "x"}},
		{"rename", http.MethodPatch, "", "", map[string]any{"username": "renamed"}},
		{"replace", http.MethodPut, "", "", map[string]any{"username": "replaced"}},
		{"move", http.MethodPut, "/population", "", map[string]any{"id": pop}},
		{"disable", http.MethodPut, "/enabled", "", map[string]any{"enabled": false}},
		{"MFA", http.MethodPut, "/mfaEnabled", "", map[string]any{"mfaEnabled": true}},
		{"verify", http.MethodPut, "/verifyStatus", "", map[string]any{"verifyStatus": "ENABLED"}},
		{"lock", http.MethodPost, "", "application/vnd.pingidentity.account.lock+json", map[string]any{}},
		{"password", http.MethodPut, "/password", "application/vnd.pingidentity.password.set+json", map[string]any{"value": "12345678x"}},
	}
	for _, w := range writes {
		clock.Advance(time.Hour)
		req := f.request(w.method, f.env("/users/"+id+w.path), w.body)
		if w.media != "" {
			req.Header.Set("Content-Type", w.media)
		}
		status, body := f.send(req)
		require.Equal(t, http.StatusOK, status, "%s: %v", w.name, body)
		a := f.ask(f.env("/users?filter=" + url.QueryEscape(`enabled eq true or enabled eq false`)))
		assert.Equal(t, clock.Now().Format(http.TimeFormat), a.header.Get("Date"))
		found := false
		for _, row := range members(a.body, "users") {
			if row["id"] == id {
				found = true
				assert.Equal(t, clock.Now().Format(instant), row["updatedAt"], w.name)
				assert.Less(t, row["createdAt"], row["updatedAt"])
			}
		}
		assert.True(t, found)
	}
}
