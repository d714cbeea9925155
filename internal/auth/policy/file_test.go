package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestParseReportsEveryProblemWithItsLine(t *testing.T) {
	t.Parallel()
	text := `version: 2
roles:
  helpdesk:
    grant: []
    grants:
      - connections: [pingone]
        schemas: Administrators
        tables: [Users]
        mask: {Email: blur}
        access: all
        rows: Id = caller
      - tables: ["*"]
    limits:
      requests_per_second: -1
      burst: 2.5
      time: soon
default_roles: [nobody]
`
	_, err := policy.Parse("policy.yaml", []byte(text))
	var problems policy.Problems
	if !gwerr.Is(err, gwerr.Config) || !errors.As(err, &problems) {
		t.Fatalf("got %v", err)
	}
	want := []struct {
		line int
		text string
	}{
		{1, `version is "2"`},
		{4, `no member "grant"; it may have description, grants, limits, procedures`},
		{6, "names no schemas"},
		{7, "schemas must be a list"},
		{9, "mask of Email must be hash, partial or null"},
		{10, `access is "all"`},
		{11, "dot and a name"},
		{12, "names no connections"},
		{12, "names no schemas"},
		{14, `requests_per_second is "-1"`},
		{15, "burst must be a whole number"},
		{16, `time is "soon"`},
		{17, "not a role of this file"},
	}
	for _, w := range want {
		found := false
		for _, p := range problems {
			found = found || p.Line == w.line && strings.Contains(p.Message, w.text)
		}
		if !found {
			t.Errorf("line %d: %q is not reported", w.line, w.text)
		}
	}
	if len(problems) != len(want) {
		t.Errorf("%d problems, want %d:\n%v", len(problems), len(want), err)
	}
	if !strings.Contains(err.Error(), "policy.yaml has 13 problems") {
		t.Errorf("got %v", err)
	}
}

func TestParseRefusesOddYAML(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, want string }{
		{"empty", "", "one YAML document"},
		{"no version", "roles: {}", "version is missing"},
		{"two documents", "version: 1\n---\nversion: 1", "one YAML document"},
		{"list", "- a", "must be a mapping"},
		{"star without quotes", "version: 1\nroles: {a: {procedures: [*]}}", "line 2"},
		{"alias", "version: 1\nroles:\n  a: {procedures: &p [\"*\"]}\n  b: {procedures: *p}", "must be a list"},
		{"duplicate", "version: 1\nversion: 1", "line 2"},
		{"nesting", "version: " + strings.Repeat("[", 100), "nested"},
		{"broken", "version: 'a", "not valid YAML"},
		{"too large", strings.Repeat("#", 1<<20+1), "larger than"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse("policy.yaml", []byte(c.text))
			if !gwerr.Is(err, gwerr.Config) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if _, err := policy.Load(path); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	g := p.Roles["helpdesk"].Grants[0]
	if g.Line != 10 || g.Rows.String() != "PopulationId IN (caller.populations)" || p.Roles["helpdesk"].Line != 8 {
		t.Errorf("got %+v", g)
	}
}

func TestLimitsTakeTheMostGenerous(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, `
version: 1
default_roles: [plain]
roles:
  plain: {limits: {requests_per_second: 1, burst: 2, rows_per_query: 100, concurrency: 1, time: 10s}}
  quick: {limits: {requests_per_second: 50, concurrency: 4}}
  bulk: {limits: {rows_per_query: none, time: 1h}}
  silent: {description: says nothing about limits}
`)
	cases := []struct {
		name  string
		roles []string
		want  quota.Limits
	}{
		{"default", nil, quota.Limits{RequestsPerSecond: 1, Burst: 2, RowsPerQuery: 100, Concurrency: 1, Time: 10 * time.Second}},
		{"wider rate brings its own burst", []string{"plain", "quick"}, quota.Limits{RequestsPerSecond: 50, RowsPerQuery: 100, Concurrency: 4, Time: 10 * time.Second}},
		{"none lifts", []string{"bulk", "plain"}, quota.Limits{RequestsPerSecond: 1, Burst: 2, Concurrency: 1, Time: time.Hour}},
		{"silence lifts nothing", []string{"silent", "quick"}, quota.Limits{RequestsPerSecond: 50, Concurrency: 4}},
		{"nothing said", []string{"silent"}, quota.Limits{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := e.Limits(caller(c.roles...)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
