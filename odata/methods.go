package odata

import (
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
)

const (
	readMethods = "GET, HEAD, OPTIONS"
	allowed     = readMethods + ", POST, PATCH, PUT, DELETE"
)

// does tells whether there are addresses that do something by the method.
func (q *request) does() bool {
	_, writes := kinds[q.r.Method]
	return writes || q.r.Method == http.MethodGet || q.r.Method == http.MethodHead
}

// checkMethod refuses methods that mean nothing here. A query may also come as
// the body of a POST to …/$query.
func (q *request) checkMethod(rest string) error {
	_, writes := kinds[q.r.Method]
	switch {
	case rest == "$batch":
		q.w.Header().Set("Allow", http.MethodPost)
		return gwerr.New(gwerr.MethodNotAllowed, "A batch of requests comes as the body of a POST.", "")
	case strings.HasSuffix(rest, querySegment) && q.r.Method != http.MethodPost:
		q.w.Header().Set("Allow", http.MethodPost)
		return gwerr.New(gwerr.MethodNotAllowed, "The options of a query come to $query as the body of a POST.", "")
	case writes && rest == "":
		return gwerr.New(gwerr.MethodNotAllowed, "The address does not take this method.", "Use GET.")
	}
	return nil
}

// fixedMethods are those of addresses that are no resources of a schema, "" for others.
func fixedMethods(name, rest string) string {
	_, _, office := officeName(name, rest)
	switch {
	case name == monitorSegment:
		return readMethods + ", DELETE"
	case name == "", name == edm.VocabularySegment, office, rest == "" && strings.HasSuffix(name, connectionSuffix):
		return readMethods
	case rest == "$batch", strings.HasSuffix(rest, querySegment):
		return http.MethodPost
	default:
		return ""
	}
}

// describe tells the methods of a resource of the schema.
func (q *request) describe() error {
	parsed, err := uri.Parse(q.rest, q.query, q.h.cfg.Limits)
	if err != nil {
		return err
	}
	if parsed, err = q.resolve(parsed); err != nil {
		return err
	}
	q.resource, err = model.Bind(q.schema, parsed, model.Options{Namespace: q.h.cfg.Namespace, Now: q.h.cfg.Clock(), Actions: q.actions})
	if err != nil {
		return err
	}
	return q.options(q.takes())
}

// options tells what methods an address takes: who asks for them, and who sent one that
// nothing is done by.
//
// Source: RFC 9110, sections 9.3.7 and 15.5.6.
func (q *request) options(methods string) error {
	q.w.Header().Set("Allow", methods)
	if q.r.Method != http.MethodOptions {
		return gwerr.New(gwerr.MethodNotAllowed, "The address does not take this method.", "It takes "+methods+".")
	}
	q.head(http.StatusNoContent, "")
	return nil
}

// takes are the methods of the resource.
//
// Source: RFC 9110, section 10.2.1.
func (q *request) takes() string {
	r := q.resource
	if r.Kind == model.Action {
		return http.MethodPost
	}
	if changes := changes(r); changes != "" {
		return readMethods + ", " + changes
	}
	return readMethods
}

// changes are the methods that change what a resource is, "" for none.
func changes(r *model.Resource) string {
	switch {
	case len(r.Hops) > 0:
		return relatedChanges(r)
	case r.Ref:
		return ""
	case r.Kind == model.Feed && !r.Combines():
		return "POST"
	case r.Kind == model.Entity, r.Kind == model.Property, r.Kind == model.Raw:
		return "PATCH, PUT, DELETE"
	default:
		return ""
	}
}

// relatedChanges are those of what is behind a navigation property: of links, and of the
// collection that a new entity belongs to.
func relatedChanges(r *model.Resource) string {
	n, known := r.Hops[0].Link, r.Hops[0].Known != nil
	switch {
	case len(r.Hops) > 1, n.Many && !known:
		return ""
	case !r.Ref && r.Kind == model.Feed && n.Through == nil:
		return "POST"
	case !r.Ref:
		return ""
	case n.Many && r.Kind == model.Feed:
		return "POST, DELETE"
	case n.Many:
		return "DELETE"
	case n.Dependent:
		return "PUT, DELETE"
	default:
		return ""
	}
}
