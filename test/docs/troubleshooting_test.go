// Package docs_test keeps the written documentation true to the code.
package docs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

var update = flag.Bool("update", false, "rewrite the generated parts")

const (
	begin = "<!-- codes: begin; generated from the error registry by make docs -->\n"
	end   = "<!-- codes: end -->"
)

// codes is the table of docs/troubleshooting.md.
func codes() string {
	var b strings.Builder
	b.WriteString("\n| code | OData code | HTTP | SQLSTATE | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range gwerr.Registry() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | `%s` | %d | `%s` | %s |\n", k.Code, k.Code, k.OData, k.HTTP, k.SQLState, k.Meaning)
	}
	return b.String() + "\n"
}

// TestTroubleshootingDocumentationIsCurrent compares the table with the
// registry.
func TestTroubleshootingDocumentationIsCurrent(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "troubleshooting.md")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "the marks are there")
	table, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, "the marks are there")
	if *update {
		table = codes()
		require.NoError(t, os.WriteFile(file, []byte(head+begin+table+end+tail), 0o644))
	}
	assert.Equal(t, codes(), table, "run make docs")
}

// TestEveryCodeHasAdvice asks for a heading with prose under it for each code.
func TestEveryCodeHasAdvice(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "troubleshooting.md"))
	require.NoError(t, err)
	sections := map[string]string{}
	for _, part := range strings.Split(string(text), "\n### ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		sections[strings.TrimSpace(title)] = strings.TrimSpace(body)
	}
	for _, k := range gwerr.Registry() {
		assert.GreaterOrEqual(t, len(sections[string(k.Code)]), 40, "%s has no advice", k.Code)
		delete(sections, string(k.Code))
	}
	for title := range sections {
		if regexp.MustCompile(`^[a-z_]+$`).MatchString(title) {
			t.Errorf("docs/troubleshooting.md advises on %s, which is no code", title)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)

// TestLinksLeadSomewhere follows the relative links of all pages.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "helm/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		require.NoError(t, err)
		pages = append(pages, found...)
	}
	require.NotEmpty(t, pages)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1])))
			assert.NoError(t, err, "%s links to %s", page, m[1])
		}
	}
}
