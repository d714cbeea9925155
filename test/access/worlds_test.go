//go:build duckdb_arrow

// Package access tests from outside that nobody sees more than the policy
// shows.
package access

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestAnswersDoNotDependOnWhatIsHidden compares two worlds that differ only in
// what a caller must not see: values of hidden and masked columns, and rows
// that its filter leaves out. Whatever the caller asks, both worlds must give
// the same answer to the byte, errors, EXPLAIN and metadata included, and no
// answer may hold a hidden value that the question doesn't.
func TestAnswersDoNotDependOnWhatIsHidden(t *testing.T) {
	t.Parallel()
	policies, questions := 12, 60
	if testing.Short() {
		policies, questions = 3, 25
	}
	engine := testkit.OpenEngine(t)
	for seed := range uint64(policies) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			s := newScenario(r)
			a, b := newWorld(t, engine, seed+1, 240, s.policy()), newWorld(t, engine, seed+1, 240, s.policy())
			s.change(t, a, b)
			failed, answered := 0, 0
			for i := range questions {
				target, sql := s.question(a, i)
				got, want := a.ask(t, target, sql), b.ask(t, target, sql)
				ok := assert.Equal(t, want, got, "%s %s\n%s", target, sql, s.policy()) &&
					s.silent(t, target, sql, got, 0) && s.silent(t, target, sql, want, 1)
				if !ok {
					if failed++; failed > 3 {
						t.FailNow()
					}
				}
				if got.status == 200 {
					answered++
				}
			}
			// Errors alone would prove nothing.
			assert.Greater(t, answered, questions/3)
		})
	}
}

// column is a column of Users that a test can change upstream.
type column struct{ name, path string }

var changeable = []column{
	{"Title", "title"},
	{"EmployeeType", "type"},
	{"Nickname", "nickname"},
	{"MobilePhone", "mobilePhone"},
	{"PrimaryPhone", "primaryPhone"},
	{"ExternalId", "externalId"},
	{"AccountId", "accountId"},
	{"Email", "email"},
	{"Locality", "address.locality"},
	{"StreetAddress", "address.streetAddress"},
	{"FirstName", "name.given"},
	{"LastName", "name.family"},
}

// filter is a row filter, the columns it reads, and whether it wants a
// population.
type filter struct {
	sql     string
	columns []string
}

var filters = []filter{
	{"", nil},
	{"EmployeeType = 'Contractor'", []string{"EmployeeType"}},
	{"EmployeeType IN ('Contractor', 'Employee') AND IsEnabled", []string{"EmployeeType"}},
	{"Username < 'm'", []string{"Username"}},
	{"Title IS NOT NULL", []string{"Title"}},
	{"PopulationId = caller.population", nil},
	{"PopulationId = caller.population OR Title IS NOT NULL", []string{"Title"}},
	{"length(Username) % 2 = 0 AND Username < 'w'", []string{"Username"}},
}

// scenario is a policy and what it hides.
type scenario struct {
	r       *rand.Rand
	hidden  []string
	masked  map[string]string
	filter  filter
	secrets [2][]string // values that only one world has
	ids     []string    // of visible and filtered users
	common  []string    // values in sight
}

func newScenario(r *rand.Rand) *scenario {
	s := &scenario{r: r, masked: map[string]string{}, filter: filters[r.IntN(len(filters))]}
	for _, c := range changeable {
		switch r.IntN(4) {
		case 0:
			s.hidden = append(s.hidden, c.name)
		case 1:
			s.masked[c.name] = []string{"null", "partial"}[r.IntN(2)]
		}
	}
	if len(s.hidden) == 0 {
		s.hidden = []string{"MobilePhone"}
		delete(s.masked, "MobilePhone")
	}
	return s
}

// policy shows Users with the scenario's holes, Populations without the
// number of their users, Groups, and nothing else.
func (s *scenario) policy() string {
	var b strings.Builder
	b.WriteString("version: 1\nroles:\n  restricted:\n    grants:\n")
	b.WriteString("      - connections: [\"*\"]\n        schemas: [Administrators]\n        tables: [Users]\n")
	fmt.Fprintf(&b, "        hide: [%s]\n", strings.Join(s.hidden, ", "))
	if len(s.masked) > 0 {
		b.WriteString("        mask:\n")
		for _, c := range changeable {
			if m, ok := s.masked[c.name]; ok {
				fmt.Fprintf(&b, "          %s: %s\n", c.name, m)
			}
		}
	}
	if s.filter.sql != "" {
		fmt.Fprintf(&b, "        rows: \"%s\"\n", s.filter.sql)
	}
	b.WriteString("      - connections: [\"*\"]\n        schemas: [Administrators]\n        tables: [Populations]\n        hide: [UserCount]\n")
	b.WriteString("      - connections: [\"*\"]\n        schemas: [Administrators]\n        tables: [Groups]\n        hide: [\"*Count\"]\n")
	return b.String()
}

// change makes the worlds differ in what is hidden, and in nothing else.
func (s *scenario) change(t *testing.T, a, b *world) {
	t.Helper()
	worlds := [2]*world{a, b}
	populations := populationIDs(a)
	for _, w := range worlds {
		w.caller.Attributes = map[string]auth.Attribute{"population": auth.Text(populations[0])}
	}
	visible := s.visible(t, a, populations[0])
	for i := range 240 {
		id := a.UserID(sim.EnvironmentAdministrators, i)
		sees := visible[id]
		if i%3 != 0 {
			continue
		}
		s.ids = append(s.ids, id)
		for at, w := range worlds {
			user := map[string]any{}
			for _, c := range changeable {
				_, masked := s.masked[c.name]
				covered := masked || slices.Contains(s.hidden, c.name) || !sees
				if covered && !slices.Contains(s.filter.columns, c.name) {
					set(user, c.path, s.secret(at, c, i))
				}
			}
			if len(user) > 0 {
				w.write(t, http.MethodPatch, id, user)
			}
		}
	}
	if s.filter.sql == "" {
		return
	}
	for i := range 25 { // rows that one world has alone
		name := fmt.Sprintf("zz-only-b-%d", i)
		s.secrets[1] = append(s.secrets[1], name)
		b.write(t, http.MethodPost, "", map[string]any{
			"username": name, "email": name + "@hidden.test", "type": "Secretive",
			"population": map[string]any{"id": populations[len(populations)-1]},
		})
	}
}

func populationIDs(w *world) []string {
	var out []string
	for _, id := range w.Populations(sim.EnvironmentAdministrators) {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// visible are the ids that the filter keeps, asked of the directory itself.
func (s *scenario) visible(t *testing.T, w *world, population string) map[string]bool {
	t.Helper()
	where := "TRUE"
	if s.filter.sql != "" {
		where = strings.ReplaceAll(s.filter.sql, "caller.population", "'"+population+"'")
	}
	// A stack without policy over the same simulator.
	open := testkit.Start(t, testkit.Options{Simulator: w.Simulator, Engine: w.Engine})
	out := map[string]bool{}
	for i, row := range open.Query(t, "SELECT Id, Username FROM Users WHERE "+where) {
		out[row[0]] = true
		if i < 5 {
			s.common = append(s.common, row[1])
		}
	}
	return out
}

// secret makes a value for one world. Partial masks show the first character
// and the shape, so both worlds have those in common.
func (s *scenario) secret(at int, c column, i int) string {
	digits := []string{"48213", "57969"}[at]
	word := []string{"kwubolt", "kzymarg"}[at]
	var v string
	switch c.name {
	case "MobilePhone", "PrimaryPhone":
		v = fmt.Sprintf("+1.5%s%03d", digits, i)
	case "Email":
		v = fmt.Sprintf("k%s%03d@%s.test", word[1:], i, word)
	default:
		v = fmt.Sprintf("%s%03d", word, i)
	}
	if i%5 == 0 && c.name != "Email" { // equal values in one world, not in the other
		v = strings.TrimRight(v, "0123456789") + []string{"000", fmt.Sprintf("%03d", i)}[at]
	}
	s.secrets[at] = append(s.secrets[at], v)
	return v
}

func set(into map[string]any, path, value string) {
	parent, child, nested := strings.Cut(path, ".")
	if !nested {
		into[path] = value
		return
	}
	m, _ := into[parent].(map[string]any)
	if m == nil {
		m = map[string]any{}
		into[parent] = m
	}
	m[child] = value
}

// names reports whether a text names a column of Users. In metadata only
// declarations count: descriptions hold words of all kinds, and Groups has
// ExternalId as well.
func names(text, target, column string) bool {
	if strings.Contains(target, "$metadata") {
		return column != "ExternalId" && strings.Contains(text, `Name="`+column+`"`)
	}
	return regexp.MustCompile(`(?i)\b` + column + `\b`).MatchString(text)
}

// silent checks that an answer has no secret that the question doesn't have.
func (s *scenario) silent(t *testing.T, target, sql string, got answer, at int) bool {
	t.Helper()
	question, err := url.QueryUnescape(target)
	require.NoError(t, err)
	question = strings.ToLower(question + " " + sql)
	body := strings.ToLower(got.body)
	for _, v := range s.secrets[at] {
		if v = strings.ToLower(v); strings.Contains(body, v) && !strings.Contains(question, v) {
			return assert.Fail(t, "a hidden value shows", "%s in the answer to %s %s:\n%.2000s", v, target, sql, got.body)
		}
	}
	for _, name := range s.hidden {
		if name == "ExternalId" && strings.Contains(sql, "information_schema.columns") && !strings.Contains(got.body, `"Users","ExternalId"`) {
			continue // that of Groups
		}
		if names(got.body, target, name) && !names(question, "", name) {
			return assert.Fail(t, "a hidden column shows", "%s in the answer to %s %s:\n%.2000s", name, target, sql, got.body)
		}
	}
	return true
}
