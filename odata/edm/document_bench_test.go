package edm_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// wide is a schema of 98 tables of forty columns, each of which refers to the
// one before it, as large as all of PingOne's resources would make one.
func wide() *catalog.Schema {
	s := &catalog.Schema{Name: "Wide", ID: "w"}
	for i := range 98 {
		t := &catalog.Table{Name: fmt.Sprintf("Table%02ds", i), Entity: fmt.Sprintf("Table%02d", i), Doc: "Rows of a kind.", Schema: s}
		t.Columns = append(t.Columns, catalog.Column{Name: "Id", Type: catalog.GUID, Key: true, Required: true, Doc: "Identifier."})
		for c := range 39 {
			t.Columns = append(t.Columns, catalog.Column{
				Name: fmt.Sprintf("Column%02d", c), Doc: "What this column holds, in a sentence of usual length.",
				Type: []catalog.Type{catalog.String, catalog.Bool, catalog.Int32, catalog.Timestamp, catalog.GUID}[c%5],
			})
		}
		if i > 0 {
			t.Columns[5].References = &catalog.Reference{Table: s.Tables[i-1].Name, Column: "Id"}
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

// BenchmarkMetadata tells what $metadata of a wide schema takes: made for a new
// schema, and kept.
func BenchmarkMetadata(b *testing.B) {
	for name, json := range map[string]bool{"XML": false, "JSON": true} {
		b.Run(name+"/made", func(b *testing.B) {
			s := wide()
			for b.Loop() {
				fresh := s.Showing(s.Tables)
				b.SetBytes(int64(len(edm.Metadata(fresh, edm.Options{}, nil, json).Body)))
			}
		})
		b.Run(name+"/kept", func(b *testing.B) {
			s := wide()
			_ = edm.Metadata(s, edm.Options{}, nil, json)
			for b.Loop() {
				_, _ = io.Discard.Write(edm.Metadata(s, edm.Options{}, nil, json).Body)
			}
		})
	}
	b.Run("service document", func(b *testing.B) {
		s := wide()
		for b.Loop() {
			_ = edm.ServiceDocument(s, "https://gateway.example/odata/pingone/Wide/", "@")
		}
	})
}

// A document is made once for each view, and its tag tells texts apart.
func TestMetadataIsKept(t *testing.T) {
	t.Parallel()
	s := wide()
	view := s.Showing(s.Tables[:97])
	xml, json := edm.Metadata(s, edm.Options{}, nil, false), edm.Metadata(s, edm.Options{}, nil, true)
	if again := edm.Metadata(s, edm.Options{}, nil, false); &again.Body[0] != &xml.Body[0] {
		t.Error("the document is made twice")
	}
	tags := map[string]string{}
	for name, d := range map[string]edm.Document{
		"XML": xml, "JSON": json, "another view": edm.Metadata(view, edm.Options{}, nil, false),
		"another namespace": edm.Metadata(s, edm.Options{Namespace: "Other"}, nil, false),
		"service document":  edm.ServiceDocument(s, "https://a/", "@"), "of another root": edm.ServiceDocument(s, "https://b/", "@"),
		"of another view": edm.ServiceDocument(view, "https://a/", "@"),
	} {
		if other, taken := tags[d.Tag]; taken {
			t.Errorf("%s and %s have the same tag", name, other)
		}
		tags[d.Tag] = name
	}
}
