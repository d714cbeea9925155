package model_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// BenchmarkBind parses and binds what clients send, and the longest list that
// an address holds.
func BenchmarkBind(b *testing.B) {
	lib := odatatest.New(0)
	for name, options := range map[string]string{
		"equality":  "$filter=Title eq 'Milk' and Price lt 2.55&$select=Id,Title&$top=1000",
		"functions": "$filter=(contains(tolower(Title),'milk') eq true or length(Author) gt 3) and year(BoughtAt) ge 2024&$orderby=Title desc",
		"400 guids": "$filter=Id in (" + strings.TrimSuffix(strings.Repeat("'"+odatatest.ID("book", 1)+"',", 400), ",") + ")",
	} {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			raw := strings.ReplaceAll(options, " ", "%20")
			for b.Loop() {
				tree, err := uri.Parse("Books", raw, uri.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				r, err := model.Bind(lib.Main, tree, model.Options{Namespace: "Library", Now: time.Unix(0, 0)})
				if err != nil {
					b.Fatal(err)
				}
				r.Query(nil, -1)
			}
		})
	}
}
