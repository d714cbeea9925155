package model_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// shop is a schema whose keys are of several types: texts, numbers, times and truths;
// details stand in a table of their own, one row for each item.
func shop() *catalog.Schema {
	key := func(name string, of catalog.Type) catalog.Column {
		return catalog.Column{Name: name, Type: of, Key: true, Required: true}
	}
	s := &catalog.Schema{Name: "Shop"}
	s.Tables = []*catalog.Table{
		{Name: "Items", Entity: "Item", Columns: []catalog.Column{key("Code", catalog.String), {Name: "Name", Type: catalog.String}}},
		{Name: "Details", Entity: "Detail", Columns: []catalog.Column{
			{Name: "Code", Type: catalog.String, Key: true, Required: true, References: &catalog.Reference{Table: "Items", Column: "Code", Forward: "Item", Backward: "Detail"}},
			{Name: "Weight", Type: catalog.Float64},
		}},
		{Name: "Numbers", Entity: "Number", Columns: []catalog.Column{key("Value", catalog.Int64)}},
		{Name: "Moments", Entity: "Moment", Columns: []catalog.Column{key("At", catalog.Timestamp), key("Final", catalog.Bool)}},
		{Name: "Notes", Entity: "Note", Columns: []catalog.Column{{Name: "Text", Type: catalog.String}}},
	}
	for _, t := range s.Tables {
		t.Schema = s
	}
	return s
}

// TestKeysOfAllTypes: the condition of a key, and the address of the entity as contexts
// spell it.
func TestKeysOfAllTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, where, own string }{
		{"Items('a')", "Code = 'a'", "Items('a')"},
		{"Items('it''s')", "Code = 'it''s'", "Items('it''s')"},
		{"Items('a%2Fb')", "Code = 'a/b'", "Items('a/b')"},
		{"Items('')", "Code = ''", "Items('')"},
		{"Items(Code='a')", "Code = 'a'", "Items('a')"},
		{"Items/a", "Code = 'a'", "Items('a')"},
		{"Items/it's", "Code = 'it''s'", "Items('it''s')"},
		{"Items/7", "Code = '7'", "Items('7')"},
		{"Items/null", "Code = 'null'", "Items('null')"},
		{"Items(@k)?@k='a'", "Code = 'a'", "Items('a')"},
		{"Items(@k)?@k=@l&@l='a'", "Code = 'a'", "Items('a')"},
		{"Numbers(7)", "Value = 7", "Numbers(7)"},
		{"Numbers(-9223372036854775808)", "Value = -9223372036854775808", "Numbers(-9223372036854775808)"},
		{"Numbers('7')", "Value = 7", "Numbers(7)"},
		{"Numbers/7", "Value = 7", "Numbers(7)"},
		{"Numbers/x", "FALSE", ""},
		{"Numbers('x')", "FALSE", ""},
		{"Moments(At=2024-01-01T01:00:00%2B01:00,Final=true)", "At = TIMESTAMPTZ '2024-01-01T00:00:00Z' AND Final = TRUE", "Moments(At=2024-01-01T00:00:00.000Z,Final=true)"},
		{"Moments(Final=false,At=2024-01-01T00:00:00Z)", "At = TIMESTAMPTZ '2024-01-01T00:00:00Z' AND Final = FALSE", "Moments(At=2024-01-01T00:00:00.000Z,Final=false)"},
		{"Moments(At=2024-01-01T00:00:00.0001Z,Final=true)", "FALSE", ""},
	} {
		r, err := bindWith(t, shop(), c.address, model.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		if where := reads(r, nil, -1); r.Kind != model.Entity || where != r.Table.Name+" "+c.where || c.own != "" && r.Address() != c.own {
			t.Errorf("%s: %s by %s, as %s", c.address, r.Kind, where, r.Address())
		}
	}
}

func TestKeysThatDoNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address  string
		code     gwerr.Code
		position int
		message  string
		hint     string
	}{
		{"Items(7)", gwerr.TypeMismatch, 6, "The key Code is of type Edm.String.", ""},
		{"Items(null)", gwerr.TypeMismatch, 6, "The key Code is of type Edm.String.", ""},
		{"Items(@k)", gwerr.TypeMismatch, 6, "The key Code is of type Edm.String.", ""},
		{"Items(code='a')", gwerr.BadRequest, 6, "The key does not fit Items.", "Write Items(…)."},
		{"Numbers(true)", gwerr.TypeMismatch, 8, "The key Value is of type Edm.Int64.", ""},
		{"Moments(2024-01-01T00:00:00Z)", gwerr.BadRequest, 0, "The key does not fit Moments.", "Write Moments(At=…,Final=…)."},
		{"Moments(At=2024-01-01T00:00:00Z)", gwerr.BadRequest, 0, "The key does not fit Moments.", "Write Moments(At=…,Final=…)."},
		{"Moments(At=2024-01-01T00:00:00Z,Final=1)", gwerr.TypeMismatch, 38, "The key Final is of type Edm.Boolean.", ""},
		{"Notes(1)", gwerr.BadRequest, 0, "The key does not fit Notes.", "Notes has no key: ask for Notes with $filter."},
		{"Notes(Text='a')", gwerr.BadRequest, 6, "The key does not fit Notes.", "Notes has no key: ask for Notes with $filter."},
		{"Moments/2024-01-01", gwerr.NotFound, 8, "Moments has no entity under this address.", ""},
		{"Notes/x", gwerr.NotFound, 6, "Notes has no entity under this address.", ""},
	} {
		_, err := bindWith(t, shop(), c.address, model.Options{})
		refused(t, c.address, err, c.code, c.position, "the path", c.message)
		if e := gwerr.From(err); err != nil && e.Hint != c.hint {
			t.Errorf("%s: the hint is %q", c.address, e.Hint)
		}
	}
}

// TestOneRowForEach: a navigation property leads to the one row that has the same key,
// and to none where there is no such row.
func TestOneRowForEach(t *testing.T) {
	t.Parallel()
	const left = `SELECT "Items"."Code" FROM "Shop"."Items" LEFT JOIN "Shop"."Details" AS n1_ ON n1_."Code" = "Items"."Code"`
	const order = ` ORDER BY "Items"."Code" ASC NULLS FIRST`
	for _, c := range []struct{ address, reads string }{
		{"Items?$select=Code&$filter=Detail eq null", left + ` WHERE (n1_."Code" IS NULL)` + order},
		{"Items?$select=Code&$filter=Detail ne null", left + ` WHERE (NOT n1_."Code" IS NULL) AND (n1_."Code" IS NOT NULL)` + order},
		{"Items?$select=Code&$filter=Detail/Weight gt 1", left + ` WHERE n1_."Weight" > CAST('1' AS DOUBLE) AND COALESCE(n1_."Weight" > 1, FALSE)` + order},
		{"Items?$select=Code&$orderby=Detail/Weight desc", left + ` ORDER BY n1_."Weight" DESC NULLS LAST, "Items"."Code" ASC NULLS FIRST`},
		{"Details?$filter=Item eq null", "Details Code IS NULL"},
		{"Details?$filter=Item/Code eq 'a'", "Details Code = 'a'"},
		{"Items('a')/Detail", "Details Code = '00000000-0000-4000-8000-000000000001'"},
	} {
		r := bindTo(t, shop(), c.address)
		if got := reads(r, linkTo(r), -1); got != c.reads {
			t.Errorf("%s reads\n%s", c.address, got)
		}
	}
	r := bindTo(t, shop(), "Items('a')/Detail/Weight")
	if r.Kind != model.Property || r.Address() != "Items('a')/Detail/Weight" || hops(r) != "Items[Code = 'a'].Detail='a'" {
		t.Errorf("%s %s over %s", r.Kind, r.Address(), hops(r))
	}
	if x := bindTo(t, shop(), "Items?$expand=Detail").Expand[0]; x.Navigation.Many || x.Top != nil || columnNames(x.Target) != "Code Weight" {
		t.Errorf("expands %+v", x)
	}
}

// TestRowsWithoutAKey have no order, and nothing that tells them apart.
func TestRowsWithoutAKey(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"Notes":                     "Notes TRUE",
		"Notes?$filter=Text gt 'a'": "Notes Text > 'a'",
		"Notes?$orderby=Text desc":  `SELECT "Notes"."Text" FROM "Shop"."Notes" ORDER BY "Notes"."Text" DESC NULLS LAST`,
		"Notes?$compute=length(Text) as L&$select=L": `SELECT TRY_CAST(s1_."L" AS BIGINT) AS "L" FROM (SELECT length("Notes"."Text") AS "L" FROM "Shop"."Notes") AS s1_`,
	} {
		r := bindTo(t, shop(), address)
		if got := reads(r, nil, -1); got != want || r.Identify() != nil {
			t.Errorf("%s reads %s", address, got)
		}
	}
}

// TestSearchOfComputedTexts finds words in what the rows have become.
func TestSearchOfComputedTexts(t *testing.T) {
	t.Parallel()
	want := `SELECT s1_."Code" AS "Code" FROM (SELECT "Items"."Code" AS "Code", "Items"."Name" AS "Name", upper("Items"."Name") AS "Big" FROM "Shop"."Items") AS s1_` +
		` WHERE contains(lower(concat_ws(chr(31), '', s1_."Code", s1_."Name", s1_."Big")), lower('x')) ORDER BY s1_."Code" ASC NULLS FIRST`
	r := bindTo(t, shop(), "Items?$compute=toupper(Name) as Big,length(Name) as L&$search=x&$select=Code")
	if got := reads(r, nil, -1); got != want {
		t.Errorf("reads %s", got)
	}
}
