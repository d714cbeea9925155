package sim_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestContentNegotiation(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	const hal, plain = "application/hal+json;charset=UTF-8", "application/json;charset=UTF-8"
	tests := map[string]struct {
		accept, path, want string
	}{
		"anything":                 {"*/*", "/environments", hal},
		"nothing said":             {"", "/environments", hal},
		"plain JSON":               {"application/json", "/environments", plain},
		"plain JSON, errors too":   {"application/json", "/environments/x/users", plain},
		"HAL first":                {"application/hal+json, application/json, */*", "/environments", hal},
		"plain preferred":          {"application/hal+json;q=0.5, application/json", "/environments", plain},
		"plain among others":       {"text/html, application/json;q=0.9", "/environments", plain},
		"plain refused":            {"application/json;q=0", "/environments", hal},
		"something else":           {"text/html", "/environments", hal},
		"errors are HAL otherwise": {"*/*", "/environments/x/users", hal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := f.request(http.MethodGet, tt.path, nil)
			if tt.accept != "" {
				req.Header.Set("Accept", tt.accept)
			}
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			assert.Equal(t, tt.want, resp.Header.Get("Content-Type"))
		})
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	for name, path := range map[string]string{"success": "/environments", "error": "/environments/x/users", "unknown address": "/nothing"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := http.DefaultClient.Do(f.request(http.MethodGet, path, nil))
			require.NoError(t, err)
			defer resp.Body.Close()
			assert.Equal(t, "no-cache, no-store, max-age=0, must-revalidate", resp.Header.Get("Cache-Control"))
			assert.Equal(t, "no-cache", resp.Header.Get("Pragma"))
			assert.Equal(t, "0", resp.Header.Get("Expires"))
			assert.NotEmpty(t, resp.Header.Get("Date"))
			assert.Len(t, resp.Header.Get("Correlation-Id"), 36)
			assert.Equal(t, "Correlation-Id", resp.Header.Get("Access-Control-Expose-Headers"))
			assert.Empty(t, resp.Header.Get("ETag"))
			assert.Empty(t, resp.Header.Get("Last-Modified"))
		})
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opt    sim.Options
		accept string
		want   string
	}{
		"asked":      {sim.Options{}, "gzip", "gzip"},
		"not asked":  {sim.Options{}, "identity", ""},
		"refused":    {sim.Options{}, "gzip;q=0", ""},
		"turned off": {sim.Options{NoCompression: true}, "gzip", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, tt.opt)
			req := f.request(http.MethodGet, f.env("/users"), nil)
			req.Header.Set("Accept-Encoding", tt.accept)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, tt.want, resp.Header.Get("Content-Encoding"))
			var r io.Reader = resp.Body
			if tt.want == "gzip" {
				r, err = gzip.NewReader(resp.Body)
				require.NoError(t, err)
			}
			raw, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.True(t, json.Valid(raw))
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	const nobody = "7d0f2a54-3c55-4d3a-9d0c-000000000000"
	ada := f.UserID(sim.EnvironmentAdministrators, 0)
	tests := map[string]struct {
		method, path string
		change       func(*http.Request)
		status       int
		code, detail string
	}{
		"no token":              {path: "/environments", change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 401, code: "ACCESS_FAILED", detail: "INVALID_TOKEN"},
		"not a bearer":          {path: "/environments", change: func(r *http.Request) { r.SetBasicAuth("a", "b") }, status: 401, code: "ACCESS_FAILED", detail: "INVALID_TOKEN"},
		"garbage token":         {path: "/environments", change: func(r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }, status: 401, code: "ACCESS_FAILED", detail: "INVALID_TOKEN"},
		"wrong signature":       {path: "/environments", change: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+tampered(f.token)) }, status: 401, code: "ACCESS_FAILED", detail: "INVALID_TOKEN"},
		"unknown address":       {path: "/nothing", status: 404, code: "NOT_FOUND", detail: "INVALID_VALUE"},
		"unknown environment":   {path: "/environments/" + nobody + "/users", status: 403, code: "ACCESS_FAILED", detail: "INSUFFICIENT_PERMISSIONS"},
		"unknown user":          {path: f.env("/users/" + nobody), status: 404, code: "NOT_FOUND", detail: "INVALID_VALUE"},
		"user id not a UUID":    {path: f.env("/users/ada"), status: 400, code: "INVALID_REQUEST", detail: "INVALID_VALUE"},
		"unknown population":    {path: f.env("/populations/" + nobody), status: 404, code: "NOT_FOUND", detail: "INVALID_VALUE"},
		"unknown schema":        {path: f.env("/schemas/" + nobody), status: 404, code: "NOT_FOUND", detail: "INVALID_VALUE"},
		"unknown membership":    {path: f.env("/users/" + ada + "/memberOfGroups/" + nobody), status: 404, code: "NOT_FOUND", detail: "INVALID_VALUE"},
		"activities of no time": {path: f.env("/activities"), status: 400, code: "INVALID_REQUEST", detail: "INVALID_FILTER"},
		"wrong method":          {method: "PATCH", path: f.env("/groups"), status: 405, code: "INVALID_REQUEST"},
		"delete a collection":   {method: "DELETE", path: f.env("/users"), status: 405, code: "INVALID_REQUEST"},
		"limit of zero":         {path: f.env("/users?limit=0"), status: 400, code: "INVALID_REQUEST", detail: "INVALID_PARAMETER"},
		"limit not a number":    {path: f.env("/groups?limit=ten"), status: 400, code: "INVALID_REQUEST", detail: "INVALID_PARAMETER"},
		"made-up cursor":        {path: f.env("/users?cursor=abc"), status: 400, code: "INVALID_REQUEST", detail: "INVALID_VALUE"},
		"empty cursor":          {path: f.env("/users?cursor="), status: 400, code: "INVALID_REQUEST", detail: "INVALID_VALUE"},
		"bad encoding":          {path: f.env("/users?filter=%zz"), status: 400, code: "INVALID_REQUEST", detail: "INVALID_PARAMETER"},
		"too many headers":      {path: "/environments", change: func(r *http.Request) { r.Header.Set("X-Big", strings.Repeat("a", 6<<10)) }, status: 431, code: "INVALID_REQUEST"},
		"body without type":     {method: "POST", path: f.env("/users"), status: 415, code: "INVALID_REQUEST", detail: "INVALID_VALUE"},
		"order not supported":   {path: "/organizations/" + f.OrganizationID() + "/licenses?order=name", status: 400, code: "INVALID_REQUEST", detail: "INVALID_PARAMETER"},
		"foreign organization":  {path: "/organizations/" + nobody, status: 403, code: "ACCESS_FAILED", detail: "INSUFFICIENT_PERMISSIONS"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.method == "" {
				tt.method = http.MethodGet
			}
			req := f.request(tt.method, tt.path, nil)
			if tt.change != nil {
				tt.change(req)
			}
			status, body := f.send(req)
			assert.Equal(t, tt.status, status, body)
			assert.Equal(t, tt.code, body["code"])
			assert.Len(t, body["id"], 36)
			assert.NotEmpty(t, body["message"])
			if tt.detail != "" {
				assert.Equal(t, tt.detail, path(body["details"].([]any)[0], "code"))
			}
		})
	}
}

// tampered changes the claims of a token and keeps its signature.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + strings.ToLower(parts[1]) + "." + parts[2]
}

func TestLinks(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	const filter = "?limit=2&filter=memberOfGroups%5Bid%20eq%20%22x%22%5D"
	tests := map[string]struct{ path, want string }{
		"self repeats the query":            {f.env("/users" + filter), f.env("/users" + filter)},
		"self encodes what JSON escapes":    {f.env(`/users?filter=type+eq+"a"`), f.env("/users?filter=type+eq+%22a%22")},
		"whole collections leave the query": {"/roles?limit=1", "/roles"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, f.url+"/v1"+tt.want, href(f.get(tt.path), "self"))
		})
	}
	t.Run("links follow the host of the request", func(t *testing.T) {
		t.Parallel()
		req := f.request(http.MethodGet, f.env("/users?limit=1"), nil)
		req.Host = "api.pingone.example:8443"
		_, body := f.send(req)
		for _, rel := range []string{"self", "next"} {
			assert.True(t, strings.HasPrefix(href(body, rel), "http://api.pingone.example:8443/v1/environments/"), rel)
		}
	})
}

func TestCountAndSize(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Unkind: "no-count=100"})
	tests := map[string]struct {
		path        string
		count, size any
	}{
		"environments never count":      {"/environments", nil, 4.0},
		"roles":                         {"/roles?limit=1", 6.0, 6.0},
		"populations":                   {f.env("/populations?limit=2"), 10.0, 2.0},
		"small results of users":        {f.env("/users?filter=username+eq+%22ada.admin%22"), 1.0, 1.0},
		"no users":                      {f.env("/users?filter=username+eq+%22nobody%22"), 0.0, 0.0},
		"large results of users do not": {f.env("/users?limit=3"), nil, 3.0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := f.get(tt.path)
			assert.Equal(t, tt.count, body["count"])
			assert.Equal(t, tt.size, body["size"])
		})
	}
}

func TestMilliseconds(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	const instant = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`
	for _, u := range f.users("")[:100] {
		assert.Regexp(t, instant, u["createdAt"])
		assert.Regexp(t, instant, u["updatedAt"])
		if at := path(u, "lastSignOn", "at"); at != nil {
			assert.Regexp(t, instant, at)
		}
	}
}

func TestAbsentMembersAreLeftOut(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	req := f.request(http.MethodGet, f.env("/users?limit=200"), nil)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), ":null")
	assert.NotContains(t, string(raw), `:""`)
	assert.NotContains(t, string(raw), `":{}`)
	assert.True(t, json.Valid(raw))
	assert.False(t, bytes.Contains(raw, []byte("\uFFFD")))
}
