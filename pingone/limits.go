package pingone

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// rateSeconds gives the seconds that the limit of a rate-limit group covers:
// "…Rps" is per second, "…Rpm" per minute (PingOne platform API, "Base rate
// limits").
func rateSeconds(group string) float64 {
	if strings.HasSuffix(group, "Rpm") {
		return 60
	}
	return 1
}

// rateGroups lists the groups that the connection's calls count for.
func (c *Directory) rateGroups() map[string]bool {
	out := map[string]bool{groupConfiguration: true}
	for _, t := range c.declared {
		out[cmp.Or(t.Group, groupConfiguration)] = true
		for i := range t.Paths {
			out[cmp.Or(t.Paths[i].Group, groupConfiguration)] = true
		}
	}
	return out
}

// RateLimits reads PingOne's own limits from the capabilities of the
// environment that owns the application, members licenseQuantities.rlg….limit:
// calls per second by Permit.Group. What PingOne does not tell, or tells this application not, is left out.
// Errors are of package gwerr.
func (c *Directory) RateLimits(ctx context.Context) (map[string]float64, error) {
	out := map[string]float64{}
	if c.cfg.WorkerAppEnvironmentID == "" {
		return out, nil
	}
	q := call{
		address:  addressOf("environments/{id}/capabilities", map[string]string{"id": c.cfg.WorkerAppEnvironmentID}),
		endpoint: "environments/{id}/capabilities", group: groupConfiguration, missing: []int{http.StatusNotFound},
	}
	_, err := c.client.get(ctx, q, func(body []byte) error {
		var told, quantities map[string]json.RawMessage
		if err := json.Unmarshal(body, &told); err != nil {
			return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer about its limits is cut short or not of the expected form.", "Try again.")
		}
		_ = json.Unmarshal(told["licenseQuantities"], &quantities) // without them the top level may tell
		clear(out)
		for group := range c.rateGroups() {
			for _, place := range []map[string]json.RawMessage{told, quantities} {
				var quantity struct{ Limit float64 }
				if json.Unmarshal(place[group], &quantity) == nil && quantity.Limit > 0 {
					out[group] = quantity.Limit / rateSeconds(group)
				}
			}
		}
		return nil
	})
	if gwerr.Is(err, gwerr.UpstreamForbidden) {
		return out, nil
	}
	return out, err
}
