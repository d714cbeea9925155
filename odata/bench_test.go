package odata_test

import (
	"net/http"
	"testing"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// BenchmarkFeed is the whole way of one small request, without a network.
func BenchmarkFeed(b *testing.B) {
	lib := odatatest.New(20)
	h, err := odata.New(odata.Config{
		Prefix: "/o/", Begin: (&odatatest.Executor{Library: lib, BatchRows: 100}).Begin, Key: []byte(signingKey),
	})
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, "/o/Main/Books?$filter=Title%20eq%20'milk'&$select=Id,Title", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Host = "h"
	b.ReportAllocs()
	for b.Loop() {
		w := newRecorder()
		h.ServeHTTP(w, r)
		if w.Status != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}
