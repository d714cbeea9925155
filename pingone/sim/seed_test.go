package sim

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSeededGroups looks for groups whose file describes memberships that cannot
// be: parents that there are not, or userFilters that are none.
func TestSeededGroups(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Users: 50})
	require.NoError(t, err)
	for _, e := range s.environments() {
		nested, dynamic := 0, 0
		for k, g := range e.groups {
			name := e.groupText(k, "name")
			for parent := range g.parents {
				assert.NotEqual(t, k, parent, name)
				assert.Less(t, parent, len(e.groups), name)
				nested++
			}
			assert.Equal(t, e.groupText(k, "userFilter") != "", g.dynamic != nil, name)
			if g.dynamic != nil {
				dynamic++
			}
		}
		if e.people.Count() > 0 {
			assert.InDelta(t, 60, len(e.groups), 8)
			assert.Positive(t, nested)
			assert.Positive(t, dynamic)
		}
	}
}
