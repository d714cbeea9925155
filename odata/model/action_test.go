package model_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// clubActions are an action without an entity, and two that are bound: by a key of one
// column, and of two.
func clubActions(s *catalog.Schema) func() []edm.Action {
	id := func(name string) procedure.Input {
		return procedure.Input{Name: name, Type: catalog.GUID, Required: true}
	}
	done := []procedure.Output{{Name: "Done", Type: catalog.Bool}}
	set := procedure.Set{
		{Name: "Found", Inputs: []procedure.Input{{Name: "Name", Type: catalog.String, Required: true}}, Outputs: done},
		{Name: "Promote", Inputs: []procedure.Input{id("PersonId"), {Name: "Role", Type: catalog.String}}, Outputs: done},
	}
	actions := edm.Actions(s, set)
	pair := edm.Action{Procedure: &procedure.Procedure{Name: "Leave", Outputs: done}, Bound: s.Tables[3], Key: []string{"TeamId", "PersonId"}}
	return func() []edm.Action { return append(actions, pair) }
}

// bindWith binds an address of the club with options.
func bindWith(t *testing.T, s *catalog.Schema, address string, o model.Options) (*model.Resource, error) {
	t.Helper()
	path, options, _ := strings.Cut(strings.ReplaceAll(address, "{id}", someID), "?")
	tree, err := uri.Parse(path, strings.ReplaceAll(options, " ", "%20"), uri.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	o.Namespace, o.Now = "Club", time.Unix(0, 0)
	return model.Bind(s, tree, o)
}

// refused compares an error with what it must tell.
func refused(t *testing.T, address string, err error, code gwerr.Code, position int, target, message string) {
	t.Helper()
	var e *gwerr.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v", address, err)
	} else if e.Code != code || e.Position != position || e.Target != target || e.Message != message {
		t.Errorf("%s: %s at %d on %s: %s", address, e.Code, e.Position, e.Target, e.Message)
	}
}

// TestActions finds the action that an address names, and the key of the entity that
// it is bound to, in the order of the action's inputs.
//
// Source: OData 4.01 Part 1, section 11.5.5.
func TestActions(t *testing.T) {
	t.Parallel()
	const other = "00000000-0000-4000-8000-000000000002"
	for _, c := range []struct{ address, action, target, context string }{
		{"Found", "Found", "", "Club.FoundResult"},
		{"Found()", "Found", "", "Club.FoundResult"},
		{"Promote", "Promote", "", "Club.PromoteResult"},
		{"People({id})/Club.Promote", "Promote", "{id}", "Club.PromoteResult"},
		{"People({id})/Promote", "Promote", "{id}", "Club.PromoteResult"},
		{"People/{id}/Club.Promote", "Promote", "{id}", "Club.PromoteResult"},
		{"People({id})/Club.Person/Club.Promote", "Promote", "{id}", "Club.PromoteResult"},
		{"Members(PersonId={id},TeamId=" + other + ")/Club.Leave", "Leave", other + " {id}", "Club.LeaveResult"},
	} {
		s := club(false)
		r, err := bindWith(t, s, c.address, model.Options{Actions: clubActions(s)})
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		target := strings.ReplaceAll(strings.Join(r.Target, " "), someID, "{id}")
		if r.Kind != model.Action || r.Action.Name != c.action || target != c.target || r.Context(true) != c.context {
			t.Errorf("%s: %s %s of %q, context %s", c.address, r.Kind, r.Action.Name, target, r.Context(true))
		}
	}
}

// TestActionsThatAreNone: an address that names no action is refused for what it is.
func TestActionsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address  string
		code     gwerr.Code
		position int
		target   string
		message  string
	}{
		{"Find", gwerr.UnknownTable, 0, "the path", "There is no entity set Find."},
		{"Found(Name='x')", gwerr.UnknownTable, 0, "the path", "There is no entity set Found."},
		{"Leave/Role", gwerr.NotFound, 6, "the path", "Nothing can follow here."},
		{"Found?$select=Name", gwerr.BadRequest, gwerr.NoPosition, "$select", "The option $select does not apply to this resource."},
		{"Found?$top=1", gwerr.BadRequest, gwerr.NoPosition, "$top", "The option $top does not apply to this resource."},
		{"People/Club.Promote", gwerr.NotFound, 7, "the path", "There is no function Club.Promote."},
		{"Towns({id})/Club.Promote", gwerr.NotFound, 44, "the path", "Towns has no property Club.Promote."},
		{"People({id})/Club.Found", gwerr.NotFound, 45, "the path", "People has no property Club.Found."},
		{"People({id})/Other.Promote", gwerr.NotFound, 45, "the path", "People has no property Other.Promote."},
		{"People({id})/Club.Promote(Role='x')", gwerr.NotFound, 45, "the path", "People has no property Club.Promote."},
		{"People({id})/Club.Promote/Name", gwerr.NotFound, 58, "the path", "Nothing can follow here."},
		{"People('x')/Club.Promote", gwerr.NotFound, 12, "the path", "There is no such entity."},
		{
			"Towns({id})/People({id})/Club.Promote", gwerr.NotImplemented, 89, "the path",
			"The gateway does not answer actions behind navigation properties; use the address of the entity itself.",
		},
	} {
		s := club(false)
		_, err := bindWith(t, s, c.address, model.Options{Actions: clubActions(s)})
		refused(t, c.address, err, c.code, c.position, c.target, c.message)
	}
}

// TestSchemasWithoutActions: what would name one is an unknown table, or property.
func TestSchemasWithoutActions(t *testing.T) {
	t.Parallel()
	_, err := bindWith(t, club(false), "Found", model.Options{})
	refused(t, "Found", err, gwerr.UnknownTable, 0, "the path", "There is no entity set Found.")
	_, err = bindWith(t, club(false), "People({id})/Club.Promote", model.Options{})
	refused(t, "Club.Promote", err, gwerr.NotFound, 45, "the path", "People has no property Club.Promote.")
}
