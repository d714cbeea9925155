package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHomebrewFormula writes the formula of a release: of each archive that
// .goreleaser.yaml and the workflow make, with its checksum.
func TestHomebrewFormula(t *testing.T) {
	t.Parallel()
	var release struct {
		ProjectName string `yaml:"project_name"`
		Builds      []struct{ Targets []string }
		Archives    []struct {
			NameTemplate string `yaml:"name_template"`
			Files        []string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, ".goreleaser.yaml")), &release))
	require.Len(t, release.Archives, 1)
	assert.Equal(t, "{{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}", release.Archives[0].NameTemplate)
	workflow := read(t, ".github/workflows/release.yml")
	assert.Contains(t, workflow, release.ProjectName+"_${GITHUB_REF_NAME#v}_darwin_arm64.tar.gz")
	for _, file := range release.Archives[0].Files {
		assert.FileExists(t, root(file))
		assert.Contains(t, workflow, file, "the archive for macOS lacks it")
	}

	var sums []string
	for i, target := range append(release.Builds[0].Targets, "darwin_arm64") {
		sums = append(sums, fmt.Sprintf("%064x  %s_1.2.3_%s.tar.gz", i+1, release.ProjectName, target))
	}
	formula := func(lines ...string) (string, error) {
		file := filepath.Join(t.TempDir(), "checksums.txt")
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		out, err := exec.CommandContext(t.Context(), root("scripts/homebrew-formula.sh"), "1.2.3", file).Output()
		return string(out), err
	}
	text, err := formula(sums...)
	require.NoError(t, err)
	for _, line := range sums {
		sum, name, _ := strings.Cut(line, "  ")
		assert.Contains(t, text, fmt.Sprintf("url \"https://github.com/pingone-gateway/gateway/releases/download/v1.2.3/%s\"\n      sha256 \"%s\"", name, sum))
	}
	for i := range sums {
		_, err := formula(append(append([]string{}, sums[:i]...), sums[i+1:]...)...)
		assert.Error(t, err, "a formula without %s", sums[i])
	}
}
