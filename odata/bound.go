package odata

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// resolve reads $entity?$id=… as the address of the entity.
//
// Source: OData 4.01 Part 2, section 4.5.
func (q *request) resolve(r *uri.Request) (*uri.Request, error) {
	if len(r.Path) == 0 {
		return r, nil
	}
	if s, ok := r.Path[0].(*uri.SystemSegment); !ok || s.Kind != uri.SystemEntity {
		return r, nil
	}
	if r.Options.ID == nil {
		return nil, gwerr.New(gwerr.BadRequest, "$entity needs the entity's id.", "Write $entity?$id=….").On("$id")
	}
	refuse := gwerr.New(gwerr.BadRequest, "The option $id is not the address of an entity of this service.", "Write one as answers have it, such as Users(…).").On("$id")
	id := q.below(r.Options.ID.Value)
	if strings.Contains(id, "://") || strings.ContainsAny(id, "?#") {
		return nil, refuse
	}
	named, err := uri.Parse(strings.ReplaceAll(id, "%2F", "%252F"), "", q.h.cfg.Limits)
	if err != nil {
		return nil, refuse
	}
	out := uri.Request{Path: append(named.Path, r.Path[1:]...), Options: r.Options}
	out.Options.ID = nil
	bound, err := model.Bind(q.schema, &uri.Request{Path: out.Path}, model.Options{Namespace: q.h.cfg.Namespace, Now: q.h.cfg.Clock()})
	if err != nil || bound.Kind != model.Entity {
		return nil, refuse
	}
	return &out, nil
}

// planHeader asks for the plan of a request in the place of its answer.
const planHeader = "X-Query-Plan"

// plan answers how the request would be read: which calls its rows and their count
// take. What $expand reads hangs on the rows.
func (q *request) plan(ctx context.Context) error {
	q.prefer = preferences{} // they are about the rows
	link, err := q.follow(ctx)
	if err != nil && !errors.Is(err, errNoTarget) {
		return err
	}
	var text strings.Builder
	counted := q.resource.CountWanted || q.resource.Kind == model.Count
	if f := q.newFeed(); q.resource.Kind == model.Feed && counted {
		f.link = link
		byRows := f.countsItself()
		if !byRows {
			if byRows, err = f.countsInRows(ctx); err != nil {
				return err
			}
		}
		if byRows {
			text.WriteString("Count: that of the rows, which are read once\n")
			counted = false
		}
	}
	if q.resource.Kind != model.Count {
		limit := int64(-1)
		if q.resource.Top != nil {
			limit = *q.resource.Top
		}
		bound, err := q.resource.Rows(ctx, q, link, limit)
		if err != nil {
			return err
		}
		if err := q.planOf(ctx, &text, "Rows", bound); err != nil {
			return err
		}
	}
	if counted {
		bound, err := q.binding(link)(ctx)
		if err != nil {
			return err
		}
		if err := q.planOf(ctx, &text, "Count", bound); err != nil {
			return err
		}
	}
	for i := range q.resource.Expand {
		text.WriteString("$expand: " + q.resource.Expand[i].Navigation.Name + " is read by the keys of the rows\n")
	}
	return q.whole(http.StatusOK, format{name: "text/plain"}.contentType(q.version), []byte(text.String()))
}

func (q *request) planOf(ctx context.Context, to *strings.Builder, what string, bound *query.Query) error {
	lines, err := q.Plan(ctx, bound)
	for _, line := range append([]string{what + ":"}, lines...) {
		to.WriteString(line + "\n")
	}
	return err
}

// counting counts the rows of the request's resource, whatever $top and $skip say,
// when it is called.
func (q *request) counting(link predicate.Expr) func(context.Context) (int64, error) {
	bind := q.binding(link)
	return func(ctx context.Context) (int64, error) {
		counted, err := bind(ctx)
		if err != nil || counted.Empty {
			return 0, err
		}
		return q.Count(ctx, counted)
	}
}

// binding binds the query of the count when it is called. The resource is asked
// before: it serves one goroutine.
func (q *request) binding(link predicate.Expr) func(context.Context) (*query.Query, error) {
	if !q.resource.CountedByEngine() {
		counted := q.resource.CountQuery(link)
		return func(context.Context) (*query.Query, error) { return counted, nil }
	}
	st := q.resource.CountStatement(link)
	return func(ctx context.Context) (*query.Query, error) { return q.Bind(ctx, st) }
}
