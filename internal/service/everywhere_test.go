//go:build duckdb_arrow

package service_test

import (
	"context"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// shelves is a pool of one connection over the library.
type shelves struct{ provider catalog.Provider }

func (s shelves) Default() string { return "main" }

func (s shelves) Database(context.Context, string, *auth.Principal) (*service.Database, error) {
	return &service.Database{Name: "main", Provider: s.provider}, nil
}

// torn is a library of which one schema can't be read.
type torn struct{ library }

func (torn) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	if name == "q1" {
		return nil, gwerr.New(gwerr.UpstreamFailed, "The quay is flooded.", "")
	}
	return library{}.Schema(ctx, name)
}

func TestAllEnvironments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider catalog.Provider
		offered  bool
		members  int
		failed   string
	}{
		"all":                     {library{}, true, 2, ""},
		"where some are browsed":  {service.Browse(library{}, []string{"Town", "allenvironments"}, nil), true, 1, ""},
		"where it is not browsed": {service.Browse(library{}, []string{"Town"}, nil), false, 0, ""},
		"where one fails":         {torn{}, true, 0, "The schema of the environment Quay: The quay is flooded."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, func(cfg *service.Config) { cfg.Pool = shelves{c.provider} })
			ctx := auth.WithPrincipal(t.Context(), auth.NewAnonymous("reader"))
			ctx, r, err := d.Open(ctx, "", "test").Begin(ctx, "x")
			if err != nil {
				t.Fatal(err)
			}
			defer r.End(nil)
			names, err := r.Names(ctx)
			offered := false
			for _, n := range names {
				offered = offered || n.Name == catalog.AllEnvironments
			}
			if err != nil || offered != c.offered {
				t.Errorf("names %v, %v", names, err)
			}
			s, err := r.Schema(ctx, "ALLENVIRONMENTS")
			switch {
			case c.failed != "":
				if err == nil || gwerr.From(err).Message != c.failed {
					t.Errorf("got %v", err)
				}
			case !c.offered:
				if !gwerr.Is(err, gwerr.UnknownSchema) {
					t.Errorf("got %+v, %v", s, err)
				}
			case err != nil || len(s.Tables) != 2 || len(s.Tables[0].Members) != c.members:
				t.Errorf("got %+v, %v", s, err)
			}
		})
	}
}
