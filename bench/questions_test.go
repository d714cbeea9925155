package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuestions(t *testing.T) {
	t.Parallel()
	all := questionsOf("# one\nfirst | enough 1 | calls 2 | explained 3\nSELECT 1\n\n# two\nsecond | enough 4\nSELECT 2\na line of no query\n")
	assert.Equal(t, []question{{"one", "first", "SELECT 1"}, {"two", "second", "SELECT 2"}}, all)
}

// TestQuestionsCanBeAskedOfTheSDK sees that the tables of all questions can be
// read whole: a question about another one would end the run.
func TestQuestionsCanBeAskedOfTheSDK(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", questionsFile))
	require.NoError(t, err)
	all := questionsOf(string(text))
	require.NotEmpty(t, all)
	source, err := os.ReadFile("questions.go")
	require.NoError(t, err)
	for _, q := range all {
		for _, m := range regexp.MustCompile(`(?:FROM|JOIN) ([A-Z]\w+)`).FindAllStringSubmatch(q.sql, -1) {
			assert.Contains(t, string(source), `"`+m[1]+`"`, q.name)
		}
	}
}

func TestNarrowAddresses(t *testing.T) {
	t.Parallel()
	const env = "environments/b4a6bc99-9a3e-4071-86c0-60c53141a91d/"
	for _, c := range []struct {
		address string
		want    []string // what is listed, its filter, a user's id, what of the user
	}{
		{env + `users?filter=username eq "ada.admin"&limit=200`, []string{"users", `username eq "ada.admin"`, "", ""}},
		{env + `groups?filter=name eq "a&b"&limit=1000`, []string{"groups", `name eq "a&b"`, "", ""}},
		{env + "users/4aa1c703-5062-4def-84db-a7bfbf5ead3e", []string{"", "", "4aa1c703-5062-4def-84db-a7bfbf5ead3e", ""}},
		{env + "users/4aa1c703-5062-4def-84db-a7bfbf5ead3e/memberOfGroups", []string{"", "", "4aa1c703-5062-4def-84db-a7bfbf5ead3e", "/memberOfGroups"}},
		{env + "users/…1/memberOfGroups", nil},
		{env + "users?limit=200", nil},
		{env + `applications?filter=a eq "b"&limit=200`, nil},
	} {
		m := narrowAddress.FindStringSubmatch(c.address)
		if c.want == nil {
			assert.Nil(t, m, c.address)
			continue
		}
		require.NotNil(t, m, c.address)
		assert.Equal(t, c.want, m[1:], c.address)
	}
}
