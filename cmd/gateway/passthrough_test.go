//go:build duckdb_arrow

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/connections"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

func TestPassThroughCallersSeeWhatPingOneShowsThem(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "passthrough", "redis.url": "redis://" + redis.Addr(), "tokens.encryption_keys": seal.GenerateKey("1").Reveal(),
	})
	worker, customers := basic(sim.AppWorker.ID, sim.AppWorker.Secret), basic(sim.AppCustomersOnly.ID, sim.AppCustomersOnly.Secret)
	token := tokenOf(t, g.sim, g.simAt, sim.AppCustomersOnly)

	assert.EqualValues(t, 120, g.sql(t, worker, "SELECT count(*) FROM Administrators.Users").rows(t)[0][0])
	for name, who := range map[string]credentials{"client": customers, "token": bearerToken(token)} {
		assert.EqualValues(t, 24, g.sql(t, who, "SELECT count(*) FROM Customers.Users").rows(t)[0][0], name)
		refused := g.sql(t, who, "SELECT count(*) FROM Administrators.Users")
		assert.Contains(t, []int{http.StatusNotFound, http.StatusForbidden}, refused.status, "%s: %s", name, refused.body)
		assert.NotContains(t, g.get(t, who, "/odata/pingone/").body, "Administrators", name)
	}

	t.Run("both at once keep to themselves", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				who, environment, want := worker, "Administrators", 120
				if i%2 == 0 {
					who, environment, want = customers, "Customers", 24
				}
				got := g.sql(t, who, "SELECT Id FROM "+environment+".Users")
				assert.Len(t, got.rows(t), want)
			})
		}
		wg.Wait()
	})
	t.Run("nothing of a caller is kept or logged", func(t *testing.T) {
		kept := redis.Dump() + g.logged.String() + fmt.Sprint(g.audited(t, 6))
		for _, secret := range []string{sim.AppWorker.Secret, sim.AppCustomersOnly.Secret, token, token[:40]} {
			assert.NotContains(t, kept, secret)
		}
	})
}

// TestKnownClientsNeedTheirSecret is about clients whose token is in the store
// already: the gateway's own among them. A client id is no secret.
func TestKnownClientsNeedTheirSecret(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "passthrough", "auth.max_failures": "100"})
	conn, ok := g.pool.Get("pingone")
	require.True(t, ok)
	_, err := conn.Tokens.Source.Token(t.Context())
	require.NoError(t, err, "the store holds the connection's own token")
	g.sql(t, basic(sim.AppCustomersOnly.ID, sim.AppCustomersOnly.Secret), "SELECT 1").rows(t)

	for _, app := range []sim.App{sim.AppWorker, sim.AppCustomersOnly} {
		for _, wrong := range []string{"", "wrong", app.Secret + "x", strings.ToUpper(app.Secret)} {
			got := g.sql(t, basic(app.ID, wrong), "SELECT count(*) FROM Users")
			assert.Equal(t, http.StatusUnauthorized, got.status, "%s: %s", wrong, got.body)
			assert.Contains(t, strings.Join(got.header.Values("WWW-Authenticate"), ", "), "Basic")
		}
	}
	assert.Equal(t, http.StatusUnauthorized, g.sql(t, bearerToken("eyJhbGciOiJub25lIn0.e30."), "SELECT 1").status)
	assert.Equal(t, http.StatusUnauthorized, g.sql(t, basic(sim.AppNoRoles.ID, sim.AppNoRoles.Secret), "SELECT 1").status)
}

func TestPassThroughIsForTheEnvironmentsConfigured(t *testing.T) {
	t.Parallel()
	s, address := simulator(t, sim.Options{})
	admins, partners := s.EnvironmentID(sim.EnvironmentAdministrators), s.EnvironmentID(sim.EnvironmentPartners)
	worker := basic(sim.AppWorker.ID, sim.AppWorker.Secret)
	token := bearerToken(tokenOf(t, s, address, sim.AppWorker))
	for name, c := range map[string]struct {
		environments string
		status       int
	}{
		"among others": {partners + "," + admins, http.StatusOK},
		"not listed":   {partners, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			g := startOver(t, settings(t, s, address, map[string]string{"auth.mode": "passthrough", "auth.passthrough.environments": c.environments}))
			assert.Equal(t, c.status, g.sql(t, worker, "SELECT count(*) FROM Administrators.Users").status)
			assert.Equal(t, c.status, g.sql(t, token, "SELECT count(*) FROM Administrators.Users").status)
		})
	}
}

// TestThePolicyHoldsForPassThroughToo checks that PingOne's rights and the
// policy's are both needed.
func TestThePolicyHoldsForPassThroughToo(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "passthrough", "auth.passthrough.roles": "partner",
		"auth.policy_file": file(t, "policy.yaml", `
version: 1
roles:
  partner:
    grants:
      - {connections: ["*"], schemas: ["*"], tables: [Users], columns: [Id, Username]}
`),
	})
	who := basic(sim.AppCustomersOnly.ID, sim.AppCustomersOnly.Secret)
	assert.Len(t, g.sql(t, who, "SELECT * FROM Customers.Users LIMIT 1").rows(t)[0], 2)
	assert.Equal(t, "unknown_column", g.sql(t, who, "SELECT Email FROM Customers.Users").code(t))
	assert.Equal(t, "unknown_table", g.sql(t, who, "SELECT * FROM Customers.Groups").code(t))
	assert.Equal(t, "forbidden", g.sql(t, who, "EXEC GetOAuthAccessToken").code(t))
}

// TestAReadingOutlivesItsConnectionInThePool reads a feed in pages while the
// caller's connection makes room for others between two of them.
func TestAReadingOutlivesItsConnectionInThePool(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{Users: 900}, map[string]string{"auth.mode": "passthrough"})
	who := basic(sim.AppWorker.ID, sim.AppWorker.Secret)
	paged := func(r *http.Request) { who(r); r.Header.Set("Prefer", "odata.maxpagesize=200") }
	crowd := func(round int) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		for i := range connections.MaxCallers {
			somebody := auth.NewUpstreamToken([]byte("key"), tokens.NewSecret(fmt.Sprint("somebody ", round, i)))
			_, err := g.pool.Database(ctx, "", &auth.Principal{Upstream: somebody})
			require.NoError(t, err)
		}
	}
	next, seen := "/odata/pingone/Administrators/Users?$select=Id", map[string]int{}
	for page := 0; next != ""; page++ {
		got := g.get(t, paged, next)
		require.Equal(t, http.StatusOK, got.status, got.body)
		var feed struct {
			Value []struct {
				ID string `json:"Id"`
			}
			Next string `json:"@odata.nextLink"`
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &feed))
		for _, row := range feed.Value {
			seen[row.ID]++
		}
		next = strings.TrimPrefix(feed.Next, g.base)
		if next == "" {
			require.Greater(t, page, 2)
			break
		}
		require.Positive(t, g.readings.Len(), "the page's reading waits")
		crowd(page)
		require.Positive(t, g.readings.Len(), "it still does, though its connection has left the pool")
	}
	count := g.sql(t, who, "SELECT count(*) FROM Administrators.Users").rows(t)[0][0]
	assert.InDelta(t, count, len(seen), 0)
	for id, times := range seen {
		assert.Equal(t, 1, times, id)
	}
}
