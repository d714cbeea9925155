package procedures_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/procedures"
)

// TestDeclarationsFollowTheModel holds every declared procedure against the model.
func TestDeclarationsFollowTheModel(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "model.yaml"))
	require.NoError(t, err)
	model := map[string]string{}
	require.NoError(t, yaml.Unmarshal(text, &model))
	found, err := procedures.All()
	require.NoError(t, err)
	declared := map[string]string{}
	for _, p := range found {
		var inputs, outputs []string
		for _, in := range p.Inputs {
			word := in.Column.Name + " " + in.Column.Type.String()
			if in.Column.Needed {
				word += "*"
			}
			if in.Default != "" {
				word += "=" + in.Default
			}
			inputs = append(inputs, word)
		}
		for _, out := range p.Outputs {
			outputs = append(outputs, out.Column.Name+" "+out.Column.Type.String())
		}
		declared[p.Signature.Name] = strings.TrimSpace("(" + strings.Join(inputs, ", ") + ") " + strings.Join(outputs, ", "))
	}
	assert.Equal(t, model, declared)
}
