package model_test

import (
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// TestKeysByTheirText: a text is the key of an entity only if it spells one as the
// gateway would; ids may have any letter case.
func TestKeysByTheirText(t *testing.T) {
	t.Parallel()
	id := odatatest.ID("book", 7)
	for _, c := range []struct {
		of   catalog.Type
		text string
		want predicate.Value
		ok   bool
	}{
		{catalog.GUID, id, predicate.UUIDValue(id), true},
		{catalog.GUID, strings.ToUpper(id), predicate.UUIDValue(id), true},
		{catalog.GUID, id[1:], predicate.Value{}, false},
		{catalog.GUID, id + "0", predicate.Value{}, false},
		{catalog.GUID, "{" + id[2:] + "}", predicate.Value{}, false},
		{catalog.GUID, strings.ReplaceAll(id, "-", "0"), predicate.Value{}, false},
		{catalog.GUID, "", predicate.Value{}, false},
		{catalog.Int32, "7", predicate.IntValue(7), true},
		{catalog.Int64, "-9223372036854775808", predicate.IntValue(-9223372036854775808), true},
		{catalog.Int32, "07", predicate.Value{}, false},
		{catalog.Int32, "+7", predicate.Value{}, false},
		{catalog.Int32, "7.0", predicate.Value{}, false},
		{catalog.Int32, "x", predicate.Value{}, false},
		{catalog.Int64, "9223372036854775808", predicate.Value{}, false},
		{catalog.String, "A b", predicate.StringValue("A b"), true},
		{catalog.String, "", predicate.StringValue(""), true},
		{catalog.String, id, predicate.StringValue(id), true},
	} {
		v, ok := model.Key(c.of, c.text)
		if ok != c.ok || ok && (v.Kind != c.want.Kind || v.Text() != c.want.Text()) {
			t.Errorf("%q as %s is %s, %v", c.text, c.of.Edm(), v, ok)
		}
	}
}

// TestWholeSets are feeds of all that a set's own properties decide on; whatever adds,
// sorts or leaves out makes them something else.
func TestWholeSets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		whole   bool
	}{
		{"People", true},
		{"People?$select=Name", true},
		{"People?$filter=Name eq 'x'", true},
		{"People?$search=x", true},
		{"People?$apply=filter(Name eq 'x')", true},
		{"People?$filter=Town/Id eq {id}", true}, // a property of people
		{"People?$count=false", true},
		{"People?$filter=Town/Name eq 'x'", false},
		{"People?$filter=Teams/any()", false},
		{"People?$orderby=Name", false},
		{"People?$top=1", false},
		{"People?$top=0", false},
		{"People?$skip=0", false},
		{"People?$count=true", false},
		{"People?$expand=Town", false},
		{"People?$compute=1 as One", false},
		{"People?$apply=groupby((Name))", false},
		{"People?$apply=top(1)", false},
		{"Members?$expand=Team", false},
		{"People/$ref", false},
		{"People/$count", false},
		{"People({id})", false},
		{"People({id})/Members", false},
		{"Towns({id})/People", false},
		{"$all", false},
		{"$crossjoin(People,Towns)", false},
	} {
		if got := bindClub(t, withID(c.address)).WholeSet(); got != c.whole {
			t.Errorf("%s is a whole set: %v", c.address, got)
		}
	}
}

// TestAddressesLeadBack: the address of an entity, as contexts spell it, is bound to
// the same entity, and has the same address again.
//
// Source: OData 4.01 Part 1, section 10.
func TestAddressesLeadBack(t *testing.T) {
	t.Parallel()
	library := func(address string) (*model.Resource, error) { return bind(t, address) }
	goods := func(address string) (*model.Resource, error) { return bindWith(t, shop(), address, model.Options{}) }
	for _, c := range []struct {
		bind    func(address string) (*model.Resource, error)
		address string
	}{
		{library, "Books('{BOOK}')"},
		{library, "Books/{book}/Title"},
		{library, "Books(@k)/Tags?@k={book}"},
		{library, "Books({book})/Library.Book/Shelf/Name"},
		{library, "Loans(Number=7,BookId={BOOK})/Reader"},
		{library, "Loans(BookId='{book}',Number='7')"},
		{goods, "Items/it's"},
		{goods, "Items('it''s')/Name"},
		{goods, "Items('')"},
		{goods, "Numbers/-7"},
		{goods, "Moments(Final=false,At=2024-01-01T01:00:00.5%2B01:00)"},
		{goods, "Items('a')/Detail/Weight"},
	} {
		first, err := c.bind(withBook(c.address))
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		own := first.Address()
		again, err := c.bind(own)
		if err != nil {
			t.Errorf("%s: its address %s: %v", c.address, own, err)
			continue
		}
		if again.Address() != own || again.Kind != first.Kind || again.Table.Name != first.Table.Name || reads(again, nil, -1) != reads(first, nil, -1) || hops(again) != hops(first) {
			t.Errorf("%s is %s, which is %s over %s: %s", c.address, own, again.Kind, hops(again), reads(again, nil, -1))
		}
	}
}
