package pingone_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// run calls a procedure in the worker's environment.
func (w *world) run(sql string) ([]procedure.Row, error) {
	w.t.Helper()
	c, err := procedure.Parse(sql)
	require.NoError(w.t, err)
	p, err := w.conn.Procedures().Find(c)
	require.NoError(w.t, err)
	in, err := p.Bind(c, procedure.Parameters{})
	require.NoError(w.t, err)
	in.Schema, err = w.conn.Schema(context.Background(), w.conn.Default())
	require.NoError(w.t, err)
	w.sim.ResetRequests()
	return p.Run(context.Background(), in)
}

// A procedure is called again where that does nothing twice.
func TestProceduresAreRepeatedWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	zero := 0
	for _, c := range []struct {
		name, method, call string
		fault              sim.Fault
		code               gwerr.Code
		sent               int
	}{
		{"a lost connection", "POST", "LockUserAccount(%)", sim.Fault{Do: "reset"}, "", 2},
		{"a rate limit", "POST", "SendPasswordRecoveryCode(%)", sim.Fault{Do: "status", Status: 429, RetryAfter: &zero}, "", 2},
		{"a lost connection after what is done once", "POST", "SendPasswordRecoveryCode(%)", sim.Fault{Do: "reset"}, gwerr.OutcomeUnknown, 1},
		{"a defect of what is done once", "PUT", "SetUserPassword(%, 'Correct-Horse-41')", sim.Fault{Do: "status", Status: 500}, gwerr.OutcomeUnknown, 1},
		{"another media type", "POST", "ForceUserPasswordChange(%)", sim.Fault{Do: "status", Status: 415}, gwerr.InvalidValue, 2},
		{"no right", "POST", "LockUserAccount(%)", sim.Fault{Do: "status", Status: 403}, gwerr.UpstreamForbidden, 1},
		{"one of several", "DELETE", "RevokeUserSessions(%)", sim.Fault{Do: "status", Status: 403, After: 1}, gwerr.UpstreamForbidden, 2},
		{"one that is gone", "DELETE", "RevokeUserSessions(%)", sim.Fault{Do: "status", Status: 404}, "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sim.Options{Users: 20}, nil)
			user := "'" + w.sim.UserID(sim.EnvironmentAdministrators, 0) + "'"
			c.fault.Match = c.method + " /v1/environments/*/users/**"
			require.NoError(t, w.sim.SetFaults(c.fault))
			_, err := w.run("CALL " + strings.Replace(c.call, "%", user, 1))
			if c.code == "" {
				require.NoError(t, err)
			} else {
				require.True(t, gwerr.Is(err, c.code), "%v", err)
				assert.NotContains(t, err.Error(), "Correct-Horse")
			}
			sent := 0
			for _, r := range w.sim.Requests() {
				if r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v1/") {
					sent++
				}
			}
			assert.Equal(t, c.sent, sent)
		})
	}
}

// A new column is there once RefreshSchema was called.
func TestRefreshSchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 20}, nil)
	before, err := w.run("EXECUTE RefreshSchema")
	require.NoError(t, err)
	require.NotZero(t, before[0][0])
	assert.NotEmpty(t, w.sim.Requests(), "it is read anew")
}
