package model_test

import (
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
)

// TestLinks binds addresses that end in $ref: the key is all that is read, whatever
// else the request asks for.
//
// Source: OData 4.01 Part 1, section 11.2.8 ($ref), and 11.4.6 for $id.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, kind, context, columns, id, reads string }{
		{"People/$ref", "entity_set", "Collection($ref)", "+Id", "", "People TRUE"},
		{"People/$ref?$filter=Name eq 'x'", "entity_set", "Collection($ref)", "+Id", "", "People Name = 'x'"},
		{"People({id})/$ref", "entity", "$ref", "+Id", "", "People Id = '{id}'"},
		{"People({id})/Town/$ref", "entity", "$ref", "+Id", "", "Towns Id = '{id}'"},
		{"People({id})/Members/$ref", "entity_set", "Collection($ref)", "+PersonId TeamId", "", "Members PersonId = '{id}'"},
		{"Towns({id})/People/$ref?$id=People({id})", "entity_set", "Collection($ref)", "+Id", "People({id})", "People TownId = '{id}'"},
		{
			"People({id})/Teams/$ref", "entity_set", "Collection($ref)", "+Id", "",
			`SELECT "Teams"."Id" FROM "Club"."Teams" JOIN "Club"."Members" AS via_ ON via_."TeamId" = "Teams"."Id" WHERE via_."PersonId" = '{id}' ORDER BY "Teams"."Id" ASC NULLS FIRST`,
		},
		{
			"People/$ref?$orderby=Name", "entity_set", "Collection($ref)", "+Id", "",
			`SELECT "People"."Id" FROM "Club"."People" ORDER BY "People"."Name" ASC NULLS FIRST, "People"."Id" ASC NULLS FIRST`,
		},
	} {
		r, err := bindWith(t, club(false), c.address, model.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		if !r.Ref || r.Kind.String() != c.kind || r.Context(true) != c.context || columnNames(r) != c.columns || r.RefID != withID(c.id) {
			t.Errorf("%s: %s, context %s, columns %s, $id %s", c.address, r.Kind, r.Context(true), columnNames(r), r.RefID)
		}
		if got := reads(r, linkTo(r), -1); got != withID(c.reads) {
			t.Errorf("%s reads %s", c.address, got)
		}
	}
}

// TestLinksThatChange: what is written to must stand behind a navigation property.
func TestLinksThatChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		writes  bool
		code    gwerr.Code // none where the address is a link
	}{
		{"People/$ref", false, ""},
		{"People/$ref", true, gwerr.NotImplemented},
		{"People({id})/$ref", false, ""},
		{"People({id})/$ref", true, gwerr.NotImplemented},
		{"People({id})/Town/$ref", true, ""},
		{"People({id})/Teams/$ref", true, ""},
		{"People({id})/Teams({id})/$ref", true, ""},
	} {
		r, err := bindWith(t, club(false), c.address, model.Options{Writes: c.writes})
		if c.code == "" && (err != nil || !r.Ref) || c.code != "" && (err == nil || gwerr.From(err).Code != c.code) {
			t.Errorf("%s, of what changes: %v: %v", c.address, c.writes, err)
		}
	}
}

func TestLinksThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address  string
		code     gwerr.Code
		position int
		target   string
		message  string
	}{
		{"People({id})/Name/$ref", gwerr.NotImplemented, 50, "the path", "The gateway does not answer $ref of this property."},
		{"People({id})/$each", gwerr.NotImplemented, 45, "the path", "The gateway does not answer $each of an entity."},
		{"People?$id=People({id})", gwerr.NotImplemented, gwerr.NoPosition, "$id", "The gateway does not evaluate $id."},
		{"People({id})/$ref?$id=People({id})", gwerr.NotImplemented, gwerr.NoPosition, "$id", "The gateway does not evaluate $id."},
	} {
		_, err := bindWith(t, club(false), c.address, model.Options{})
		refused(t, c.address, err, c.code, c.position, c.target, c.message)
	}
}

// TestEverything binds $all: each entity set with all of its columns, as a feed of its
// own, and the options of the whole.
//
// Source: OData 4.01 Part 2, section 4.16.
func TestEverything(t *testing.T) {
	t.Parallel()
	r := bindClub(t, "$all?$search=x&$top=3&$skip=1&$count=true")
	if r.Kind != model.All || r.Context(true) != "Collection(Edm.EntityType)" || *r.Top != 3 || *r.Skip != 1 || !r.CountWanted {
		t.Errorf("%s, context %s, %+v", r.Kind, r.Context(true), r)
	}
	var got []string
	for _, one := range r.All {
		if one.Kind != model.Feed || one.Top != nil || one.CountWanted || one.Context(true) != one.Table.Name {
			t.Errorf("%s: %s, context %s", one.Table.Name, one.Kind, one.Context(true))
		}
		got = append(got, columnNames(one)+": "+reads(one, nil, -1))
	}
	const found = `contains(lower(concat_ws(chr(31), '', `
	want := []string{
		`Id Name: Towns TRUE then ` + found + `"Towns"."Name")), lower('x'))`,
		`Id Name TownId: People TRUE then ` + found + `"People"."Name")), lower('x'))`,
		`Id Name TownId: Teams TRUE then ` + found + `"Teams"."Name")), lower('x'))`,
		`PersonId TeamId Role: Members TRUE then ` + found + `"Members"."Role")), lower('x'))`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("reads\n%q", got)
	}
	if r := bindClub(t, "$all"); len(r.All) != 4 || r.Top != nil || r.Skip != nil || r.CountWanted || reads(r.All[1], nil, -1) != "People TRUE" {
		t.Errorf("plain: %d sets", len(r.All))
	}
}

// TestEverythingOfAType is the one set that has the entities of the type.
func TestEverythingOfAType(t *testing.T) {
	t.Parallel()
	r := bindClub(t, "$all/Club.Person?$filter=Name eq 'x'&$select=Name")
	if r.Kind != model.Feed || r.Context(true) != "People(Name)" || reads(r, nil, -1) != "People Name = 'x'" {
		t.Errorf("%s, context %s, reads %s", r.Kind, r.Context(true), reads(r, nil, -1))
	}
	for address, message := range map[string]string{
		"$all/Person": "There is no such entity type.", "$all/Club.People": "There is no such entity type.",
	} {
		_, err := bindWith(t, club(false), address, model.Options{})
		refused(t, address, err, gwerr.NotFound, 5, "the path", message)
	}
	for _, option := range []string{"$filter=true", "$select=Id", "$expand=*", "$orderby=Id", "$apply=identity", "$compute=1 as One", "$skiptoken=x"} {
		_, err := bindWith(t, club(false), "$all?"+option, model.Options{})
		name := option[:slices.Index([]byte(option), '=')]
		refused(t, option, err, gwerr.BadRequest, gwerr.NoPosition, name, "The option "+name+" does not apply to this resource.")
	}
}
