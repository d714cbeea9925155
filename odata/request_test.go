package odata_test

import (
	"net/http"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

func TestEveryRequestEndsOnce(t *testing.T) {
	t.Parallel()
	upstream := gwerr.New(gwerr.UpstreamForbidden, "PingOne refused.", "")
	for name, c := range map[string]struct {
		method, path string
		change       func(*odatatest.Executor)
		code         gwerr.Code // "" for well
	}{
		"a feed":                   {path: "Books?$count=true&$expand=Shelf"},
		"an entity":                {path: "Books(" + odatatest.ID("book", 1) + ")"},
		"a count":                  {path: "Books/$count"},
		"metadata":                 {path: "$metadata"},
		"headers":                  {method: http.MethodHead, path: "Books"},
		"an unknown set":           {path: "Nothing", code: gwerr.UnknownTable},
		"a broken option":          {path: "Books?$top=x", code: gwerr.Syntax},
		"writing":                  {method: http.MethodPut, path: "Books", code: gwerr.MethodNotAllowed},
		"a count that fails":       {path: "Books?$count=true", change: func(e *odatatest.Executor) { e.CountErr = upstream }, code: gwerr.UpstreamForbidden},
		"rows that fail":           {path: "Books", change: func(e *odatatest.Executor) { e.Err, e.FailAfter = upstream, 1 }, code: gwerr.UpstreamForbidden},
		"too many rows":            {path: "Books", change: func(e *odatatest.Executor) { e.MaxRows = 19 }, code: gwerr.LimitExceeded},
		"as many as are allowed":   {path: "Books", change: func(e *odatatest.Executor) { e.MaxRows = 20 }},
		"one that is a part":       {path: "Books?$expand=Shelf", change: func(e *odatatest.Executor) { e.MaxRows = 20 }},
		"too many related ones":    {path: "Shelves?$top=1&$expand=Books", change: func(e *odatatest.Executor) { e.MaxRows = 1 }, code: gwerr.LimitExceeded},
		"related ones not wanted":  {path: "Shelves?$top=1&$expand=Books/$count", change: func(e *odatatest.Executor) { e.MaxRows = 1 }},
		"an entity beyond a limit": {path: "Books(" + odatatest.ID("book", 1) + ")?$expand=Loans", change: func(e *odatatest.Executor) { e.MaxRows = 1 }, code: gwerr.LimitExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, 20, func(_ *odata.Config, e *odatatest.Executor) {
				if c.change != nil {
					c.change(e)
				}
			})
			method := c.method
			if method == "" {
				method = http.MethodGet
			}
			s.do(method, c.path, nil, "")
			s.server.Close() // an answer is through before its request has ended
			ends := s.Exec.Ends()
			if len(ends) != 1 || (ends[0] == nil) != (c.code == "") || ends[0] != nil && gwerr.From(ends[0]).Code != c.code {
				t.Errorf("ended with %v", ends)
			}
		})
	}
}
