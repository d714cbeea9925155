package sim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestChainsOfPrefixes(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 400})
	all := f.users("")
	starts := func(u map[string]any, attribute string, prefixes ...string) bool {
		for _, p := range prefixes {
			if v := value(u, attribute); v != "" && foldedPrefix(v, p) {
				return true
			}
		}
		return false
	}
	for name, tt := range map[string]struct {
		filter string
		keep   func(u map[string]any) bool
	}{
		"one attribute": {
			`username sw "a" or username sw "B" or username sw "é" or username sw "ma"`,
			func(u map[string]any) bool { return starts(u, "username", "a", "b", "é", "ma") },
		},
		"prefixes with the same beginning": {
			`username sw "m" or username sw "ma" or username sw "mz"`,
			func(u map[string]any) bool { return starts(u, "username", "m") },
		},
		"two attributes": {
			`username sw "a" or type sw "in" or username sw "c" or type sw "P"`,
			func(u map[string]any) bool { return starts(u, "username", "a", "c") || starts(u, "type", "in", "p") },
		},
		"with other conditions": {
			`username sw "a" or type eq "Intern" or username sw "c" or enabled eq false`,
			func(u map[string]any) bool {
				return starts(u, "username", "a", "c") || value(u, "type") == "Intern" || value(u, "enabled") == "false"
			},
		},
		"within and": {
			`(username sw "a" or username sw "c") and enabled eq true`,
			func(u map[string]any) bool { return starts(u, "username", "a", "c") && value(u, "enabled") == "true" },
		},
		"every value begins with nothing": {
			`externalId sw "" or externalId sw "x"`,
			func(u map[string]any) bool { return value(u, "externalId") != "" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]bool{}
			for _, u := range all {
				if tt.keep(u) {
					want[value(u, "id")] = true
				}
			}
			assert.NotEmpty(t, want)
			assert.Less(t, len(want), len(all))
			got := map[string]bool{}
			for _, u := range f.users(tt.filter) {
				got[value(u, "id")] = true
			}
			assert.Equal(t, want, got)
		})
	}
}
