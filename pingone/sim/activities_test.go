package sim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func (f *fixture) activities(filter string) (out []map[string]any) {
	f.t.Helper()
	return f.all("/environments/"+f.admin+"/activities?limit=50&filter="+url.QueryEscape(filter), "activities")
}

func TestActivitiesOfWrites(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 50})
	users := "/environments/" + f.admin + "/users"
	population := members(f.get("/environments/"+f.admin+"/populations"), "populations")[0]["id"].(string)
	before := time.Now().Add(-time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
	status, made := f.do(http.MethodPost, users, map[string]any{"username": "new", "email": "n@example.com", "population": map[string]any{"id": population}})
	require.Equal(t, http.StatusCreated, status, made)
	id := made["id"].(string)
	status, _ = f.do(http.MethodPatch, users+"/"+id, map[string]any{"nickname": "n"})
	require.Equal(t, http.StatusOK, status)
	status, _ = f.do(http.MethodPatch, users+"/"+id, map[string]any{"email": 7})
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = f.do(http.MethodDelete, users+"/"+id, nil)
	require.Equal(t, http.StatusNoContent, status)

	var kinds []string
	for _, a := range f.activities(`recordedAt ge "` + before + `" and resources.id eq "` + id + `"`) {
		kinds = append(kinds, path(a, "action", "type").(string))
		assert.Equal(t, sim.AppWorker.ID, path(a, "actors", "client", "id"))
		assert.Equal(t, a, f.get("/environments/"+f.admin+"/activities/"+a["id"].(string)))
	}
	assert.Equal(t, []string{"USER.CREATED", "USER.UPDATED", "USER.DELETED"}, kinds, "a refused write is none")
}

func TestActivitiesInATime(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 50})
	at := func(days float64) string {
		return time.Now().Add(-time.Duration(days * float64(24*time.Hour))).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	all := f.activities(`recordedAt ge "` + at(100) + `"`)
	assert.Greater(t, len(all), 200)
	assert.GreaterOrEqual(t, all[0]["recordedAt"], at(14.01), "older ones must be restored first")
	var parts int
	for day := range 15 {
		parts += len(f.activities(fmt.Sprintf(`recordedAt ge "%s" and recordedAt lt "%s"`, at(float64(day+1)), at(float64(day)))))
	}
	assert.InDelta(t, len(all), parts, 1)
	for filter, fits := range map[string]bool{
		`action.type eq "USER.CREATED"`:                                                 false,
		`recordedAt ge "%s" and action.type eq "USER.CREATED"`:                          true,
		`createdAt gt "%s" and actors.user.name eq "x"`:                                 true,
		`recordedAt ge "%s" and action.type eq "X" and resources.id eq "x"`:             false,
		`recordedAt ge "%s" and action.type eq "X" and resources.population.id eq "x"`:  true,
		`recordedAt ge "%s" and resources.id eq "X" and resources.population.id eq "x"`: false,
		`recordedAt ge "%s" and tags eq "x"`:                                            false,
	} {
		if fits {
			f.activities(fmt.Sprintf(filter, at(1)))
			continue
		}
		status, _ := f.do(http.MethodGet, "/environments/"+f.admin+"/activities?filter="+url.QueryEscape(fmt.Sprintf(filter, at(1))), nil)
		assert.Equal(t, http.StatusBadRequest, status, filter)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 50})
	day := func(back int) string {
		return time.Now().UTC().AddDate(0, 0, -back).Format(time.DateOnly) + "T00:00:00.000Z"
	}
	environment := "/environments/" + f.admin
	totals := f.get(environment + "/totalIdentities?filter=" + url.QueryEscape(`startDate eq "`+day(9)+`" and endDate eq "`+day(5)+`"`))
	assert.Len(t, members(totals, "totalIdentities"), 5)
	assert.EqualValues(t, 50, totals["count"], "the count is that of now")
	counts := environment + "/activeIdentityCounts?limit=7&samplePeriod=DAY&filter=" + url.QueryEscape(`startDate ge "`+day(20)+`"`)
	var starts []string
	for _, row := range f.all(counts+"&order=-startDate", "activeIdentityCounts") {
		starts = append(starts, row["startDate"].(string))
	}
	slices.Reverse(starts)
	assert.Len(t, starts, 21)
	assert.True(t, slices.IsSorted(starts))
	for _, refused := range []string{"/totalIdentities", "/totalIdentities?filter=" + url.QueryEscape(`startDate eq "`+day(9)+`"`), "/activeIdentityCounts?samplePeriod=DAY", "/activeIdentityCounts?filter=" + url.QueryEscape(`startDate ge "`+day(9)+`"`)} {
		status, _ := f.do(http.MethodGet, environment+refused, nil)
		assert.Equal(t, http.StatusBadRequest, status, refused)
	}
}

// TestActivitiesOfEnvironments changes environments themselves.
func TestActivitiesOfEnvironments(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 50})
	before := time.Now().Add(-time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
	body := map[string]any{"name": "new", "type": "PRODUCTION", "region": "EU", "license": map[string]any{"id": f.LicenseID()}}
	status, made := f.do(http.MethodPost, "/environments", body)
	require.Equal(t, http.StatusCreated, status, made)
	address := "/environments/" + made["id"].(string)
	body["name"] = "renamed"
	status, _ = f.do(http.MethodPut, address, body)
	require.Equal(t, http.StatusOK, status)
	status, _ = f.do(http.MethodPut, address, map[string]any{"name": 7})
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = f.do(http.MethodPut, address+"/type", map[string]any{"type": "SANDBOX"})
	require.Equal(t, http.StatusOK, status)

	var kinds []any
	for _, a := range f.all(address+"/activities?filter="+url.QueryEscape(`recordedAt ge "`+before+`" and resources.type eq "ENVIRONMENT"`), "activities") {
		kinds = append(kinds, path(a, "action", "type"))
		touched := a["resources"].([]any)[0]
		assert.Equal(t, made["id"], path(touched, "id"))
	}
	assert.Equal(t, []any{"ENVIRONMENT.CREATED", "ENVIRONMENT.UPDATED", "ENVIRONMENT.UPDATED"}, kinds, "a refused write is none")
}

// Users sign on to the applications that are for users.
func TestSignOns(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 50})
	since := time.Now().AddDate(0, 0, -7).UTC().Format("2006-01-02T15:04:05.000Z")
	seen := map[any]bool{}
	for _, a := range f.activities(`recordedAt ge "` + since + `" and action.type eq "USER.ACCESS_ALLOWED"`) {
		client := path(a, "actors", "client", "id")
		app := f.get("/environments/" + f.admin + "/applications/" + client.(string))
		assert.Equal(t, app["name"], path(a, "actors", "client", "name"))
		assert.NotEqual(t, "WORKER", app["type"])
		assert.Equal(t, path(a, "actors", "user", "id"), path(a["resources"].([]any)[0].(map[string]any), "id"))
		assert.Equal(t, "SUCCESS", path(a, "result", "status"))
		seen[client] = true
	}
	assert.Greater(t, len(seen), 3)
}
