package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// outputs spells the properties that no column is: the name and type of each, with a
// star where $metadata doesn't know it and a question mark where rows may lack it;
// hidden ones stand in brackets.
func outputs(r *model.Resource) string {
	var out []string
	for _, o := range r.Outputs() {
		kind := o.Edm
		if kind == "" {
			kind = o.Type.Edm()
		}
		text := o.Name + " " + kind
		if o.CountOf {
			text = "count of " + o.Name
		}
		if o.Dynamic {
			text += "*"
		}
		if o.Absent >= 0 {
			text += "?" + r.Outputs()[o.Absent].Name
		}
		if o.Hidden {
			text = "[" + text + "]"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// bindFlat binds an address whose answer has no nested properties.
func bindFlat(t *testing.T, address string) *model.Resource {
	t.Helper()
	r, err := bindWith(t, odatatest.New(0).Main, address, model.Options{Flat: true})
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return r
}

// TestTypesOfOutputs computes a property of every type: how it is named, and written.
func TestTypesOfOutputs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expression, of, sql string }{
		{"InPrint", "Edm.Boolean", `s1_."X"`},
		{"not InPrint", "Edm.Boolean", `s1_."X"`},
		{"Title", "Edm.String", `s1_."X"`},
		{"concat(Title,'x')", "Edm.String", `CAST(s1_."X" AS VARCHAR)`},
		{"null", "Edm.String", `CAST(s1_."X" AS VARCHAR)`},
		{"Pages", "Edm.Int32", `s1_."X"`},
		{"Sold", "Edm.Int64", `s1_."X"`},
		{"Pages add 1", "Edm.Int64", `TRY_CAST(s1_."X" AS BIGINT)`},
		{"Pages add 1.5", "Edm.Decimal", `s1_."X"`},
		{"Price", "Edm.Double", `s1_."X"`},
		{"Price add 1", "Edm.Double", `CAST(s1_."X" AS DOUBLE)`},
		{"Id", "Edm.Guid", `s1_."X"`},
		{"cast(Title,Edm.Guid)", "Edm.Guid", `CAST(s1_."X" AS VARCHAR)`},
		{"BoughtAt", "Edm.DateTimeOffset", `s1_."X"`},
		{"now()", "Edm.DateTimeOffset", `s1_."X"`},
		{"date(BoughtAt)", "Edm.Date", `CAST(s1_."X" AS VARCHAR)`},
		{"time(BoughtAt)", "Edm.TimeOfDay", `CAST(s1_."X" AS VARCHAR)`},
		{
			"now() sub BoughtAt", "Edm.Duration",
			`TRY(CASE WHEN epoch_us(s1_."X") < 0 THEN '-' ELSE '' END || 'PT' || CAST(CAST(abs(epoch_us(s1_."X")) AS DECIMAL(20, 0)) / 1000000 AS DECIMAL(20, 6)) || 'S')`,
		},
		{"['a','b']", "Collection(Edm.String)", `s1_."X"`},
		{"Tags", "Collection(Edm.String)", `s1_."X"`},
	} {
		r, err := bind(t, "Books?$compute="+c.expression+" as X&$select=X")
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if got := outputs(r); got != "X "+c.of+"*" {
			t.Errorf("%s is %s", c.expression, got)
		}
		if sql := reads(r, nil, -1); !strings.HasPrefix(sql, `SELECT s1_."Id" AS "Id", `+c.sql+` AS "X" FROM (`) {
			t.Errorf("%s is written by %s", c.expression, sql)
		}
	}
}

// TestOutputs are what $apply makes of the rows, nested as paths are, or flat.
//
// Source: OData Data Aggregation 4.0, sections 3.2.1 to 3.2.3.
func TestOutputs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, nested, flat, context string }{
		{"Books?$apply=groupby((Author))", "Author Edm.String", "", "Books(Author)"},
		{"Books?$apply=groupby((Author),aggregate($count as N))", "Author Edm.String, N Edm.Decimal*", "", "Books(Author,N)"},
		{"Books?$apply=aggregate(Pages with average as A,Price with sum as S)", "A Edm.Double*, S Edm.Double*", "", "Books(A,S)"},
		{
			"Books?$apply=aggregate(Pages with min as A,BoughtAt with max as B,Title with max as C,Title with countdistinct as D)",
			"A Edm.Int32*, B Edm.DateTimeOffset*, C Edm.String*, D Edm.Decimal*", "", "Books(A,B,C,D)",
		},
		{
			"Books?$apply=groupby((Shelf/Name,Shelf/Id,Author))",
			"Shelf Structured, Author Edm.String", "Shelf/Name Edm.String*, Shelf/Id Edm.Guid*, Author Edm.String", "Books(Shelf(Name,Id),Author)",
		},
		{
			"Loans?$apply=groupby((Book/Shelf/Name,Book/Title))",
			"Book Structured", "Book/Shelf/Name Edm.String*, Book/Title Edm.String*", "Loans(Book(Shelf(Name),Title))",
		},
		{
			"Books?$apply=groupby((rollup(Author,Pages)),aggregate($count as N))",
			"Author Edm.String, Pages Edm.Int32?$absent0, N Edm.Decimal*, [$absent0 Edm.Boolean]", "", "Books(Author,N)",
		},
		{
			"Books?$apply=groupby((rollup($all,Author)))",
			"Author Edm.String?$absent0, [$absent0 Edm.Boolean]", "", "Books(@Core.AnyStructure)",
		},
		{
			"Books?$apply=concat(aggregate($count as N),groupby((Author)))",
			"N Edm.Decimal*?$absent0, Author Edm.String?$absent1, [$absent0 Edm.Boolean], [$absent1 Edm.Boolean]", "", "Books(@Core.AnyStructure)",
		},
		{
			"Books?$apply=concat(groupby((rollup($all,Author))),groupby((Author)))",
			"Author Edm.String?$absent0, [$absent0 Edm.Boolean]", "", "Books(@Core.AnyStructure)",
		},
		// Columns of several types are told as the widest of them.
		{"Books?$apply=concat(aggregate(Pages with max as M),aggregate(Sold with max as M))", "M Edm.Int64*", "", "Books(M)"},
		{"Books?$apply=concat(aggregate(Pages with max as M),aggregate(Price with max as M))", "M Edm.Double*", "", "Books(M)"},
		{"Books?$apply=concat(aggregate(Pages with max as M),aggregate(Pages with min as M))", "M Edm.Int32*", "", "Books(M)"},
		{"Books?$apply=groupby((Author),aggregate($count as N))&$select=N", "N Edm.Decimal*", "", "Books(N)"},
		{"Books?$apply=groupby((Author),aggregate($count as N))&$select=*", "Author Edm.String, N Edm.Decimal*", "", "Books(*,Author,N)"},
		{"Books?$compute=length(Title) as L", "L Edm.Int64*", "", "Books(*,L)"},
		{"Books?$compute=length(Title) as L&$select=Title", "", "", "Books(Title)"},
		{"Books?$compute=length(Title) as L&$select=Title,L", "L Edm.Int64*", "", "Books(Title,L)"},
		{"Books?$compute=length(Title) as L&$select=*", "L Edm.Int64*", "", "Books(*,L)"},
		{"Books?$select=Tags($top=1;$count=true)", "count of Tags, Tags Collection(Edm.String)", "", "Books(Tags)"},
		{"Books?$select=Title,Tags($skip=1)", "Tags Collection(Edm.String)", "", "Books(Title,Tags)"},
		{"Books?$select=Tags($top=1;$count=false)", "Tags Collection(Edm.String)", "", "Books(Tags)"},
	} {
		r, err := bind(t, c.address)
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		if got := outputs(r); got != c.nested || r.Context(true) != c.context {
			t.Errorf("%s\n%s\ncontext %s", c.address, got, r.Context(true))
		}
		flat := c.flat
		if flat == "" {
			flat = c.nested
		}
		if got := outputs(bindFlat(t, c.address)); got != flat {
			t.Errorf("%s, flat\n%s", c.address, got)
		}
	}
}

// TestStructuresInSQL: what stands behind a navigation property that leads nowhere is
// null, and so is it; ids in it are texts.
func TestStructuresInSQL(t *testing.T) {
	t.Parallel()
	r, err := bind(t, "Loans?$apply=groupby((Book/Id,Book/Shelf/Name))")
	if err != nil {
		t.Fatal(err)
	}
	want := `SELECT CASE WHEN NOT (s1_."Book/Id" IS NULL AND s1_."Book/Shelf/Name" IS NULL) THEN struct_pack("Id" := CAST(s1_."Book/Id" AS VARCHAR), ` +
		`"Shelf" := CASE WHEN NOT (s1_."Book/Shelf/Name" IS NULL) THEN struct_pack("Name" := s1_."Book/Shelf/Name") END) END AS "Book" FROM (`
	if sql := reads(r, nil, -1); !strings.HasPrefix(sql, want) {
		t.Errorf("nested by %s", sql)
	}
	flat := reads(bindFlat(t, "Loans?$apply=groupby((Book/Id,Book/Shelf/Name))"), nil, -1)
	if !strings.HasPrefix(flat, `SELECT s1_."Book/Id" AS "Book/Id", s1_."Book/Shelf/Name" AS "Book/Shelf/Name" FROM (`) {
		t.Errorf("flat by %s", flat)
	}
}

// TestCrossjoins write of each set the entity, where $expand names it, or the link.
//
// Source: OData 4.01 Part 1, section 11.2.5 and Part 2, section 4.15.
func TestCrossjoins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ options, joined, context string }{
		{"", "Towns(link) Teams(link)", "Collection(Edm.ComplexType)"},
		{"$expand=Towns", "Towns(Id Name) Teams(link)", "Collection(Edm.ComplexType)"},
		{"$expand=*", "Towns(Id Name) Teams(Id Name TownId)", "Collection(Edm.ComplexType)"},
		{"$expand=Towns($select=Name)", "Towns(Name+Id) Teams(link)", "Collection(Edm.ComplexType)"},
		{"$select=Towns", "Towns(link)", "Collection(Edm.ComplexType)"},
		{"$select=Teams&$expand=Towns", "Towns(Id Name) Teams(link)", "Collection(Edm.ComplexType)"},
		{"$compute=1 as One&$select=*", "", "Collection(Edm.ComplexType)"},
	} {
		r := bindClub(t, "$crossjoin(Towns,Teams)?"+c.options)
		var got []string
		for _, j := range r.Joined {
			what := columnNames(j.Target)
			if !j.Expanded {
				what = "link"
			}
			got = append(got, fmt.Sprintf("%s(%s)", j.Name, what))
			if key := j.Target.Table.Columns[j.Target.Columns[j.Key]]; !key.Key || r.Outputs()[j.At+j.Key].Name != j.Name+"/Id" || r.Outputs()[j.At+j.Key].Type != catalog.GUID {
				t.Errorf("%s: the key of %s is %s", c.options, j.Name, key.Name)
			}
		}
		if strings.Join(got, " ") != c.joined || r.Context(true) != c.context || !r.Combines() {
			t.Errorf("%s: %s, context %s", c.options, got, r.Context(true))
		}
	}
	if bindClub(t, "Towns").Combines() {
		t.Error("a set combines several")
	}
}

// TestCrossjoinsAreToldApart by the keys of all their sets, if all are seen.
func TestCrossjoinsAreToldApart(t *testing.T) {
	t.Parallel()
	r := bindClub(t, "$crossjoin(Towns,Members)?$expand=Towns($select=Name)")
	var names []string
	for _, at := range r.Identify() {
		names = append(names, r.Outputs()[at].Name)
	}
	if got := strings.Join(names, " "); got != "Towns/Id Members/PersonId Members/TeamId" {
		t.Errorf("told apart by %s", got)
	}
	s := club(false)
	s.Tables[3].Restriction = &catalog.Restriction{Masks: map[string]catalog.Mask{"TeamId": catalog.MaskHash}}
	if at := bindTo(t, s, "$crossjoin(Towns,Members)").Identify(); at != nil {
		t.Errorf("told apart by %v, of which one is masked", at)
	}
	// What rows are joined to is no part of their key.
	if at := bindClub(t, "Members?$expand=Team").Identify(); len(at) != 2 {
		t.Errorf("rows of links are told apart by %v", at)
	}
}
