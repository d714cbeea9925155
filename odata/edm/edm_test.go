package edm_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var options = edm.Options{Namespace: "Library"}

// library is a schema of another field than the gateway's own.
func library() *catalog.Schema {
	s := &catalog.Schema{Name: "Main <Branch>", ID: "main"}
	books := &catalog.Table{Name: "Books", Entity: "Book", Doc: `Books & "journals"`, Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true, Required: true},
		{Name: "Title", Type: catalog.String, Required: true, MaxLength: 200, Doc: "As printed"},
		{Name: "Pages", Type: catalog.Int32},
		{Name: "Loans", Type: catalog.Int64},
		{Name: "Price", Type: catalog.Float64},
		{Name: "InStock", Type: catalog.Bool, Required: true},
		{Name: "BoughtAt", Type: catalog.Timestamp},
		{Name: "Kind", Type: catalog.String, Values: []string{"BOOK", "JOURNAL"}},
		{Name: "Tags", Type: catalog.StringList},
		{Name: "Extra", Type: catalog.JSON},
		{Name: "Summary", Type: catalog.String},
		{Name: "ShelfId", Type: catalog.GUID, References: &catalog.Reference{Table: "Shelves", Column: "Id", Forward: "Shelf", Backward: "Books"}},
		{Name: "SequelId", Type: catalog.GUID, References: &catalog.Reference{Table: "Books", Column: "Id", Forward: "Sequel", Backward: "Prequels"}},
		{Name: "TownId", Type: catalog.GUID, Required: true, References: &catalog.Reference{Table: "Towns", Column: "Id", Forward: "Town", Backward: "Books"}},
	}}
	shelves := &catalog.Table{Name: "Shelves", Entity: "Shelf", Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true, Required: true},
		{Name: "Größe", Type: catalog.Float64},
	}}
	labels := &catalog.Table{Name: "Labels", Entity: "Label", Columns: []catalog.Column{
		{Name: "ShelfId", Type: catalog.GUID, Key: true, Required: true, References: &catalog.Reference{Table: "Shelves", Column: "Id", Forward: "Shelf", Backward: "Label"}},
		{Name: "Text", Type: catalog.String},
	}}
	loans := &catalog.Table{Name: "Loans", Entity: "Loan", Columns: []catalog.Column{
		{Name: "BookId", Type: catalog.GUID, Key: true, Required: true, References: &catalog.Reference{Table: "Books", Column: "Id", Backward: "Loans"}},
		{Name: "Number", Type: catalog.Int32, Key: true, Required: true},
	}}
	s.Tables = []*catalog.Table{books, shelves, labels, loans}
	for _, t := range s.Tables {
		t.Schema = s
	}
	return s
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run the test with -update and look at the change.\ngot:\n%s", path, got)
	}
}

func TestXMLGolden(t *testing.T) {
	t.Parallel()
	golden(t, "library.xml", edm.XML(library(), options))
}

func TestJSONGolden(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := json.Indent(&out, edm.JSON(library(), options), "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "library.json", append(out.Bytes(), '\n'))
}

// procedures are one that is bound to books by its first input, and one that is
// bound to nothing and answers nothing.
func procedures() procedure.Set {
	return procedure.Set{
		{Name: "Lend", Doc: "Lends a book", Inputs: []procedure.Input{
			{Name: "BookId", Type: catalog.GUID, Required: true, Doc: "Book."}, {Name: "Days", Type: catalog.Int32}, {Name: "Readers", Type: catalog.StringList},
		}, Outputs: []procedure.Output{{Name: "Due", Type: catalog.Timestamp, Doc: "When it is back."}, {Name: "Note", Type: catalog.JSON}}},
		{Name: "Recount", Inputs: []procedure.Input{{Name: "ShelfId", Type: catalog.GUID}}},
	}
}

func TestActionsGolden(t *testing.T) {
	t.Parallel()
	s := library()
	actions := edm.Actions(s, procedures())
	document := edm.XML(s, options, actions...)
	from, to := bytes.Index(document, []byte("  <ComplexType")), bytes.Index(document, []byte("    <EntityContainer"))
	imports := bytes.Index(document, []byte("      <ActionImport"))
	end := bytes.LastIndex(document, []byte("<ActionImport"))
	end += bytes.IndexByte(document[end:], '\n') + 1
	golden(t, "actions.xml", append(bytes.Clone(document[from:to]), document[imports:end]...))
	if err := validate(t, document); err != nil {
		t.Errorf("the schema rejects the document: %v", err)
	}
	member := func(raw []byte, name string) json.RawMessage {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		return members[name]
	}
	named := member(edm.JSON(s, options, actions...), "Library")
	var out bytes.Buffer
	for _, part := range []json.RawMessage{member(named, "LendResult"), member(named, "Lend"), member(named, "Recount"), member(member(named, "Container"), "Lend")} {
		if err := json.Indent(&out, part, "", "  "); err != nil {
			t.Fatal(err)
		}
		out.WriteByte('\n')
	}
	golden(t, "actions.json", out.Bytes())
	with, without := edm.Metadata(s, options, actions, false), edm.Metadata(s, options, nil, false)
	if with.Tag == without.Tag || bytes.Contains(without.Body, []byte("Lend")) {
		t.Error("one document for callers with and without actions")
	}
}

func TestServiceDocument(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, prefix, want string }{
		{
			"version 4.0", "@odata.",
			`{"@odata.context":"https://h/o/$metadata","value":[{"name":"Books","kind":"EntitySet","url":"Books"},`,
		},
		{"version 4.01", "@", `{"@context":"https://h/o/$metadata","value":[`},
		{"no metadata", "", `{"value":[{"name":"Books"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := string(edm.ServiceDocument(library(), "https://h/o/", c.prefix).Body)
			if !strings.HasPrefix(got, c.want) || !json.Valid([]byte(got)) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// validate runs xmllint with the OASIS schema over a document.
func validate(t *testing.T, document []byte) error {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("xmllint is missing; install libxml2-utils")
		}
		t.Skip("xmllint is not installed (package libxml2-utils)")
	}
	path := filepath.Join(t.TempDir(), "metadata.xml")
	if err := os.WriteFile(path, document, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout",
		"--schema", "testdata/oasis/edmx.xsd", path).CombinedOutput()
	if err != nil {
		t.Logf("xmllint: %s", out)
	}
	return err
}

func TestXMLValidatesAgainstTheOASISSchema(t *testing.T) {
	t.Parallel()
	document := edm.XML(library(), options)
	if err := validate(t, document); err != nil {
		t.Errorf("the schema rejects the document: %v", err)
	}
	broken := bytes.Replace(document, []byte("<Key>"), []byte("<Kex>"), 1)
	broken = bytes.Replace(broken, []byte("</Key>"), []byte("</Kex>"), 1)
	if err := validate(t, broken); err == nil {
		t.Error("the schema accepts a broken document, so the check proves nothing")
	}
}

// document is the part of CSDL XML that the tests look at.
type document struct {
	Version string `xml:"Version,attr"`
	Schema  struct {
		Types []struct {
			Name        string `xml:"Name,attr"`
			Navigations []struct {
				Name    string `xml:"Name,attr"`
				Type    string `xml:"Type,attr"`
				Partner string `xml:"Partner,attr"`
			} `xml:"NavigationProperty"`
		} `xml:"EntityType"`
	} `xml:"DataServices>Schema"`
}

func TestPartnersPointAtEachOther(t *testing.T) {
	t.Parallel()
	var d document
	if err := xml.Unmarshal(edm.XML(library(), options), &d); err != nil {
		t.Fatal(err)
	}
	if d.Version != "4.0" {
		t.Errorf("version %q; old readers take 4.0 alone", d.Version)
	}
	partner := map[string]string{}
	for _, typ := range d.Schema.Types {
		for _, n := range typ.Navigations {
			if n.Partner == "" {
				continue
			}
			target := strings.TrimSuffix(strings.TrimPrefix(n.Type, "Collection("), ")")
			partner["Library."+typ.Name+"/"+n.Name] = target + "/" + n.Partner
		}
	}
	if len(partner) != 6 {
		t.Fatalf("%d navigation properties have a partner, want 6: %v", len(partner), partner)
	}
	for from, to := range partner {
		if partner[to] != from {
			t.Errorf("%s has the partner %s, whose partner is %q", from, to, partner[to])
		}
	}
}

func TestNavigations(t *testing.T) {
	t.Parallel()
	s := library()
	names := func(set string) string {
		tab, _ := s.Table(set)
		var out []string
		for _, n := range edm.Navigations(s, tab) {
			name := n.Name
			if n.Many {
				name += "[]"
			}
			out = append(out, name)
		}
		return strings.Join(out, " ")
	}
	cases := []struct{ name, set, want string }{
		// Town stands in no table of the schema; Loans is a column already.
		{"own keys first, no unknown target, no name twice", "Books", "Shelf Sequel Prequels[]"},
		{"a child whose key is the reference is one", "Shelves", "Books[] Label"},
		{"default forward name", "Loans", "Book"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := names(c.set); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	books, _ := s.Table("Books")
	if _, ok := edm.Find(s, books, "shelf"); ok {
		t.Error("Find ignores letter case")
	}
	if n, ok := edm.Find(s, books, "Shelf"); !ok || n.Column != "ShelfId" || n.TargetColumn != "Id" || !n.Nullable {
		t.Errorf("Find(Shelf) = %+v, %v", n, ok)
	}
}

func TestXMLHoldsNoTermThatOldReadersLack(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, term := range strings.Fields(`Core.V1.Description Core.V1.Computed Core.V1.Immutable Core.V1.OptimisticConcurrency Capabilities.V1.SupportedFormats
		Capabilities.V1.AsynchronousRequestsSupported Capabilities.V1.CrossJoinSupported Capabilities.V1.BatchSupported Capabilities.V1.BatchContinueOnErrorSupported
		Capabilities.V1.FilterFunctions Capabilities.V1.TopSupported Capabilities.V1.SkipSupported
		Capabilities.V1.IndexableByKey Capabilities.V1.CountRestrictions Capabilities.V1.FilterRestrictions
		Capabilities.V1.SortRestrictions Capabilities.V1.SearchRestrictions Capabilities.V1.ExpandRestrictions
		Capabilities.V1.InsertRestrictions Capabilities.V1.UpdateRestrictions Capabilities.V1.DeleteRestrictions`) {
		known["Org.OData."+term] = true
	}
	s := library()
	s.Tables[0].Writes = &catalog.Writes{}
	decoder := xml.NewDecoder(bytes.NewReader(edm.XML(s, edm.Options{Writable: true, Changed: "BoughtAt"})))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local == "ComplexType" || start.Name.Local == "EnumMember" {
			t.Errorf("element %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			if start.Name.Local == "Annotation" && a.Name.Local == "Term" && !known[a.Value] {
				t.Errorf("term %s", a.Value)
			}
		}
	}
}
