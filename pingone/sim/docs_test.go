package sim_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestDocumentation holds the user's page against the simulator.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/simulator.md")
	require.NoError(t, err)
	page := string(raw)
	s, err := sim.New(sim.Options{Users: 50, Seed: 99})
	require.NoError(t, err)
	for _, name := range []string{sim.EnvironmentAdministrators, sim.EnvironmentCustomers, sim.EnvironmentPartners, sim.EnvironmentRetired} {
		assert.Contains(t, page, "| `"+name+"` | `"+s.EnvironmentID(name)+"` |")
	}
	for _, text := range []string{s.OrganizationID(), s.LicenseID(), sim.UserPassword, sim.OneTimeCode, sim.RedirectURI} {
		assert.Contains(t, page, "`"+text+"`")
	}
	for _, app := range []sim.App{
		sim.AppWorker, sim.AppWorkerPost, sim.AppWorkerSecretJWT, sim.AppWorkerKeyJWT, sim.AppReadOnly, sim.AppCustomersOnly,
		sim.AppPopulationOnly, sim.AppDirectoryOnly, sim.AppNoRoles, sim.AppWeb, sim.AppNative, sim.AppDevice,
	} {
		secret := "–"
		if app.Secret != "" {
			secret = "`" + app.Secret + "`"
		}
		assert.Contains(t, page, "| "+app.Name+" | `"+app.ID+"` | "+secret+" |")
	}
	for _, s := range sim.Switches() {
		assert.Contains(t, page, "\n| `"+s.Name+"` | "+s.Doc+" |")
	}
	_, example, _ := strings.Cut(page, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	require.True(t, json.Valid([]byte(example)))
	faults, err := sim.ParseFaults(example)
	require.NoError(t, err)
	assert.Len(t, faults, 3)
	rates, err := sim.ParseRateLimits("rlgDirAccessRps=50,rlgConfigRpm=300/m")
	require.NoError(t, err)
	assert.Len(t, rates, 2)
}
