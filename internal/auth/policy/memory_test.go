package policy_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// memory is a catalog of three schemas.
type memory struct {
	schemas []*catalog.Schema
	reads   atomic.Int64 // calls of Schema
}

func newMemory() *memory {
	m := &memory{}
	m.add("Information", "", "Environments", "Organizations")
	m.add("Administrators", "env-1", "Users", "Groups", "Populations", "Memberships")
	m.add("Customers", "env-2", "Users", "Groups", "Populations", "Memberships")
	return m
}

func (m *memory) add(name, id string, tables ...string) {
	s := &catalog.Schema{Name: name, ID: id}
	for _, t := range tables {
		c := &catalog.Table{
			Name: t, Entity: strings.TrimSuffix(t, "s"), Schema: s,
			Examples: []string{"SELECT * FROM " + t},
			Paths:    []catalog.Path{{Name: "list", List: "/x"}},
			Size:     &catalog.Size{Path: "list"},
		}
		c.Columns = columns(t)
		s.Tables = append(s.Tables, c)
	}
	m.schemas = append(m.schemas, s)
}

func columns(table string) []catalog.Column {
	id := catalog.Column{Name: "Id", Type: catalog.GUID, Key: true, Required: true}
	switch table {
	case "Users":
		return []catalog.Column{
			id,
			{Name: "Username", Type: catalog.String, Access: catalog.Writable, Required: true},
			{Name: "Email", Type: catalog.String, Access: catalog.Writable, Sensitive: true},
			{Name: "MobilePhone", Type: catalog.String, Access: catalog.Writable},
			{Name: "IsEnabled", Type: catalog.Bool, Access: catalog.Writable},
			{Name: "PopulationId", Type: catalog.GUID, References: &catalog.Reference{Table: "Populations", Column: "Id", Forward: "Population", Backward: "Users"}},
			{Name: "EnvironmentId", Type: catalog.GUID, References: &catalog.Reference{Table: "Environments", Column: "Id", Forward: "Environment", Backward: "-"}},
		}
	case "Memberships":
		return []catalog.Column{
			{Name: "UserId", Type: catalog.GUID, Key: true, References: &catalog.Reference{Table: "Users", Column: "Id", Forward: "User", Backward: "Memberships"}},
			{Name: "GroupId", Type: catalog.GUID, Key: true, References: &catalog.Reference{Table: "Groups", Column: "Id", Forward: "Group", Backward: "Memberships"}},
		}
	default:
		return []catalog.Column{id, {Name: "Name", Type: catalog.String, Access: catalog.Writable}}
	}
}

func (m *memory) Default() string { return "Administrators" }

func (m *memory) Names(context.Context) ([]catalog.SchemaName, error) {
	var out []catalog.SchemaName
	for _, s := range m.schemas {
		out = append(out, catalog.SchemaName{Name: s.Name, ID: s.ID})
	}
	return out, nil
}

func (m *memory) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	m.reads.Add(1)
	for _, s := range m.schemas {
		if strings.EqualFold(s.Name, name) || s.ID != "" && strings.EqualFold(s.ID, name) {
			return s, nil
		}
	}
	return nil, gwerr.Newf(gwerr.UnknownSchema, "There is no schema %s; did you mean Customers?", name)
}

// binder hands every filter to the engine, and remembers the last one.
type binder struct {
	calls atomic.Int64
	last  atomic.Value
	fail  bool
}

func (b *binder) BindFilter(_ context.Context, _ *catalog.Table, sql string) (predicate.Expr, string, error) {
	b.calls.Add(1)
	b.last.Store(sql)
	if b.fail {
		return nil, "", errors.New("no column Secret in " + sql)
	}
	return predicate.True, sql, nil
}

var hashKey = []byte("0123456789abcdef0123456789abcdef")

func enforcer(t *testing.T, text string) (*policy.Enforcer, *binder) {
	t.Helper()
	p, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b := &binder{}
	e, err := policy.New(policy.Config{Policy: p, Binder: b, HashKey: hashKey})
	if err != nil {
		t.Fatal(err)
	}
	return e, b
}

func caller(roles ...string) *auth.Principal {
	return &auth.Principal{Name: "anna", Kind: auth.Key, ID: "k1", Roles: roles, Attributes: map[string]auth.Attribute{
		"name":        auth.Text("anna"),
		"populations": auth.Text("p1", "p2"),
		"quote":       auth.Text("x' OR 'a'='a"),
	}}
}

// table returns what the caller sees of a table, nil if nothing.
func table(t *testing.T, p catalog.Provider, schema, name string) *catalog.Table {
	t.Helper()
	s, err := p.Schema(t.Context(), schema)
	if gwerr.Is(err, gwerr.UnknownSchema) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	v, _ := s.Table(name)
	return v
}

func names(t *catalog.Table) string {
	var out []string
	for _, c := range t.Columns {
		out = append(out, c.Name)
	}
	return strings.Join(out, " ")
}
