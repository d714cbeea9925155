package yamlnode_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/yamlnode"
)

func TestParseSaysWhereATextCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		line       int
		message    string
	}{
		{"an open quote", "a: 1\nb: 'secret", 2, "not valid YAML: "},
		{"a second document", "a: 1\n---\nb: 1\n", 3, "one YAML document"},
		{"deep brackets", strings.Repeat("[", 65), 1, "nested"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, problem := yamlnode.Parse([]byte(c.text))
			require.NotNil(t, problem)
			assert.Nil(t, doc)
			assert.Equal(t, c.line, problem.Line)
			assert.Contains(t, problem.Message, c.message)
			assert.NotContains(t, problem.Message, "secret")
		})
	}
}

func TestParseTakesNoDocumentForNil(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "an empty document": "---\n", "a comment": "# only this\n"} {
		doc, problem := yamlnode.Parse([]byte(text))
		require.Nil(t, problem, name)
		assert.True(t, doc == nil || yamlnode.Empty(doc), name)
	}
}

func TestNodesKnowLinesPairsAndScalars(t *testing.T) {
	t.Parallel()
	doc, problem := yamlnode.Parse([]byte("# head\ntext: 'a b'\nnumber: 1e3\ntruth: yes\nblock: |\n  two\n  lines\nempty:\nlist: [1]\none:\n  member: x\n"))
	require.Nil(t, problem)
	pairs, ok := yamlnode.Pairs(doc)
	require.True(t, ok)
	type seen struct {
		line   int
		text   string
		scalar bool
	}
	got := map[string]seen{}
	for _, p := range pairs {
		key, ok := yamlnode.Scalar(p.Key)
		require.True(t, ok)
		text, scalar := yamlnode.Scalar(p.Value)
		got[key] = seen{yamlnode.Line(p.Key), text, scalar}
	}
	assert.Equal(t, map[string]seen{
		"text": {2, "a b", true}, "number": {3, "1e3", true}, "truth": {4, "yes", true},
		"block": {5, "two\nlines\n", true}, "empty": {8, "", false}, "list": {9, "", false}, "one": {10, "", false},
	}, got)
	one, ok := yamlnode.Pairs(pairs[len(pairs)-1].Value)
	assert.True(t, ok, "a mapping with one member is a mapping")
	assert.Len(t, one, 1)
	_, ok = yamlnode.Pairs(pairs[0].Value)
	assert.False(t, ok)
	assert.Equal(t, 1, yamlnode.Line(nil))
}
