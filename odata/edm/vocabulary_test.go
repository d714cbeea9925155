package edm_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
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
	s := library()
	s.Tables[0].Writes = &catalog.Writes{}
	document := edm.XML(s, edm.Options{Namespace: "Library", Writable: true, Later: true, Changed: "BoughtAt"})
	var d annotated
	if err := xml.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
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
		if !used[name] && name != "Org.OData.Core.V1.Immutable" { // no column of the library is
			t.Errorf("%s is used nowhere", name)
		}
	}
}
