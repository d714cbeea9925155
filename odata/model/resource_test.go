package model_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// withBook writes the id of a book where an address has {book}.
func withBook(text string) string {
	id := odatatest.ID("book", 1)
	return strings.NewReplacer("{book}", id, "{BOOK}", strings.ToUpper(id)).Replace(text)
}

// columnNames are those of a resource: the visible ones, and behind a plus those
// that are read beside them; "all" stands for every column of Books.
func columnNames(r *model.Resource) string {
	if r.Table == nil {
		return ""
	}
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = r.Table.Columns[c].Name
	}
	out := strings.Join(names[:r.Visible], " ")
	if r.Visible < len(names) {
		out += "+" + strings.Join(names[r.Visible:], " ")
	}
	return strings.Replace(out, "Id Title Author Pages Sold Price InPrint BoughtAt Tags Extra Summary ShelfId", "all", 1)
}

// hops are the rows on the way to a resource: of which table, by which condition,
// along what, and the value of the link where the address tells it.
func hops(r *model.Resource) string {
	var out []string
	for _, h := range r.Hops {
		known := "?"
		if h.Known != nil {
			known = h.Known[0].String()
		}
		out = append(out, fmt.Sprintf("%s[%s].%s=%s", h.Table.Name, h.Where, h.Link.Name, known))
	}
	return strings.Join(out, " ")
}

// TestAddresses binds addresses: to what, under which context, by which condition
// on the key, with which columns, and over which rows.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, kind, context, where, columns, hops string }{
		{"$metadata", "metadata", "", "", "", ""},
		{"Books", "entity_set", "Books", "TRUE", "all", ""},
		{"Books/$count", "count", "Books", "TRUE", "", ""},
		{"Books/$count?$filter=Pages eq 1&$top=5&$orderby=Title", "count", "Books", "Pages = 1", "", ""},
		{"Books({book})", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books('{BOOK}')", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books(Id={book})", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books/{book}", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books/Library.Book", "entity_set", "Books", "TRUE", "all", ""},
		{"Books/Library.Book({book})", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books({book})/Library.Book", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books({book})/Title", "property", "Books({book})/Title", "Id = '{book}'", "Title", ""},
		{"Books({book})/Title/$value", "value", "Books({book})/Title", "Id = '{book}'", "Title", ""},
		{"Books({book})/Tags", "property", "Books({book})/Tags", "Id = '{book}'", "Tags", ""},
		{"Books({book})/Shelf", "entity", "Shelves/$entity", "TRUE", "Id Name", "Books[Id = '{book}'].Shelf=?"},
		{
			"Books({book})/Shelf/Name", "property", "Books({book})/Shelf/Name",
			"TRUE", "Name", "Books[Id = '{book}'].Shelf=?",
		},
		{
			"Books({book})/Shelf/Books", "entity_set", "Books",
			"TRUE", "all", "Books[Id = '{book}'].Shelf=? Shelves[TRUE].Books=?",
		},
		{
			"Books({book})/Loans", "entity_set", "Loans",
			"TRUE", "BookId Number Reader", "Books[Id = '{book}'].Loans='{book}'",
		},
		{"Books({book})/Loans/$count", "count", "Loans", "TRUE", "", "Books[Id = '{book}'].Loans='{book}'"},
		{
			"Books({book})/Loans(7)", "entity", "Loans/$entity",
			"Number = 7", "BookId Number Reader", "Books[Id = '{book}'].Loans='{book}'",
		},
		{
			"Books({book})/Loans(Number=7)", "entity", "Loans/$entity",
			"Number = 7", "BookId Number Reader", "Books[Id = '{book}'].Loans='{book}'",
		},
		{
			"Books({book})/Loans(BookId={book},Number=7)", "entity", "Loans/$entity",
			"BookId = '{book}' AND Number = 7", "BookId Number Reader", "Books[Id = '{book}'].Loans='{book}'",
		},
		{
			"Books({book})/Loans(7)/Reader", "property", "Loans(7)/Reader",
			"Number = 7", "Reader", "Books[Id = '{book}'].Loans='{book}'",
		},
		{
			"Books({book})/Loans(7)/Book/Title/$value", "value", "Loans(7)/Book/Title",
			"TRUE", "Title", "Books[Id = '{book}'].Loans='{book}' Loans[Number = 7].Book=?",
		},
		{
			"Loans(BookId={book},Number=7)", "entity", "Loans/$entity",
			"BookId = '{book}' AND Number = 7", "BookId Number Reader", "",
		},
		{
			"Loans(Number=7,BookId={book})", "entity", "Loans/$entity",
			"BookId = '{book}' AND Number = 7", "BookId Number Reader", "",
		},
		{
			"Loans(BookId={book},Number=7)/Book", "entity", "Books/$entity",
			"TRUE", "all", "Loans[BookId = '{book}' AND Number = 7].Book='{book}'",
		},
		{
			"Loans(BookId={book},Number=7)/Book/Shelf/Books/$count", "count", "Books",
			"TRUE", "", "Loans[BookId = '{book}' AND Number = 7].Book='{book}' Books[TRUE].Shelf=? Shelves[TRUE].Books=?",
		},
		{"Books(@id)?@id={book}", "entity", "Books/$entity", "Id = '{book}'", "all", ""},
		{"Books('x')", "entity", "Books/$entity", "FALSE", "all", ""},
		{
			"Shelves({book})/Books({book})", "entity", "Books/$entity",
			"Id = '{book}'", "all", "Shelves[Id = '{book}'].Books='{book}'",
		},
		{"Books?$select=Title", "entity_set", "Books(Title)", "TRUE", "Title+Id", ""},
		{"Books?$select=Title,Id", "entity_set", "Books(Title,Id)", "TRUE", "Title Id", ""},
		{"Books?$select=*", "entity_set", "Books(*)", "TRUE", "all", ""},
		{"Books?$select=Shelf", "entity_set", "Books(Shelf)", "TRUE", "+Id", ""},
		{"Books?$select=Title,Title", "entity_set", "Books(Title)", "TRUE", "Title+Id", ""},
		{"Books?$select=Library.Book/Title", "entity_set", "Books(Title)", "TRUE", "Title+Id", ""},
		{"Books?$select=Library.*", "entity_set", "Books(Library.*)", "TRUE", "+Id", ""},
		{
			"Books({book})?$select=Title&$expand=Shelf", "entity", "Books(Title,Shelf())/$entity",
			"Id = '{book}'", "Title+Id ShelfId", "",
		},
		{"Books?$expand=Shelf", "entity_set", "Books(Shelf())", "TRUE", "all", ""},
		{"Books?$expand=Shelf($select=Name)", "entity_set", "Books(Shelf(Name))", "TRUE", "all", ""},
		{
			"Books?$select=Title&$expand=Shelf($select=Name),Loans($select=Reader;$top=2)", "entity_set", "Books(Title,Shelf(Name),Loans(Reader))",
			"TRUE", "Title+Id ShelfId", "",
		},
		{
			"Books?$select=Title,Shelf&$expand=Shelf", "entity_set", "Books(Title,Shelf())",
			"TRUE", "Title+Id ShelfId", "",
		},
		{"Books?$expand=Loans/$count", "entity_set", "Books", "TRUE", "all", ""},
		{"Books?$expand=*", "entity_set", "Books(Shelf(),Loans())", "TRUE", "all", ""},
		{
			"Books?$expand=Loans($expand=Book($select=Title))", "entity_set", "Books(Loans(Book(Title)))",
			"TRUE", "all", "",
		},
		{"Books?$orderby=Title desc,Pages", "entity_set", "Books", "TRUE", "all", ""},
		{"Books?$orderby=Shelf/Name", "entity_set", "Books", "TRUE", "all", ""},
		{"Books?$top=3&$skip=2&$count=true", "entity_set", "Books", "TRUE", "all", ""},
		{"Books?$search=x", "entity_set", "Books", "TRUE", "all", ""},
		{"Books()", "entity_set", "Books", "TRUE", "all", ""},
		{
			"Books({book})/Loans('x')", "entity", "Loans/$entity",
			"FALSE", "BookId Number Reader", "Books[Id = '{book}'].Loans='{book}'",
		},
		{"Loans(BookId={book},Number='x')", "entity", "Loans/$entity", "FALSE", "BookId Number Reader", ""},
	} {
		t.Run(c.address, func(t *testing.T) {
			t.Parallel()
			r, err := bind(t, withBook(c.address))
			if err != nil {
				t.Fatal(err)
			}
			where := ""
			if r.Table != nil {
				where = r.Query(nil, -1).Accesses[0].Where.String()
			}
			if r.Kind.String() != c.kind || r.Context(true) != withBook(c.context) {
				t.Errorf("%s, context %s", r.Kind, r.Context(true))
			}
			if where != withBook(c.where) || columnNames(r) != c.columns || hops(r) != withBook(c.hops) {
				t.Errorf("where %s\ncolumns %s\nhops %s", where, columnNames(r), hops(r))
			}
		})
	}
}

// TestAddressesThatLeadNowhere: each error names the place and, where there is
// one, the hint.
func TestAddressesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address  string
		code     gwerr.Code
		position int
		target   string
		message  string
		hint     string
	}{
		{
			"Bookz", gwerr.UnknownTable, 0, "the path",
			"There is no entity set Bookz.", "Did you mean Books?",
		},
		{
			"books", gwerr.UnknownTable, 0, "the path",
			"There is no entity set books.", "Did you mean Books?",
		},
		{
			"Books/$value", gwerr.NotImplemented, 6, "the path",
			"The gateway does not answer $value of entities.", "",
		},
		{
			"Books/$each", gwerr.NotImplemented, 6, "the path",
			"The gateway does not answer $each of entities.", "",
		},
		{
			"Books/$filter(Pages eq 1)(b00c0000-0000-4000-8000-000000000001)/Loans", gwerr.NotImplemented, 64, "the path",
			"The gateway does not answer navigation properties behind the segment $filter.", "",
		},
		{
			"Books/Library.Best()", gwerr.NotFound, 6, "the path",
			"There is no function Library.Best.", "",
		},
		{
			"Books/Best(x=1)", gwerr.NotFound, 6, "the path",
			"There is no function Best.", "",
		},
		{
			"Books(1)", gwerr.TypeMismatch, 6, "the path",
			"The key Id is of type Edm.Guid.", "",
		},
		{
			"Books(Title='x')", gwerr.BadRequest, 6, "the path",
			"The key does not fit Books.", "Write Books(…).",
		},
		{
			"Books(Id={book},Title='x')", gwerr.BadRequest, 46, "the path",
			"The key does not fit Books.", "Write Books(…).",
		},
		{
			"Books({book})/Titel", gwerr.NotFound, 44, "the path",
			"Books has no property Titel.", "Did you mean Title?",
		},
		{
			"Books({book})/title", gwerr.NotFound, 44, "the path",
			"Books has no property title.", "Did you mean Title?",
		},
		{
			"Books({book})/$count", gwerr.NotFound, 44, "the path",
			"An entity has no such resource.", "",
		},
		{
			"Books({book})/$value", gwerr.NotFound, 44, "the path",
			"An entity has no such resource.", "",
		},
		{
			"Books({book})/Title/Length", gwerr.NotFound, 50, "the path",
			"A primitive property has no properties of its own.", "",
		},
		{
			"Books({book})/Title/$count", gwerr.NotImplemented, 50, "the path",
			"The gateway does not answer $count of this property.", "",
		},
		{
			"Books({book})/Tags/$value", gwerr.NotImplemented, 49, "the path",
			"The gateway does not answer $value of this property.", "",
		},
		{
			"Books({book})/Shelf(1)", gwerr.NotFound, 44, "the path",
			"The navigation property Shelf leads to one entity and takes no key.", "",
		},
		{
			"Books({book})/Loans/Reader/x", gwerr.NotFound, 50, "the path",
			"Loans has no entity under this address.", "",
		},
		{
			"Loans(7)", gwerr.BadRequest, 0, "the path",
			"The key does not fit Loans.", "Write Loans(BookId=…,Number=…).",
		},
		{
			"Loans/7", gwerr.NotFound, 6, "the path",
			"Loans has no entity under this address.", "",
		},
		{
			"Loans(BookId={book})", gwerr.BadRequest, 0, "the path",
			"The key does not fit Loans.", "Write Loans(BookId=…,Number=…).",
		},
		{
			"Loans(BookId={book},Nummer=7)", gwerr.BadRequest, 50, "the path",
			"The key does not fit Loans.", "Write Loans(BookId=…,Number=…).",
		},
		{
			"$crossjoin(Books,Shelf)", gwerr.UnknownTable, 0, "the path",
			"There is no entity set Shelf.", "",
		},
		{
			"$crossjoin(Books,Books)", gwerr.BadRequest, 0, "the path",
			"$crossjoin names Books twice.", "",
		},
		{
			"$crossjoin(A,B,C,D,E,F)", gwerr.TooLarge, 0, "the path",
			"$crossjoin joins more than 5 entity sets.", "",
		},
		{
			"$crossjoin(Books,Shelves)?$filter=Book/Title eq 'x'", gwerr.UnknownColumn, 0, "$filter",
			"The rows have no property Book.", "Did you mean Books?",
		},
		{
			"$crossjoin(Books,Shelves)?$filter=Books/Nope eq 'x'", gwerr.UnknownColumn, 6, "$filter",
			"Books has no property Nope.", "",
		},
		{
			"$crossjoin(Books,Shelves)?$expand=Books($filter=Pages eq 1)", gwerr.NotImplemented, 0, "$expand",
			"The gateway does not evaluate $filter within $expand of $crossjoin.", "",
		},
		{
			"$crossjoin(Books,Shelves)?$expand=Loans", gwerr.UnknownColumn, 0, "$expand",
			"The rows have no property Loans.", "",
		},
		{
			"$crossjoin(Books,Shelves)?$select=Title", gwerr.UnknownColumn, 0, "$select",
			"The rows have no property Title.", "",
		},
		{
			"$crossjoin(Books,Shelves)?$expand=Books($select=Tags($top=1))", gwerr.NotImplemented, 0, "$select",
			"The gateway does not evaluate options within $select of $crossjoin.", "",
		},
		{
			"$crossjoin(Books,Shelves)?$apply=concat(identity,identity)", gwerr.NotImplemented, 0, "$apply",
			"The gateway does not evaluate concat of the rows of $crossjoin that are not aggregated.", "",
		},
		{
			"$all?$orderby=Id", gwerr.BadRequest, -1, "$orderby",
			"The option $orderby does not apply to this resource.", "",
		},
		{
			"$all/Library.Nope", gwerr.NotFound, 5, "the path",
			"There is no such entity type.", "",
		},
		{
			"$entity?$id=Books(1)", gwerr.NotImplemented, 0, "the path",
			"The gateway does not answer the address $entity.", "",
		},
		{
			"$batch", gwerr.NotImplemented, 0, "the path",
			"The gateway does not answer the address $batch.", "",
		},
		{
			"Books({book})/Shelf/Books({book})/Shelf/Books({book})/Shelf/Books({book})/Shelf", gwerr.TooLarge, 150, "the path",
			"The address follows more than 5 navigation properties.", "",
		},
		{
			"Books?$select=Titel", gwerr.UnknownColumn, 0, "$select",
			"Books has no property Titel.", "Did you mean Title?",
		},
		{
			"Books?$select=Title/Length", gwerr.UnknownColumn, 6, "$select",
			"The property Title has no properties of its own.", "",
		},
		{
			"Books?$select=Title($top=1)", gwerr.NotImplemented, 0, "$select",
			"The gateway does not evaluate options of Title within $select, which is not a list.", "Options of related entities stand within $expand.",
		},
		{
			"Books?$select=Tags($top=1),Tags($top=2)", gwerr.BadRequest, 13, "$select",
			"Tags is selected twice.", "",
		},
		{
			"Books?$select=Tags($orderby=length($this))", gwerr.NotImplemented, 0, "$select",
			"The gateway does not evaluate an order of a list's items other than by $this.", "",
		},
		{
			"Books?$expand=Title", gwerr.BadRequest, 0, "$expand",
			"Title is not a navigation property.", "",
		},
		{
			"Books?$expand=Shelv", gwerr.UnknownColumn, 0, "$expand",
			"Books has no property Shelv.", "Did you mean Shelf?",
		},
		{
			"Books?$expand=Shelf,Shelf", gwerr.BadRequest, 6, "$expand",
			"The navigation property Shelf is expanded twice.", "",
		},
		{
			"Books?$expand=Shelf/$count", gwerr.BadRequest, 0, "$expand",
			"Shelf leads to one entity and has no $count.", "",
		},
		{
			"Books?$expand=Shelf/Books", gwerr.NotImplemented, 0, "$expand",
			"The gateway does not evaluate this path in $expand.", "",
		},
		{
			"Books?$expand=Shelf($top=1)", gwerr.BadRequest, 0, "$expand",
			"Shelf leads to one entity, to which $top, $skip, $orderby and $count don't apply.", "",
		},
		{
			"Books?$expand=Shelf($orderby=Name)", gwerr.BadRequest, 0, "$expand",
			"Shelf leads to one entity, to which $top, $skip, $orderby and $count don't apply.", "",
		},
		{
			"Books?$expand=Loans($apply=identity)", gwerr.NotImplemented, -1, "$apply",
			"The gateway does not evaluate $apply within $expand.", "",
		},
		{
			"Books?$expand=*($levels=2)", gwerr.NotImplemented, 0, "$expand",
			"The gateway expands * as it is, without options and without /$ref.", "Name the navigation properties to give them options.",
		},
		{
			"Books?$expand=*/$ref", gwerr.NotImplemented, 0, "$expand",
			"The gateway expands * as it is, without options and without /$ref.", "Name the navigation properties to give them options.",
		},
		{
			"Books?$expand=Loans($filter=Nope eq 1)", gwerr.UnknownColumn, 14, "$filter",
			"Loans has no property Nope.", "",
		},
		{
			"Books?$expand=Loans($filter=$it/Title eq 'x')", gwerr.NotImplemented, 14, "$filter",
			"The gateway does not evaluate $it within $expand; the expanded entity is $this.", "",
		},
		{
			"Books?$filter=$this/Title eq 'x'", gwerr.NotImplemented, 0, "$filter",
			"The gateway does not evaluate $this and $these.", "",
		},
		{
			"Books?$orderby=Tags", gwerr.TypeMismatch, 0, "$orderby",
			"Entities can't be sorted by a collection.", "",
		},
		{
			"Books?$orderby=Nope", gwerr.UnknownColumn, 0, "$orderby",
			"Books has no property Nope.", "",
		},
		{
			"Books?$orderby=Loans/Reader", gwerr.BadRequest, 6, "$orderby",
			"Loans is a collection and has no properties.", "Write Loans/any(x:x/…).",
		},
		{
			"Books?$filter=Shelf/Books/any(b:b/Nope eq 1)", gwerr.UnknownColumn, 20, "$filter",
			"Books has no property Nope.", "",
		},
		{
			"Books?$select=Shelf/Name", gwerr.NotImplemented, 6, "$select",
			"The gateway does not evaluate paths along navigation properties in $select.", "Write $expand=Shelf($select=…).",
		},
	} {
		t.Run(c.address, func(t *testing.T) {
			t.Parallel()
			_, err := bind(t, withBook(c.address))
			var e *gwerr.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Code != c.code || e.Position != c.position || e.Target != c.target || e.Message != c.message || e.Hint != c.hint {
				t.Errorf("%s at %d on %s: %s | %s", e.Code, e.Position, e.Target, e.Message, e.Hint)
			}
		})
	}
}

// TestOptionsByResource gives every option to every kind of resource.
//
// Source: OData 4.01 Part 1, sections 11.2.1 to 11.2.10.
func TestOptionsByResource(t *testing.T) {
	t.Parallel()
	resources := map[string]string{
		"service": "", "metadata": "$metadata", "feed": "Books", "related": "Books({book})/Loans", "entity": "Books({book})",
		"property": "Books({book})/Title", "value": "Books({book})/Title/$value", "count": "Books/$count",
	}
	options := map[string]string{
		"$filter": "true", "$search": "x", "$orderby": "null", "$select": "*", "$expand": "*", "$top": "1", "$skip": "1", "$count": "true",
		"$skiptoken": "x", "$apply": "identity", "$compute": "1 add 1 as Two", "$deltatoken": "x", "$index": "1",
	}
	never := []string{"$deltatoken", "$index"}
	applies := map[string][]string{
		"feed":   {"$filter", "$search", "$orderby", "$select", "$expand", "$top", "$skip", "$count", "$skiptoken", "$apply", "$compute"},
		"entity": {"$select", "$expand", "$compute"},
		"count":  {"$filter", "$search", "$top", "$skip", "$orderby", "$expand", "$select", "$count", "$apply", "$compute"},
	}
	applies["related"] = applies["feed"]
	for kind, address := range resources {
		for option, value := range options {
			_, err := bind(t, withBook(address)+"?"+option+"="+value)
			want := gwerr.BadRequest
			switch {
			case slices.Contains(never, option):
				want = gwerr.NotImplemented
			case slices.Contains(applies[kind], option):
				if err != nil {
					t.Errorf("%s of %s: %v", option, kind, err)
				}
				continue
			}
			e := gwerr.From(err)
			if err == nil || e.Code != want || e.Target != option {
				t.Errorf("%s of %s: %v", option, kind, err)
			}
		}
	}
}
