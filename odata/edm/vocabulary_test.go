package edm_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// annotated is what the tests look at of CSDL XML: references, terms with their
// types, and annotations wherever they stand.
type annotated struct {
	References []struct {
		URI     string `xml:"Uri,attr"`
		Include struct {
			Namespace string `xml:"Namespace,attr"`
		} `xml:"Include"`
	} `xml:"Reference"`
	Terms []struct {
		Name string `xml:"Name,attr"`
		Type string `xml:"Type,attr"`
	} `xml:"DataServices>Schema>Term"`
	Types []struct {
		Name       string `xml:"Name,attr"`
		Properties []struct {
			Name string `xml:"Name,attr"`
		} `xml:"Property"`
	} `xml:"DataServices>Schema>ComplexType"`
}

// Every term, and every property of a record, in $metadata is declared by the
// vocabularies that it refers to, which the OASIS schema accepts.
func TestVocabularies(t *testing.T) {
	t.Parallel()
	s := annotatedLibrary()
	document := edm.XML(s, edm.Options{Namespace: "Library", Writable: true, Later: true, Changed: "BoughtAt", Changes: &catalog.ChangeLog{}})
	var d annotated
	if err := xml.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, document); err != nil {
		t.Errorf("the schema rejects the document: %v", err)
	}
	declared := map[string]bool{}
	for _, r := range d.References {
		file := strings.TrimPrefix(r.URI, "../"+edm.VocabularySegment+"/")
		v, ok := edm.Vocabulary(file)
		if !ok || file == r.URI {
			t.Fatalf("there is no vocabulary %s", r.URI)
		}
		if err := validate(t, v.Body); err != nil {
			t.Errorf("the schema rejects %s: %v", file, err)
		}
		var of annotated
		if err := xml.Unmarshal(v.Body, &of); err != nil {
			t.Fatal(err)
		}
		var asJSON map[string]json.RawMessage
		other, _ := edm.Vocabulary(strings.TrimSuffix(file, ".xml") + ".json")
		if err := json.Unmarshal(other.Body, &asJSON); err != nil {
			t.Fatal(err)
		}
		for _, term := range of.Terms {
			declared[r.Include.Namespace+"."+term.Name] = true
			if !strings.Contains(string(asJSON[r.Include.Namespace]), `"`+term.Name+`":{"$Kind":"Term"`) {
				t.Errorf("%s lacks %s as JSON", file, term.Name)
			}
		}
		for _, typ := range of.Types {
			for _, p := range typ.Properties {
				declared[p.Name] = true
			}
		}
	}
	used := map[string]bool{}
	decoder := xml.NewDecoder(strings.NewReader(string(document)))
	for {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if e.Name.Local == "Annotation" && a.Name.Local == "Term" || e.Name.Local == "PropertyValue" && a.Name.Local == "Property" {
					used[a.Value] = true
				}
			}
		}
	}
	for name := range used {
		if !declared[name] {
			t.Errorf("%s is declared nowhere", name)
		}
	}
	for name := range declared {
		if !used[name] {
			t.Errorf("%s is used nowhere", name)
		}
	}
}

// annotatedLibrary is a library of which there is something to say by every term.
func annotatedLibrary() *catalog.Schema {
	s := library()
	books := s.Tables[0]
	books.Permission = "books:read"
	books.Writes = &catalog.Writes{Insert: &catalog.Write{}, Update: &catalog.Write{}, Delete: &catalog.Write{}}
	for name, access := range map[string]catalog.Access{"Title": catalog.Writable, "Kind": catalog.OnInsert, "Pages": catalog.OnUpdate, "SequelId": catalog.Writable} {
		books.Column(name).Access = access
	}
	books.Column("Title").Needed = true
	books.Paths = []catalog.Path{
		{Name: "list", Filters: map[string]catalog.Filter{"Title": {Operators: []predicate.Operator{predicate.OpSw, predicate.OpEq}}}}, {Name: "one", Keys: []string{"Id"}},
	}
	return s
}

// TestRestrictions looks at what is said of changes, of navigation properties, and of the
// conditions that the source evaluates.
func TestRestrictions(t *testing.T) {
	t.Parallel()
	o := edm.Options{Namespace: "Library", Writable: true, Later: true}
	var document struct {
		Library map[string]json.RawMessage
	}
	if err := json.Unmarshal(edm.JSON(annotatedLibrary(), o), &document); err != nil {
		t.Fatal(err)
	}
	member := func(of, name string, more ...string) string {
		raw := document.Library[of]
		for _, n := range append([]string{name}, more...) {
			var members map[string]json.RawMessage
			if err := json.Unmarshal(raw, &members); err != nil {
				t.Fatalf("%s of %s: %v", n, raw, err)
			}
			raw = members[n]
		}
		return string(raw)
	}
	const at = "@Org.OData.Capabilities.V1."
	for _, c := range []struct{ what, got, want string }{
		{"insert", member("Container", "Books", at+"InsertRestrictions"), `{"Insertable":true,"NonInsertableProperties":["Pages"],"RequiredProperties":["Title"]}`},
		{
			"update", member("Container", "Books", at+"UpdateRestrictions"),
			`{"Updatable":true,"NonUpdatableNavigationProperties":["Shelf"],"FilterSegmentSupported":false,"TypecastSegmentSupported":false,"MaxLevels":0}`,
		},
		{"links of one", member("Container", "Books", at+"DeleteRestrictions", "NonDeletableNavigationProperties"), `["Shelf"]`},
		{"links of the other one", member("Container", "Shelves", at+"UpdateRestrictions", "NonUpdatableNavigationProperties"), `["Books","Label"]`},
		{
			"insert behind another one", member("Container", "Shelves", at+"NavigationRestrictions"),
			`{"RestrictedProperties":[{"NavigationProperty":"Books","InsertRestrictions":{"Insertable":false}}]}`,
		},
		{"no restriction", member("Container", "Books", at+"NavigationRestrictions"), ""},
		{"lists", member("Container", "Books", at+"CountRestrictions"), `{"Countable":true}`},
		{"permission", member("Container", "Books", at+"ReadRestrictions"), `{"Readable":true,"Description":"Needs books:read."}`},
		{
			"conditions", member("Book", "Title", "@Org.OData.Core.V1.LongDescription"),
			`"The source evaluates eq, startswith; other conditions are tested when rows have been read."`,
		},
		{"key", member("Book", "Id", "@Org.OData.Core.V1.LongDescription"), `"The source evaluates eq; other conditions are tested when rows have been read."`},
		{"no condition", member("Book", "Pages", "@Org.OData.Core.V1.LongDescription"), ""},
		{
			"batches", member("Container", at+"BatchSupport"),
			`{"Supported":true,"ContinueOnErrorSupported":true,"ReferencesInRequestBodiesSupported":true,"ReferencesAcrossChangeSetsSupported":true,` +
				`"EtagReferencesSupported":false,"RequestDependencyConditionsSupported":false,"SupportedFormats":["application/json","multipart/mixed"]}`,
		},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, c.got, c.want)
		}
	}
	o.Later = false
	if old := string(edm.XML(annotatedLibrary(), o)); strings.Contains(old, "Aggregation") || strings.Contains(old, "MaxLevels") || strings.Contains(old, "LongDescription") {
		t.Errorf("readers of 4.0 alone get terms that they may not know: %s", old)
	}
}

// TestJSONValidatesAgainstTheOASISSchema holds the model, and the vocabularies that it
// refers to, against OASIS's schema of CSDL JSON.
func TestJSONValidatesAgainstTheOASISSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("testdata/oasis/csdl.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(document []byte) error {
		t.Helper()
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	s := annotatedLibrary()
	actions := edm.Actions(s, procedures())
	documents := map[string][]byte{
		"plain": edm.JSON(s, options), "with everything": edm.JSON(s, edm.Options{Namespace: "Library", Writable: true, Later: true, Changed: "BoughtAt", Changes: &catalog.ChangeLog{}}, actions...),
	}
	for _, name := range []string{"Core", "Capabilities", "Aggregation"} {
		v, ok := edm.Vocabulary("Org.OData." + name + ".V1.json")
		if !ok {
			t.Fatalf("there is no vocabulary %s", name)
		}
		documents[name] = v.Body
	}
	for name, document := range documents {
		if err := valid(document); err != nil {
			t.Errorf("the schema rejects %s: %v", name, err)
		}
		if broken := bytes.Replace(document, []byte(`"$Kind":`), []byte(`"$Kimd":`), 1); valid(broken) == nil {
			t.Errorf("the schema accepts %s broken, so the check proves nothing", name)
		}
	}
}
