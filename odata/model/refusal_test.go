package model_test

import (
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// hinted is a refusal with all that it tells.
type hinted struct {
	options  string
	code     gwerr.Code
	position int
	target   string
	message  string
	hint     string
}

// checkHinted binds options on Books, each of which must be refused.
func checkHinted(t *testing.T, cases []hinted) {
	t.Helper()
	for _, c := range cases {
		_, err := bind(t, "Books?"+c.options)
		refused(t, c.options, err, c.code, c.position, c.target, c.message)
		if e := gwerr.From(err); err != nil && e.Hint != c.hint {
			t.Errorf("%s: the hint is %q", c.options, e.Hint)
		}
	}
}

// TestRefusalsOfGroups: what groupby and aggregate do not take.
//
// Source: OData Data Aggregation 4.0, sections 3.2.1 and 3.2.3.
func TestRefusalsOfGroups(t *testing.T) {
	t.Parallel()
	const methods = "Methods are sum, min, max, average and countdistinct."
	const choose = "Choose another name."
	checkHinted(t, []hinted{
		{"$apply=groupby((Nope))", gwerr.UnknownColumn, 9, "$apply", "Books has no property Nope.", ""},
		{"$apply=groupby((Titel))", gwerr.UnknownColumn, 9, "$apply", "Books has no property Titel.", "Did you mean Title?"},
		{"$apply=groupby((Shelf/Nam))", gwerr.UnknownColumn, 15, "$apply", "Shelves has no property Nam.", "Did you mean Name?"},
		{"$apply=groupby((Shelf))", gwerr.NotImplemented, 9, "$apply", "The gateway does not group by entities.", "Name a property behind it, such as its key."},
		{"$apply=groupby((Author),topcount(1,Nope))", gwerr.UnknownColumn, 28, "$apply", "Books has no property Nope.", ""},
		{"$apply=groupby((Nope),topcount(1,Pages))", gwerr.UnknownColumn, 9, "$apply", "Books has no property Nope.", ""},
		{"$apply=groupby((rollup($all,Nope)))", gwerr.UnknownColumn, 21, "$apply", "Books has no property Nope.", ""},
		{"$apply=groupby((Author,rollup(Author,Pages)))", gwerr.BadRequest, 23, "$apply", "Author is grouped by twice.", ""},
		{"$apply=groupby((rollup(Author,Pages),rollup(Pages,Title)))", gwerr.BadRequest, 37, "$apply", "Pages is grouped by twice.", ""},
		{"$apply=groupby((rollup(Author,Pages)),topcount(1,Pages))", gwerr.NotImplemented, 9, "$apply", "The gateway evaluates rollup only before aggregate.", ""},
		{
			"$apply=groupby((rollup(Author,Pages)),aggregate($count as N)/filter(N gt 1))", gwerr.NotImplemented, 9, "$apply",
			"The gateway does not evaluate rollup before several transformations.", "",
		},
		{
			"$apply=groupby((rollup(Author,Pages)),aggregate(Sold with sum from Title with max as X))", gwerr.NotImplemented, 9, "$apply",
			"The gateway does not evaluate rollup together with from.", "",
		},
		{
			"$apply=aggregate(Sold with sum from Title with max as X,Pages with sum as Y)", gwerr.NotImplemented, 49, "$apply",
			"The gateway evaluates from only where all aggregates have the same.", "",
		},
		{"$apply=aggregate(Sold with sum from Nope with max as X)", gwerr.UnknownColumn, 29, "$apply", "Books has no property Nope.", ""},
		{"$apply=aggregate(Nope with sum as X)", gwerr.UnknownColumn, 10, "$apply", "Books has no property Nope.", ""},
		{"$apply=aggregate(Nope/$count as X)", gwerr.UnknownColumn, 10, "$apply", "Books has no property Nope.", ""},
		{"$apply=aggregate(Title with average as X)", gwerr.TypeMismatch, 10, "$apply", "average does not take Edm.String.", ""},
		{"$apply=aggregate(BoughtAt with sum as X)", gwerr.TypeMismatch, 10, "$apply", "sum does not take Edm.DateTimeOffset.", ""},
		{"$apply=aggregate(Tags with min as X)", gwerr.TypeMismatch, 10, "$apply", "min does not take Collection(Edm.String).", ""},
		{"$apply=aggregate(Pages with middle as X)", gwerr.BadRequest, 10, "$apply", "There is no method of aggregation middle.", methods},
		{"$apply=aggregate(Pages with Other.sum as X)", gwerr.NotImplemented, 10, "$apply", "There is no method of aggregation Other.sum.", ""},
		{"$apply=groupby((Author),aggregate($count as author))", gwerr.BadRequest, 27, "$apply", "There is a property author already.", choose},
		{"$compute=1 as title", gwerr.BadRequest, 0, "$compute", "There is a property title already.", choose},
		{"$compute=1 as loans", gwerr.BadRequest, 0, "$compute", "There is a property loans already.", choose},
		{"$compute=1 as One,2 as ONE", gwerr.BadRequest, 9, "$compute", "There is a property ONE already.", choose},
	})
}

// TestRefusalsOfAmounts: what the transformations take that keep a part of the rows.
//
// Source: OData Data Aggregation 4.0, section 3.3.
func TestRefusalsOfAmounts(t *testing.T) {
	t.Parallel()
	checkHinted(t, []hinted{
		{"$apply=topcount(-1,Pages)", gwerr.BadRequest, 9, "$apply", "The number of topcount is out of range.", ""},
		{"$apply=bottomcount(99999999999999999999,Pages)", gwerr.TypeMismatch, 12, "$apply", "The number of bottomcount must be a whole number.", ""},
		{"$apply=topcount(1.5,Pages)", gwerr.TypeMismatch, 9, "$apply", "The number of topcount must be a whole number.", ""},
		{"$apply=topcount(@n,Pages)&@n='x'", gwerr.TypeMismatch, 9, "$apply", "The number of topcount must be a whole number.", ""},
		{"$apply=topcount(1,Nope)", gwerr.UnknownColumn, 11, "$apply", "Books has no property Nope.", ""},
		{"$apply=topcount(1,Tags)", gwerr.TypeMismatch, 11, "$apply", "Entities can't be sorted by a collection.", ""},
		{"$apply=topsum(Nope,Pages)", gwerr.UnknownColumn, 7, "$apply", "Books has no property Nope.", ""},
		{"$apply=topsum(Sold,Pages)", gwerr.TypeMismatch, 0, "$apply", "topsum takes a number and a numeric property.", ""},
		{"$apply=toppercent(10,Nope)", gwerr.UnknownColumn, 14, "$apply", "Books has no property Nope.", ""},
		{"$apply=bottompercent('x',Pages)", gwerr.TypeMismatch, 0, "$apply", "bottompercent takes a number and a numeric property.", ""},
		{"$apply=bottomsum(10,Author)", gwerr.TypeMismatch, 0, "$apply", "bottomsum takes a number and a numeric property.", ""},
		{"$apply=orderby(Tags)", gwerr.TypeMismatch, 8, "$apply", "Entities can't be sorted by a collection.", ""},
		{"$apply=orderby(Nope)", gwerr.UnknownColumn, 8, "$apply", "Books has no property Nope.", ""},
		{"$apply=filter(Pages)/top(1)", gwerr.TypeMismatch, 7, "$apply", "A condition must be Edm.Boolean, and this is an integer.", ""},
		{"$apply=concat(identity,filter(Nope))", gwerr.UnknownColumn, 23, "$apply", "Books has no property Nope.", ""},
		{"$apply=expand(Shelf)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate expand: the option $expand does that.", ""},
		{"$apply=compute(Nope as X)", gwerr.UnknownColumn, 8, "$apply", "Books has no property Nope.", ""},
	})
}

// TestRefusalsOfLists: options on the items of lists, and functions of lists.
//
// Source: OData 4.01 Part 2, sections 4.8 and 5.1.1.6.
func TestRefusalsOfLists(t *testing.T) {
	t.Parallel()
	const texts = "The gateway does not evaluate $select and $compute of the items of a list, which are texts."
	const order = "The gateway does not evaluate an order of a list's items other than by $this."
	checkHinted(t, []hinted{
		{"$select=Tags($select=Title)", gwerr.NotImplemented, 0, "$select", texts, ""},
		{"$select=Title,Tags($compute=1 as One)", gwerr.NotImplemented, 6, "$select", texts, ""},
		{"$select=Tags($orderby=$this,$this desc)", gwerr.NotImplemented, 0, "$select", order, ""},
		{"$select=Tags($filter=$this eq 5)", gwerr.TypeMismatch, 19, "$select", "Edm.String can't be compared with an integer.", ""},
		{"$select=Tags($filter=$this/Name eq 'x')", gwerr.TypeMismatch, 19, "$select", "The variable $this is a string and has no properties.", ""},
		{"$select=Tags($filter=Nope eq 'x')", gwerr.UnknownColumn, 13, "$select", "Books has no property Nope.", ""},
		{"$filter=Tags/$count($filter=$this eq 5) gt 1", gwerr.TypeMismatch, 26, "$filter", "Edm.String can't be compared with an integer.", ""},
		{"$filter=hassubset(Nope,['a'])", gwerr.UnknownColumn, 10, "$filter", "Books has no property Nope.", ""},
		{"$filter=hassubset(Tags,Nope)", gwerr.UnknownColumn, 15, "$filter", "Books has no property Nope.", ""},
		{
			"$filter=hassubsequence(Title,Tags)", gwerr.TypeMismatch, 0, "$filter",
			"The function hassubsequence takes two lists of texts, and these are Edm.String and Collection(Edm.String).", "",
		},
		{
			"$filter=hassubset(Title,null)", gwerr.TypeMismatch, 0, "$filter",
			"The function hassubset takes two lists of texts, and these are Edm.String and null.", "",
		},
		{"$filter=hassubsequence(Tags,Tags)", gwerr.NotImplemented, 20, "$filter", "The gateway does not evaluate a subsequence that is not a constant.", ""},
		{"$filter=hassubset(Tags,[1])", gwerr.TypeMismatch, 16, "$filter", "The items of this list must be texts.", ""},
		{"$filter=hassubset(Tags,[Title])", gwerr.NotImplemented, 16, "$filter", "The gateway does not evaluate lists of what is not a constant.", ""},
		{"$filter=Title in Author", gwerr.TypeMismatch, 9, "$filter", "To the right of in must stand a list or a collection, and this is Edm.String.", ""},
		{"$filter=Pages in Tags", gwerr.TypeMismatch, 6, "$filter", "An integer can't be an item of Collection(Edm.String).", ""},
		{"$filter=Pages in ('x')", gwerr.TypeMismatch, 10, "$filter", "'x' is not a value of an integer.", ""},
		{"$filter=Pages in (1,true)", gwerr.TypeMismatch, 12, "$filter", "An integer can't be compared with Edm.Boolean.", ""},
		{"$filter=5 eq Title", gwerr.TypeMismatch, 2, "$filter", "An integer can't be compared with Edm.String.", ""},
		{"$filter=Title in ('x',5)", gwerr.TypeMismatch, 14, "$filter", "Edm.String can't be compared with an integer.", ""},
		{"$filter=Nope in ('x')", gwerr.UnknownColumn, 0, "$filter", "Books has no property Nope.", ""},
		{"$filter=Title in Nope", gwerr.UnknownColumn, 9, "$filter", "Books has no property Nope.", ""},
	})
}

// TestRefusalsOfPaths: where a path in an expression can't lead.
//
// Source: OData 4.01 Part 2, sections 5.1.1.14 and 5.1.1.15.
func TestRefusalsOfPaths(t *testing.T) {
	t.Parallel()
	const any = "Write Loans/any(x:…), Loans/all(x:…) or Loans/$count."
	const id = "b00c0000-0000-4000-8000-000000000001"
	checkHinted(t, []hinted{
		{"$filter=Loans", gwerr.BadRequest, 0, "$filter", "Loans is a collection.", any},
		{"$filter=Shelf/Books/Loans/any()", gwerr.BadRequest, 6, "$filter", "Books is a collection.", "Write Books/any(x:…), Books/all(x:…) or Books/$count."},
		{"$filter=Loans/Reader eq 'x'", gwerr.BadRequest, 6, "$filter", "Loans is a collection and has no properties.", "Write Loans/any(x:x/…)."},
		{"$filter=Loans/any(l:Nope eq l/Reader)", gwerr.UnknownColumn, 12, "$filter", "Books has no property Nope.", ""},
		{"$filter=Loans/$count($filter=Title eq 'x') eq 1", gwerr.UnknownColumn, 21, "$filter", "Loans has no property Title.", ""},
		{"$filter=Title/Length eq 1", gwerr.UnknownColumn, 6, "$filter", "The property Title has no properties of its own.", ""},
		{"$filter=Library.Nope/Title eq 'x'", gwerr.UnknownFunction, 0, "$filter", "There is no function or type Library.Nope.", ""},
		{"$filter=$it", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate the instance as a value.", ""},
		{"$filter=$this eq 'x'", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate $this and $these.", ""},
		{"$filter=@a/Title eq 'x'&@a=1", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate a path behind a parameter alias.", ""},
		{"$filter=$root/Books/Title eq 'x'", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate $root but for a property of an entity with a key.", ""},
		{"$filter=$root/Books()/Title eq 'x'", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate $root without a key.", ""},
		{"$filter=$root/Books(" + id + ")/Nope eq 'x'", gwerr.UnknownColumn, 50, "$filter", "Books has no property Nope.", ""},
		{"$filter=$root/Books(Nope=1)/Title eq 'x'", gwerr.BadRequest, 12, "$filter", "The key does not fit Books.", "Write Books(…)."},
		{"$filter=Title eq @a&@a=Nope", gwerr.UnknownColumn, 0, "@a", "Books has no property Nope.", ""},
		{"$filter=@a&@a=not @a", gwerr.BadRequest, 4, "@a", "The parameter alias @a refers to itself.", ""},
		{"$filter=length(Nope) eq 1", gwerr.UnknownColumn, 7, "$filter", "Books has no property Nope.", ""},
		{"$filter=matchesPattern(Nope,'a')", gwerr.UnknownColumn, 15, "$filter", "Books has no property Nope.", ""},
		{"$filter=isof(Nope,Edm.String)", gwerr.UnknownColumn, 5, "$filter", "Books has no property Nope.", ""},
		{"$filter=cast(Nope,Edm.String) eq 'x'", gwerr.UnknownColumn, 5, "$filter", "Books has no property Nope.", ""},
		{"$filter=case(Nope:1) eq 1", gwerr.UnknownColumn, 5, "$filter", "Books has no property Nope.", ""},
		{"$filter=case(true:Nope) eq 1", gwerr.UnknownColumn, 10, "$filter", "Books has no property Nope.", ""},
		{`$filter=Title eq {"a":1}`, gwerr.NotImplemented, 9, "$filter", "The gateway does not evaluate JSON values here.", ""},
	})
}

// TestNavigationsAreBounded, each of which is a join.
func TestNavigationsAreBounded(t *testing.T) {
	t.Parallel()
	one := "Loans/any(l:l/Reader eq 'x')"
	for n, fits := range map[int]bool{1: true, 20: true, 21: false} {
		_, err := bind(t, "Books?$filter="+strings.TrimSuffix(strings.Repeat(one+" and ", n), " and "))
		if fits && err != nil {
			t.Errorf("%d collections: %v", n, err)
		}
		if !fits {
			refused(t, "too many", err, gwerr.TooLarge, (n-1)*len(one+" and "), "$filter", "The request follows more than 20 navigation properties.")
		}
	}
}

// TestRefusalsOfOtherTables: what counts each related entity once can't be summed by
// the rows that lead to them.
//
// Source: OData Data Aggregation 4.0, section 3.2.1.1.
func TestRefusalsOfOtherTables(t *testing.T) {
	t.Parallel()
	const id = "b00c0000-0000-4000-8000-000000000001"
	for _, c := range []struct {
		address string
		code    gwerr.Code
		at      int
		target  string
		message string
	}{
		{"Loans?$apply=aggregate(Book/Pages with sum as P)", gwerr.NotImplemented, 10, "$apply", "The gateway does not evaluate sum over the related entities, of which each counts once."},
		{"Loans?$apply=groupby((Reader),aggregate(Book/Price with average as P))", gwerr.NotImplemented, 27, "$apply", "The gateway does not evaluate average over the related entities, of which each counts once."},
		{"Loans?$apply=aggregate(Book/Loans/$count as P)", gwerr.NotImplemented, 10, "$apply", "The gateway does not aggregate over collections of entities."},
		{"Loans?$apply=groupby((Book/Loans/Reader))", gwerr.BadRequest, 20, "$apply", "Loans is a collection and has no properties."},
		{"Books?$expand=Shelf($filter=Nope eq 1)", gwerr.UnknownColumn, 14, "$filter", "Shelves has no property Nope."},
		{"Books?$expand=Shelf($select=Nope)", gwerr.UnknownColumn, 14, "$select", "Shelves has no property Nope."},
		{"Books?$expand=Shelf($expand=Nope)", gwerr.UnknownColumn, 14, "$expand", "Shelves has no property Nope."},
		{"Books?$expand=Shelf($search=x;$skip=1)", gwerr.BadRequest, 0, "$expand", "Shelf leads to one entity, to which $top, $skip, $orderby and $count don't apply."},
		{"Books?$expand=Loans/$count($filter=Nope eq 1)", gwerr.UnknownColumn, 21, "$filter", "Loans has no property Nope."},
		{"Books?$filter=Id eq 'b00c0000-0000-4000-8000x000000000001'", gwerr.TypeMismatch, 6, "$filter", "'b00c0000-0000-4000-8000x000000000001' is not a value of Edm.Guid."},
		{"Books?$filter=Id eq 'b00c0000-0000-4000-8000-00000000000g'", gwerr.TypeMismatch, 6, "$filter", "'b00c0000-0000-4000-8000-00000000000g' is not a value of Edm.Guid."},
		{"Books?$filter=Tags eq ['x']", gwerr.TypeMismatch, 5, "$filter", "Two lists can't be compared."},
		{"Books?$filter=Tags eq 'x'", gwerr.TypeMismatch, 5, "$filter", "Collection(Edm.String) can't be compared with Edm.String."},
		{"Books(" + id + ")/Title?$filter=true", gwerr.BadRequest, gwerr.NoPosition, "$filter", "The option $filter does not apply to this resource."},
		{"Books(" + id + ")/Shelf/Nope", gwerr.NotFound, 50, "the path", "Shelves has no property Nope."},
	} {
		_, err := bind(t, c.address)
		refused(t, c.address, err, c.code, c.at, c.target, c.message)
	}
}
