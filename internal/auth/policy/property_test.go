package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// grantText is a random grant and, kept apart, what it means.
type grantText struct {
	schemas, tables, except []string
	columns, hide           []string // columns nil for all
	mask                    map[string]string
	rows                    string
	write                   bool
}

func pick(r *rand.Rand, from []string, chance float64) []string {
	var out []string
	for _, s := range from {
		if r.Float64() < chance {
			out = append(out, s)
		}
	}
	return out
}

var (
	allSchemas = []string{"Information", "Administrators", "Customers"}
	allTables  = []string{"Environments", "Organizations", "Users", "Groups", "Populations", "Memberships"}
	allColumns = []string{"Id", "Username", "Email", "MobilePhone", "IsEnabled", "PopulationId", "EnvironmentId", "UserId", "GroupId", "Name"}
)

func randomGrant(r *rand.Rand) grantText {
	g := grantText{
		schemas: pick(r, allSchemas, 0.5), tables: pick(r, allTables, 0.5), except: pick(r, allTables, 0.1),
		hide: pick(r, allColumns, 0.15), mask: map[string]string{}, write: r.IntN(3) == 0,
	}
	if len(g.schemas) == 0 {
		g.schemas = []string{"*"}
	}
	if len(g.tables) == 0 {
		g.tables = []string{"*"}
	}
	if r.IntN(3) == 0 {
		g.columns = pick(r, allColumns, 0.5)
	}
	for _, c := range pick(r, allColumns, 0.2) {
		g.mask[c] = []string{"null", "hash", "partial"}[r.IntN(3)]
	}
	g.rows = []string{"", "", "Id = 'a'", "Id = caller.name", "Id = caller.absent"}[r.IntN(5)]
	return g
}

func list(names []string) string { return `["` + strings.Join(names, `", "`) + `"]` }

func (g grantText) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "      - connections: [pingone]\n        schemas: %s\n        tables: %s\n", list(g.schemas), list(g.tables))
	if len(g.except) > 0 {
		fmt.Fprintf(&b, "        except: %s\n", list(g.except))
	}
	if g.columns != nil {
		columns := "[]"
		if len(g.columns) > 0 {
			columns = list(g.columns)
		}
		fmt.Fprintf(&b, "        columns: %s\n", columns)
	}
	if len(g.hide) > 0 {
		fmt.Fprintf(&b, "        hide: %s\n", list(g.hide))
	}
	if len(g.mask) > 0 {
		b.WriteString("        mask:\n")
		for c, m := range g.mask {
			fmt.Fprintf(&b, "          %s: %s\n", c, m)
		}
	}
	if g.rows != "" {
		fmt.Fprintf(&b, "        rows: %s\n", g.rows)
	}
	if g.write {
		b.WriteString("        access: write\n")
	}
	return b.String()
}

func has(list []string, name string) bool {
	return slices.Contains(list, name) || slices.Contains(list, "*")
}

func (g grantText) speaksOf(schema, table string) bool {
	return has(g.schemas, schema) && has(g.tables, table) && !has(g.except, table)
}

// shows gives how the grant shows the column: "", "null", "hash", "partial" or
// "clear", in the order of what they show.
var order = []string{"", "null", "hash", "partial", "clear"}

func (g grantText) shows(column string) string {
	switch {
	case g.columns != nil && !slices.Contains(g.columns, column), slices.Contains(g.hide, column):
		return ""
	case g.mask[column] != "":
		return g.mask[column]
	default:
		return "clear"
	}
}

// TestNoMoreThanThePolicy checks random policies of random roles against a
// second reading of what they mean: the visible catalog shows exactly that.
func TestNoMoreThanThePolicy(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 7))
		var text strings.Builder
		text.WriteString("version: 1\nroles:\n")
		var mine []grantText
		var roles []string
		for i := range 1 + r.IntN(4) {
			fmt.Fprintf(&text, "  r%d:\n    grants:\n", i)
			held := r.IntN(3) > 0
			if held {
				roles = append(roles, fmt.Sprintf("r%d", i))
			}
			for range 1 + r.IntN(3) {
				g := randomGrant(r)
				text.WriteString(g.yaml())
				if held {
					mine = append(mine, g)
				}
			}
		}
		p, err := policy.Parse("random.yaml", []byte(text.String()))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text.String())
		}
		e, err := policy.New(policy.Config{Policy: p, Binder: &binder{}, HashKey: hashKey})
		if err != nil {
			t.Fatal(err)
		}
		m := newMemory()
		seen := e.Provider("pingone", m, caller(roles...))
		for _, base := range m.schemas {
			s, err := seen.Schema(t.Context(), base.Name)
			if gwerr.Is(err, gwerr.UnknownSchema) {
				s = &catalog.Schema{}
			} else if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for _, bt := range base.Tables {
				v, _ := s.Table(bt.Name)
				if problem := compare(mine, base.Name, bt, v); problem != "" {
					t.Fatalf("seed %d: %s.%s: %s\nroles %v\n%s", seed, base.Name, bt.Name, problem, roles, text.String())
				}
			}
		}
	}
}

// compare says what is wrong with the visible form v of a table, nil if there
// is none.
func compare(mine []grantText, schema string, base, v *catalog.Table) string {
	var about, live []grantText
	for _, g := range mine {
		if !g.speaksOf(schema, base.Name) {
			continue
		}
		about = append(about, g)
		if !strings.Contains(g.rows, "absent") {
			live = append(live, g)
		}
	}
	columns := live
	if len(live) == 0 {
		columns = about
	}
	want, any := expected(columns, base)
	if !any {
		if v != nil {
			return "visible without a right"
		}
		return ""
	}
	if v == nil {
		return "not visible"
	}
	writing := slices.DeleteFunc(slices.Clone(live), func(g grantText) bool { return !g.write })
	writes, _ := expected(writing, base)
	if problem := compareColumns(want, writes, base, v); problem != "" {
		return problem
	}
	if v.Restriction == nil {
		return compareWhole(live, writes, base, v)
	}
	return compareRows(live, v)
}

// expected gives how each column shows; any is false where none does.
func expected(grants []grantText, base *catalog.Table) (want map[string]string, any bool) {
	want = map[string]string{}
	for _, c := range base.Columns {
		best := 0
		for _, g := range grants {
			best = max(best, slices.Index(order, g.shows(c.Name)))
		}
		want[c.Name] = order[best]
		any = any || best > 0
	}
	for _, c := range base.Columns {
		if c.Key && want[c.Name] != "clear" {
			want[c.Name] = "hash"
		}
	}
	return want, any
}

func compareColumns(want, writes map[string]string, base, v *catalog.Table) string {
	masks := map[string]catalog.Mask{}
	if v.Restriction != nil {
		masks = v.Restriction.Masks
	}
	for _, c := range base.Columns {
		got := ""
		if col := v.Column(c.Name); col != nil {
			got = "clear"
			if m, ok := masks[c.Name]; ok {
				got = map[catalog.Mask]string{catalog.MaskNull: "null", catalog.MaskHash: "hash", catalog.MaskPartial: "partial"}[m]
			}
			if col.Access != catalog.ReadOnly && (got != "clear" || writes[c.Name] != "clear") {
				return c.Name + " is writable without a right"
			}
			if got != "clear" && col.References != nil {
				return c.Name + " leads elsewhere though it is masked"
			}
		}
		if got != want[c.Name] {
			return fmt.Sprintf("%s shows as %q, want %q", c.Name, got, want[c.Name])
		}
	}
	return ""
}

// compareWhole is for a table without restriction: it must be the base table,
// and nothing of it may be withheld, from writing either.
func compareWhole(live []grantText, writes map[string]string, base, v *catalog.Table) string {
	if v != base {
		return "carries no restriction"
	}
	if !slices.ContainsFunc(live, func(g grantText) bool { return g.rows == "" }) {
		return "all rows without a right"
	}
	for c, how := range writes {
		if how != "clear" {
			return c + " can be written without a right"
		}
	}
	return ""
}

func compareRows(live []grantText, v *catalog.Table) string {
	r := v.Restriction
	if len(live) == 0 {
		if r.Where != predicate.False {
			return "rows without a right"
		}
		return ""
	}
	all := slices.ContainsFunc(live, func(g grantText) bool { return g.rows == "" })
	if all != (r.FilterSQL == "" && r.Where == predicate.True) {
		return fmt.Sprintf("filter %q, all rows allowed: %v", r.FilterSQL, all)
	}
	if all {
		return ""
	}
	want := map[string]bool{}
	for _, g := range live {
		want["("+strings.ReplaceAll(g.rows, "caller.name", "'anna'")+")"] = true
	}
	got := strings.Split(r.FilterSQL, " OR ")
	for _, f := range got {
		if !want[f] {
			return "filter " + f + " is in no grant"
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("filter %q, want %v", r.FilterSQL, want)
	}
	return ""
}
