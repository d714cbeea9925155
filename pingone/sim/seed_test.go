package sim

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// TestSeededGroups looks for groups whose file describes memberships that cannot
// be: parents that there are not, or userFilters that are none.
func TestSeededGroups(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Users: 50})
	require.NoError(t, err)
	for _, e := range s.environments() {
		nested, dynamic := 0, 0
		for _, g := range e.groups() {
			name := g.text("name")
			for _, parent := range g.parents {
				assert.NotEqual(t, g, parent, name)
				nested++
			}
			assert.Len(t, g.parents, len(resource.Values(g.Members, "makes.parents")), name)
			assert.Equal(t, g.text("userFilter") != "", g.dynamic != nil, name)
			if g.dynamic != nil {
				dynamic++
			}
		}
		if e.people.Count() > 0 {
			assert.InDelta(t, 60, len(e.groups()), 8)
			assert.Positive(t, nested)
			assert.Positive(t, dynamic)
		}
	}
}
