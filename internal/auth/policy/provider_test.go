package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

const sample = `
version: 1
roles:
  admin:
    grants:
      - {connections: ["*"], schemas: ["*"], tables: ["*"], access: write}
    procedures: ["*"]
  helpdesk:
    grants:
      - connections: [pingone]
        schemas: [Administrators]
        tables: [Users]
        hide: [MobilePhone]
        mask: {Email: partial}
        rows: PopulationId IN (caller.populations)
  mailer:
    grants:
      - connections: [pingone]
        schemas: [env-1]
        tables: [Users]
        columns: [Id, Email]
        rows: IsEnabled
  auditor:
    grants:
      - connections: [pingone]
        schemas: ["*"]
        tables: ["*"]
        except: [Organizations]
        mask: {Id: null, "*": hash}
  reader:
    grants:
      - {connections: [pingone], schemas: [Administrators], tables: [Users, Populations]}
  editor:
    grants:
      - {connections: [pingone], schemas: [Administrators], tables: [Groups], access: write}
    procedures: [SetUserPopulation]
  quoted:
    grants:
      - {connections: [pingone], schemas: [Administrators], tables: [Users], rows: Username = caller.quote}
  department:
    grants:
      - {connections: [pingone], schemas: [Administrators], tables: [Users], rows: Department = caller.department}
`

func TestDefaultIsDeny(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	for name, who := range map[string]*auth.Principal{
		"nobody": nil, "no role": caller(), "unknown role": caller("root"), "role in other case": caller("ADMIN"),
	} {
		m := newMemory()
		p := e.Provider("pingone", m, who)
		if all, err := p.Names(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("%s: sees %v, %v", name, all, err)
		}
		if _, err := p.Schema(t.Context(), "Administrators"); !gwerr.Is(err, gwerr.UnknownSchema) {
			t.Errorf("%s: %v", name, err)
		}
		if p.Default() != "" || m.reads.Load() != 0 {
			t.Errorf("%s: default %q after %d reads", name, p.Default(), m.reads.Load())
		}
	}
}

func TestEverythingIsTheCatalogItself(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	m := newMemory()
	s, err := e.Provider("pingone", m, caller("admin")).Schema(t.Context(), "customers")
	if err != nil || s != m.schemas[2] {
		t.Errorf("got %p, %v, want the base schema %p", s, err, m.schemas[2])
	}
}

func TestHiddenSchemaLooksLikeAMissingOne(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	p := e.Provider("pingone", newMemory(), caller("helpdesk"))
	_, hidden := p.Schema(t.Context(), "Customers")
	_, missing := p.Schema(t.Context(), "Customerz")
	if hidden == nil || missing == nil {
		t.Fatalf("got %v and %v", hidden, missing)
	}
	if strings.ReplaceAll(hidden.Error(), "Customers", "X") != strings.ReplaceAll(missing.Error(), "Customerz", "X") {
		t.Errorf("the errors differ:\n%v\n%v", hidden, missing)
	}
	all, err := p.Names(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "Administrators" {
		t.Errorf("names %v, %v", all, err)
	}
}

func TestOtherConnectionIsNotCovered(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	if v := table(t, e.Provider("partners", newMemory(), caller("helpdesk")), "Administrators", "Users"); v != nil {
		t.Errorf("sees %s", names(v))
	}
}

func TestRestrictedTable(t *testing.T) {
	t.Parallel()
	e, b := enforcer(t, sample)
	m := newMemory()
	v := table(t, e.Provider("pingone", m, caller("helpdesk")), "Administrators", "Users")
	if got := names(v); got != "Id Username Email IsEnabled PopulationId EnvironmentId" {
		t.Errorf("columns %s", got)
	}
	r := v.Restriction
	base, _ := m.schemas[1].Table("Users")
	if r == nil || r.Base != base || string(r.HashKey) != string(hashKey) {
		t.Fatalf("restriction %+v", r)
	}
	if len(r.Masks) != 1 || r.Masks["Email"] != catalog.MaskPartial {
		t.Errorf("masks %v", r.Masks)
	}
	if want := "(PopulationId IN ('p1', 'p2'))"; r.FilterSQL != want || b.last.Load() != want {
		t.Errorf("filter %q, want %q", r.FilterSQL, want)
	}
	if got := strings.Join(r.FilterColumns, " "); got != "PopulationId" {
		t.Errorf("filter columns %q", got)
	}
	if len(v.Paths)+len(v.Examples) != 0 || v.Size != nil {
		t.Error("the visible table must lead nowhere but through Base")
	}
	for _, c := range v.Columns {
		if c.Access != catalog.ReadOnly {
			t.Errorf("%s is writable without a right to write", c.Name)
		}
		if c.References != nil {
			t.Errorf("%s refers to a table that is not visible", c.Name)
		}
	}
	if len(base.Columns) != 7 || base.Columns[1].Access != catalog.Writable || base.Columns[5].References == nil {
		t.Error("the base table was changed")
	}
}

func TestUnionOfRoles(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	p := e.Provider("pingone", newMemory(), caller("mailer", "helpdesk", "helpdesk", "unknown"))
	v := table(t, p, "env-1", "Users")
	if got := names(v); got != "Id Username Email IsEnabled PopulationId EnvironmentId" {
		t.Errorf("columns %s", got)
	}
	if len(v.Restriction.Masks) != 0 {
		t.Errorf("Email is clear to mailer, but masked: %v", v.Restriction.Masks)
	}
	if got, want := v.Restriction.FilterSQL, "(IsEnabled) OR (PopulationId IN ('p1', 'p2'))"; got != want {
		t.Errorf("filter %q, want %q", got, want)
	}
	v = table(t, e.Provider("pingone", newMemory(), caller("helpdesk", "reader")), "Administrators", "Users")
	if v.Restriction.FilterSQL != "" || v.Restriction.Where != predicate.True {
		t.Errorf("reader sees all rows, but the filter is %v %q", v.Restriction.Where, v.Restriction.FilterSQL)
	}
}

func TestKeyColumnsAreHashedNotHidden(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	p := e.Provider("pingone", newMemory(), caller("auditor"))
	for _, name := range []string{"Users", "Memberships"} {
		v := table(t, p, "Administrators", name)
		for _, i := range v.Key() {
			if m, ok := v.Restriction.Masks[v.Columns[i].Name]; !ok || m != catalog.MaskHash {
				t.Errorf("%s.%s has mask %v, %v", name, v.Columns[i].Name, m, ok)
			}
		}
		if len(v.Key()) == 0 {
			t.Errorf("%s has lost its key", name)
		}
		for _, c := range v.Columns {
			if c.References != nil {
				t.Errorf("%s.%s: a masked column leads to %s", name, c.Name, c.References.Table)
			}
		}
	}
	if table(t, p, "Information", "Organizations") != nil || table(t, p, "Information", "Environments") == nil {
		t.Error("except takes out one table, and only that")
	}
}

func TestReferencesStayWhereBothEndsAreClear(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	v := table(t, e.Provider("pingone", newMemory(), caller("reader")), "Administrators", "Users")
	if v.Column("PopulationId").References == nil {
		t.Error("Populations is visible, but the reference is gone")
	}
	if v.Column("EnvironmentId").References != nil {
		t.Error("Environments is not visible, but the reference is there")
	}
	v = table(t, e.Provider("pingone", newMemory(), caller("admin")), "Administrators", "Users")
	if v.Column("EnvironmentId").References == nil {
		t.Error("a reference to the schema above environments is gone")
	}
}

func TestMissingValueGivesNoRows(t *testing.T) {
	t.Parallel()
	e, b := enforcer(t, sample)
	v := table(t, e.Provider("pingone", newMemory(), caller("department")), "Administrators", "Users")
	if v == nil || v.Restriction.Where != predicate.False || b.calls.Load() != 0 {
		t.Fatalf("table %v", v)
	}
	v = table(t, e.Provider("pingone", newMemory(), caller("department", "mailer")), "Administrators", "Users")
	if got := v.Restriction.FilterSQL; got != "(IsEnabled)" {
		t.Errorf("filter %q", got)
	}
	if got := names(v); got != "Id Email" {
		t.Errorf("a grant without rows shows columns: %s", got)
	}
}

func TestValuesStayLiterals(t *testing.T) {
	t.Parallel()
	e, b := enforcer(t, sample)
	table(t, e.Provider("pingone", newMemory(), caller("quoted")), "Administrators", "Users")
	if got, want := b.last.Load(), "(Username = 'x'' OR ''a''=''a')"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFailingFilterRefusesTheSchemaWithoutDetails(t *testing.T) {
	t.Parallel()
	e, b := enforcer(t, sample)
	b.fail = true
	_, err := e.Provider("pingone", newMemory(), caller("helpdesk")).Schema(t.Context(), "Administrators")
	if !gwerr.Is(err, gwerr.Config) || strings.Contains(err.Error(), "Secret") || strings.Contains(err.Error(), "p1") {
		t.Errorf("got %v", err)
	}
	if errors.Unwrap(err) == nil {
		t.Error("the log gets no cause")
	}
}

func TestCompiledSchemasAreKeptPerValues(t *testing.T) {
	t.Parallel()
	e, b := enforcer(t, sample)
	m := newMemory()
	schema := func(p *auth.Principal) *catalog.Schema {
		s, err := e.Provider("pingone", m, p).Schema(t.Context(), "Administrators")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := schema(caller("helpdesk"))
	same := caller("helpdesk")
	same.Attributes["name"] = auth.Text("bert") // no filter uses it
	if schema(same) != first || b.calls.Load() != 1 {
		t.Error("equal rights were compiled twice")
	}
	other := caller("helpdesk")
	other.Attributes["populations"] = auth.Text("p1', 'p2")
	if schema(other) == first {
		t.Error("different values share a compiled schema")
	}
	next, err := policy.Parse("policy.yaml", []byte(strings.Replace(sample, "hide: [MobilePhone]", "hide: [Email]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	e.Replace(next)
	if s := schema(caller("helpdesk")); s == first || s.Tables[0].Column("Email") != nil {
		t.Error("the new policy is not in force")
	}
}

// TestGrantsByIDOutliveNames: a grant by id is about one environment, whatever its
// name becomes; a grant by name follows the name.
func TestGrantsByIDOutliveNames(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	for _, names := range [][2]string{{"Administrators", "Customers"}, {"Renamed", "Customers"}, {"Customers", "Administrators"}} {
		m := newMemory()
		m.schemas[1].Name, m.schemas[2].Name = names[0], names[1]
		p := e.Provider("pingone", m, caller("mailer"))
		seen, err := p.Names(t.Context())
		if err != nil || len(seen) != 1 || seen[0] != (catalog.SchemaName{Name: names[0], ID: "env-1"}) {
			t.Errorf("%v: by id, seen %v, %v", names, seen, err)
		}
		for _, name := range []string{names[0], "env-1"} {
			if s, err := p.Schema(t.Context(), name); err != nil || s.ID != "env-1" {
				t.Errorf("%v: %s is %v, %v", names, name, s, err)
			}
		}
		byName, err := e.Provider("pingone", m, caller("reader")).Names(t.Context())
		if err != nil || (len(byName) == 1) != (names[0] == "Administrators" || names[1] == "Administrators") {
			t.Errorf("%v: by name, seen %v, %v", names, byName, err)
		}
	}
}

func TestWritesAndProcedures(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, sample)
	admins := catalog.SchemaName{Name: "Administrators", ID: "env-1"}
	if err := e.MayWrite("pingone", admins, "Groups", caller("editor")); err != nil {
		t.Error(err)
	}
	for _, refused := range []struct{ connection, table, role string }{
		{"pingone", "Users", "editor"}, {"partners", "Groups", "editor"}, {"pingone", "Users", "reader"}, {"pingone", "Users", "nobody"},
	} {
		if err := e.MayWrite(refused.connection, admins, refused.table, caller(refused.role)); !gwerr.Is(err, gwerr.ReadOnly) {
			t.Errorf("%+v: %v", refused, err)
		}
	}
	if err := e.MayCall("setuserpopulation", caller("editor")); err != nil {
		t.Error(err)
	}
	for _, who := range []*auth.Principal{nil, caller("reader"), caller()} {
		if err := e.MayCall("SetUserPopulation", who); !gwerr.Is(err, gwerr.Forbidden) {
			t.Errorf("%v: %v", who, err)
		}
	}
	v := table(t, e.Provider("pingone", newMemory(), caller("editor")), "Administrators", "Groups")
	if v.Column("Name").Access != catalog.Writable {
		t.Error("a writable column is read-only")
	}
}

// TestReadingMoreDoesNotLetWriteMore gives a caller a role that reads all and
// one that writes little.
func TestReadingMoreDoesNotLetWriteMore(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, `
version: 1
roles:
  reader: {grants: [{connections: [pingone], schemas: ["*"], tables: ["*"]}]}
  writer:
    grants:
      - {connections: [pingone], schemas: [Administrators], tables: [Users], hide: [Email], mask: {Username: hash}, rows: IsEnabled, access: write}
      - {connections: [pingone], schemas: [Administrators], tables: [Groups], rows: Id = caller.absent, access: write}
`)
	who := caller("reader", "writer")
	v := table(t, e.Provider("pingone", newMemory(), who), "Administrators", "Users")
	if v.Restriction.FilterSQL != "" || len(v.Restriction.Masks) != 0 {
		t.Errorf("reading: %+v", v.Restriction)
	}
	for column, want := range map[string]catalog.Access{"Email": catalog.ReadOnly, "Username": catalog.ReadOnly, "MobilePhone": catalog.Writable} {
		if got := v.Column(column).Access; got != want {
			t.Errorf("%s has access %d, want %d", column, got, want)
		}
	}
	writable := e.Writable("pingone", newMemory(), who)
	w := table(t, writable, "Administrators", "Users")
	if w.Restriction.FilterSQL != "(IsEnabled)" || w.Column("Email") != nil || w.Restriction.Masks["Username"] != catalog.MaskHash {
		t.Errorf("writing: %+v", w.Restriction)
	}
	if table(t, writable, "Customers", "Users") != nil || table(t, writable, "Administrators", "Populations") != nil {
		t.Error("a table that is only read can be written")
	}
	admins := catalog.SchemaName{Name: "Administrators", ID: "env-1"}
	if err := e.MayWrite("pingone", admins, "Groups", who); !gwerr.Is(err, gwerr.ReadOnly) {
		t.Errorf("a grant that needs a missing value lets write: %v", err)
	}
	if g := table(t, writable, "Administrators", "Groups"); g.Restriction.Where != predicate.False {
		t.Errorf("rows of Groups can be written: %v", g.Restriction.Where)
	}
}

func TestNewRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("p", []byte("version: 1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]policy.Config{
		"no policy": {Binder: &binder{}, HashKey: hashKey},
		"no binder": {Policy: p, HashKey: hashKey},
		"short key": {Policy: p, Binder: &binder{}, HashKey: []byte("short")},
	} {
		if _, err := policy.New(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
