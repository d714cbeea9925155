//go:build duckdb_arrow

package service_test

import (
	"context"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// library has two schemas of two tables.
type library struct{}

func (library) Names(context.Context) ([]catalog.SchemaName, error) {
	return []catalog.SchemaName{{Name: "Town", ID: "t1"}, {Name: "Quay", ID: "q1"}}, nil
}

func (library) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	if known := map[string]string{"t1": "Town", "q1": "Quay"}[name]; known != "" {
		name = known
	}
	s := &catalog.Schema{Name: name, ID: map[string]string{"Town": "t1", "Quay": "q1"}[name]}
	for _, t := range []string{"Books", "Loans"} {
		s.Tables = append(s.Tables, &catalog.Table{Name: t, Schema: s})
	}
	return s, nil
}

func (library) Default() string { return "Town" }

func TestBrowse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name            string
		schemas, tables []string
		names, inTown   int
		quay            bool
	}{
		{"everything", nil, nil, 2, 2, true},
		{"a schema", []string{"town"}, nil, 1, 2, false},
		{"a schema by its id", []string{"Q1", "t1"}, nil, 2, 2, true},
		{"a table", nil, []string{"books"}, 2, 1, true},
		{"no such table", nil, []string{"Members"}, 2, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := service.Browse(library{}, c.schemas, c.tables)
			names, err := p.Names(t.Context())
			if err != nil || len(names) != c.names {
				t.Errorf("names %v, %v", names, err)
			}
			town, err := p.Schema(t.Context(), "Town")
			if err != nil || len(town.Tables) != c.inTown {
				t.Errorf("Town: %+v, %v", town, err)
			}
			if _, err := p.Schema(t.Context(), "Quay"); (err == nil) != c.quay || err != nil && !gwerr.Is(err, gwerr.UnknownSchema) {
				t.Errorf("Quay: %v", err)
			}
			if p.Default() != "Town" {
				t.Error("the default is lost")
			}
		})
	}
}
