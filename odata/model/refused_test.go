package model_test

import (
	"errors"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// refusedAt is an address with the error that it gets.
type refusedAt struct {
	address  string
	code     gwerr.Code
	position int
	target   string
	message  string
	hint     string
}

func (c *refusedAt) check(t *testing.T) {
	t.Helper()
	_, err := bind(t, withBook(c.address))
	var e *gwerr.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v", c.address, err)
	} else if e.Code != c.code || e.Position != c.position || e.Target != c.target || e.Message != c.message || e.Hint != c.hint {
		t.Errorf("%s: %s at %d on %s: %s | %s", c.address, e.Code, e.Position, e.Target, e.Message, e.Hint)
	}
}

// TestTransformationsAreRefused for what they are, at the place where it stands.
//
// Source: OData Data Aggregation 4.0, sections 3.2 to 3.4 and 5.
func TestTransformationsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []refusedAt{
		{"Books?$apply=aggregate(Title/$count as N)", gwerr.BadRequest, 10, "$apply", "Title is one value and has no $count.", "Write $count, or Title with countdistinct."},
		{"Books?$apply=groupby((Author),aggregate(Shelf/Name/$count as N))", gwerr.BadRequest, 27, "$apply", "Shelf/Name is one value and has no $count.", "Write $count, or Shelf/Name with countdistinct."},
		{"Books?$apply=aggregate(Shelf/Id/$count as N)", gwerr.BadRequest, 10, "$apply", "Shelf/Id is one value and has no $count.", "Write $count, or Shelf/Id with countdistinct."},
		{"Books?$apply=groupby((Tags/$count),aggregate($count as N))", gwerr.NotImplemented, 9, "$apply", "The gateway groups by properties alone, and by those behind single-valued navigation properties.", ""},
		{"Books?$apply=groupby((Title/Length))", gwerr.UnknownColumn, 15, "$apply", "The property Title has no properties of its own.", ""},
		{"Books?$apply=aggregate(Nope/$count as N)", gwerr.UnknownColumn, 10, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=aggregate(Pages with sum from Nope with max as N)", gwerr.UnknownColumn, 30, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=aggregate(Pages with sum from Author with max as N,Pages with sum as M)", gwerr.NotImplemented, 51, "$apply", "The gateway evaluates from only where all aggregates have the same.", ""},
		{"Books?$apply=aggregate(Pages with sum from Author with max as N,Pages with sum from Title with max as M)", gwerr.NotImplemented, 51, "$apply", "The gateway evaluates from only where all aggregates have the same.", ""},
		{"Books?$apply=groupby((rollup(Author,Pages)),aggregate(Pages with sum from Title with max as N))", gwerr.NotImplemented, 9, "$apply", "The gateway does not evaluate rollup together with from.", ""},
		{"Books?$apply=groupby((rollup($all,Nope)),aggregate($count as N))", gwerr.UnknownColumn, 21, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=groupby((Author,rollup($all,Author)),aggregate($count as N))", gwerr.BadRequest, 28, "$apply", "Author is grouped by twice.", ""},
		{"Books?$apply=groupby((rollup(Author,Author)),aggregate($count as N))", gwerr.BadRequest, 23, "$apply", "Author is grouped by twice.", ""},
		{"Books?$apply=groupby((rollup(Author,Title)),aggregate($count as N)/topcount(1,N))", gwerr.NotImplemented, 9, "$apply", "The gateway does not evaluate rollup before several transformations.", ""},
		{"Books?$apply=concat(filter(Nope eq 1),identity)", gwerr.UnknownColumn, 14, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=concat(compute(1 as A),compute('x' as A))", gwerr.TypeMismatch, 0, "$apply", "The branches of concat have the property A with different types.", ""},
		{"Books?$apply=topcount(99999999999999999999,Pages)", gwerr.TypeMismatch, 9, "$apply", "The number of topcount must be a whole number.", ""},
		{"Books?$apply=topcount(2,Tags)", gwerr.TypeMismatch, 11, "$apply", "Entities can't be sorted by a collection.", ""},
		{"Books?$apply=topsum(Pages,Pages)", gwerr.TypeMismatch, 0, "$apply", "topsum takes a number and a numeric property.", ""},
		{"Books?$apply=topsum(null,Pages)", gwerr.TypeMismatch, 0, "$apply", "topsum takes a number and a numeric property.", ""},
		{"Books?$apply=topsum('x',Pages)", gwerr.TypeMismatch, 0, "$apply", "topsum takes a number and a numeric property.", ""},
		{"Books?$apply=toppercent(50,Nope)", gwerr.UnknownColumn, 14, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=nest(identity as Title)", gwerr.BadRequest, 17, "$apply", "There is a property Title already.", "Choose another name."},
		{"Books?$apply=nest(identity as Shelf)", gwerr.BadRequest, 17, "$apply", "There is a property Shelf already.", "Choose another name."},
		{"Books?$apply=nest(identity as A,top(1) as a)", gwerr.BadRequest, 29, "$apply", "There is a property a already.", "Choose another name."},
		{"Books?$apply=groupby((Shelf/Name),nest(identity as Shelf))", gwerr.BadRequest, 38, "$apply", "There is a property Shelf already.", "Choose another name."},
		{"Books?$apply=nest(filter(Nope eq 1) as A)", gwerr.UnknownColumn, 12, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=nest(aggregate($count as N)/filter(Pages eq 1) as A)", gwerr.UnknownColumn, 35, "$apply", "The rows have no property Pages.", ""},
		{"Books?$apply=nest(join(Loans as L) as A)", gwerr.NotImplemented, 5, "$apply", "The gateway does not evaluate join: groupby takes paths along navigation properties instead.", ""},
		{"Books?$apply=nest(identity as A)/filter(A/$count gt 1)", gwerr.NotImplemented, 27, "$apply", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)/filter(A/any(a:a/Pages eq 1))", gwerr.NotImplemented, 27, "$apply", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)/filter(Title eq 'x')", gwerr.UnknownColumn, 27, "$apply", "The rows have no property Title.", ""},
		{"Books?$apply=nest(identity as A)/orderby(A)", gwerr.NotImplemented, 28, "$apply", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)/groupby((A))", gwerr.NotImplemented, 29, "$apply", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)/aggregate(A/Pages with sum as N)", gwerr.NotImplemented, 30, "$apply", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)/compute(1 as A)", gwerr.BadRequest, 28, "$apply", "There is a property A already.", "Choose another name."},
		{"Books?$apply=concat(nest(identity as A),identity)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate concat of nested collections.", ""},
		{"Books?$apply=groupby((rollup(Author,Title)),nest(identity as A))", gwerr.NotImplemented, 9, "$apply", "The gateway evaluates rollup only before aggregate.", ""},
		{"$crossjoin(Books,Shelves)?$apply=nest(identity as A)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate nest of the rows of $crossjoin.", ""},
		{"$crossjoin(Books,Shelves)?$apply=groupby((Books/Title))/nest(identity as A)", gwerr.NotImplemented, 23, "$apply", "The gateway does not evaluate nest of the rows of $crossjoin.", ""},
		{"Books?$apply=nest(identity as A)&$orderby=A", gwerr.NotImplemented, 0, "$orderby", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)&$filter=A eq null", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate the nested collection A in expressions.", ""},
		{"Books?$apply=nest(identity as A)&$select=A/Title", gwerr.UnknownColumn, 0, "$select", "The rows have no property A/Title.", ""},
		{"Books?$apply=join(Loans as L)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate join: groupby takes paths along navigation properties instead.", ""},
		{"Books?$apply=outerjoin(Loans as L)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate outerjoin: groupby takes paths along navigation properties instead.", ""},
		{"Books?$apply=addnested(Loans,filter(true) as N)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate addnested: an entity set has no nested collections.", ""},
		{"Books?$apply=traverse($root/Books,H,Id,preorder)", gwerr.NotImplemented, 0, "$apply", "The gateway does not evaluate traverse: no hierarchy is declared.", ""},
		{"Books?$apply=compute(Nope as N)", gwerr.UnknownColumn, 8, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=compute(Pages as N,Sold as n)", gwerr.BadRequest, 19, "$apply", "There is a property n already.", "Choose another name."},
		{"Books?$apply=aggregate($count as N)&$compute=N add 1 as N", gwerr.BadRequest, 0, "$compute", "There is a property N already.", "Choose another name."},
		{"Books?$apply=search(x)/filter(Nope)", gwerr.UnknownColumn, 17, "$apply", "Books has no property Nope.", ""},
		{"Books?$apply=aggregate(Tags with sum as P)", gwerr.TypeMismatch, 10, "$apply", "sum does not take Collection(Edm.String).", ""},
		{"Books?$apply=aggregate(Tags with max as P)", gwerr.TypeMismatch, 10, "$apply", "max does not take Collection(Edm.String).", ""},
		{"Books?$apply=aggregate(null with max as P)", gwerr.TypeMismatch, 10, "$apply", "max does not take null.", ""},
		{"Books?$apply=aggregate(InPrint with average as P)", gwerr.TypeMismatch, 10, "$apply", "average does not take Edm.Boolean.", ""},
	} {
		c.check(t)
	}
}

// TestProjectionsAreRefused within $select and $expand, and in their options.
//
// Source: OData 4.01 Part 2, sections 5.1.3 and 5.1.4.
func TestProjectionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []refusedAt{
		{"Books?$expand=Library.Nope/Shelf", gwerr.NotImplemented, 0, "$expand", "The gateway does not evaluate this path in $expand.", ""},
		{"Books?$expand=Shelf/Library.Book", gwerr.NotImplemented, 0, "$expand", "The gateway does not evaluate this path in $expand.", ""},
		{"Books?$expand=Shelf($count=true)", gwerr.BadRequest, 0, "$expand", "Shelf leads to one entity, to which $top, $skip, $orderby and $count don't apply.", ""},
		{"Books?$select=Library.Shelf/Title", gwerr.UnknownColumn, 0, "$select", "Books has no property Library.Shelf.", "Did you mean Shelf?"},
		{"Books?$select=Tags($filter=Nope eq 1)", gwerr.UnknownColumn, 13, "$select", "Books has no property Nope.", ""},
		{"Books?$select=Tags($filter=$this eq 1)", gwerr.TypeMismatch, 19, "$select", "Edm.String can't be compared with an integer.", ""},
		{"Books?$select=Tags($select=x)", gwerr.NotImplemented, 0, "$select", "The gateway does not evaluate $select and $compute of the items of a list, which are texts.", ""},
		{"Books?$select=Tags($compute=1 as X)", gwerr.NotImplemented, 0, "$select", "The gateway does not evaluate $select and $compute of the items of a list, which are texts.", ""},
		{"Books?$select=Tags($orderby=$this,$this)", gwerr.NotImplemented, 0, "$select", "The gateway does not evaluate an order of a list's items other than by $this.", ""},
		{"Books?$select=Nope($top=1)", gwerr.NotImplemented, 0, "$select", "The gateway does not evaluate options of Nope within $select, which is not a list.", "Options of related entities stand within $expand."},
	} {
		c.check(t)
	}
}

// TestExpressionsAreRefused in conditions.
//
// Source: OData 4.01 Part 2, section 5.1.1.
func TestExpressionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []refusedAt{
		{"Books?$filter=Tags/x eq 1", gwerr.NotImplemented, 5, "$filter", "The gateway does not evaluate this path behind a collection.", ""},
		{"Books?$filter=Tags/$count/x eq 1", gwerr.UnknownColumn, 5, "$filter", "The property Tags has no properties of its own.", ""},
		{"Books?$filter=Shelf/$count eq 1", gwerr.NotImplemented, 6, "$filter", "The gateway does not evaluate this path.", ""},
		{"Books?$filter=Shelf/any(s:true)", gwerr.NotImplemented, 6, "$filter", "The gateway does not evaluate this path.", ""},
		{"Books?$filter=Shelf/Books eq null", gwerr.BadRequest, 6, "$filter", "Books is a collection.", "Write Books/any(x:…), Books/all(x:…) or Books/$count."},
		{"Books?$filter=Library.Shelf/Name eq 'x'", gwerr.UnknownFunction, 0, "$filter", "There is no function or type Library.Shelf.", ""},
		{"Books?$filter=x/any(y:true)", gwerr.UnknownColumn, 0, "$filter", "Books has no property x.", ""},
		{"Books?$filter=Loans/any(l:x/Reader eq 'y')", gwerr.UnknownColumn, 12, "$filter", "Books has no property x.", ""},
		{"Books?$filter=Loans/any(l:l/Nope eq 'y')", gwerr.UnknownColumn, 14, "$filter", "Loans has no property Nope.", ""},
		{"Books?$filter=length('x','y') eq 1", gwerr.UnknownFunction, 0, "$filter", "The function length takes 1 arguments.", ""},
		{"Books?$filter=substring(Title,'x') eq 'y'", gwerr.TypeMismatch, 0, "$filter", "The function substring does not take Edm.String, Edm.String.", ""},
		{"Books?$filter=substring(Title,1.5) eq 'y'", gwerr.TypeMismatch, 0, "$filter", "The function substring does not take Edm.String, Edm.Decimal.", ""},
		{"Books?$filter=contains(Title,5)", gwerr.TypeMismatch, 0, "$filter", "The function contains does not take Edm.String, an integer.", ""},
		{"Books?$filter=Title in (Author)", gwerr.TypeMismatch, 10, "$filter", "To the right of in must stand a list or a collection, and this is Edm.String.", ""},
		{"Books?$filter=5 in (null,'x')", gwerr.TypeMismatch, 11, "$filter", "'x' is not a value of an integer.", ""},
		{"Books?$filter=$these/$count gt 1", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate $this and $these.", ""},
		{"Books?$filter=@a in (1)&@a=Nope", gwerr.UnknownColumn, 0, "@a", "Books has no property Nope.", ""},
		{"Books?$filter=duration'P99999999D' gt duration'PT1S'", gwerr.TypeMismatch, 0, "$filter", "The duration P99999999D is out of range.", ""},
		{"Books?$filter=cast(Title,Nope.Type) eq 'x'", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate a cast to Nope.Type.", ""},
		{"Books?$filter=cast(Tags,Edm.String) eq 'x'", gwerr.NotImplemented, 0, "$filter", "The gateway does not evaluate a cast of Collection(Edm.String) to Edm.String.", ""},
	} {
		c.check(t)
	}
}

// TestPathsAreRefused where no resource is at the address, or none that is answered.
//
// Source: OData 4.01 Part 2, section 4.
func TestPathsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []refusedAt{
		{"Books({book})/$filter(Title eq 'x')", gwerr.NotFound, 44, "the path", "An entity has no such resource.", ""},
		{"Books/$filter(Title eq 'x')({book})/Shelf", gwerr.NotImplemented, 66, "the path", "The gateway does not answer navigation properties behind the segment $filter.", ""},
		{"$all?$search=x&$filter=true", gwerr.BadRequest, gwerr.NoPosition, "$filter", "The option $filter does not apply to this resource.", ""},
		{"Books({book})/Shelf/$count", gwerr.NotFound, 50, "the path", "An entity has no such resource.", ""},
		{"Books({book})/Loans/$value", gwerr.NotImplemented, 50, "the path", "The gateway does not answer $value of entities.", ""},
		{"Books({book})/Library.Shelf", gwerr.NotFound, 44, "the path", "Books has no property Library.Shelf.", "Did you mean Shelf?"},
		{"Books({book})/Library.Shelf/Name", gwerr.NotFound, 44, "the path", "Books has no property Library.Shelf.", "Did you mean Shelf?"},
	} {
		c.check(t)
	}
}
