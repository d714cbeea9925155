package odata

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Ends of addresses that say what of an entity is meant.
const (
	refSegment   = "/$ref"
	valueSegment = "/$value"
)

// redirect makes a change through a navigation property one of the row that has the
// link: of the entity with the reference, or of the table between.
//
// Source: OData 4.01 Part 1, sections 11.4.2 and 11.4.6.
func (q *request) redirect(ctx context.Context) error {
	if k := q.resource.Kind; k == model.Property || k == model.Raw {
		return q.changeProperty()
	}
	hops := q.resource.Hops
	if len(hops) == 0 {
		return nil
	}
	n := hops[0].Link
	if len(hops) > 1 {
		return gwerr.New(gwerr.NotImplemented, "Entities are not changed through several navigation properties.", "Begin the address at the entity before the last one.")
	}
	if !q.resource.Ref {
		return q.addRelated(n)
	}
	if q.conditional() {
		if err := q.conditionOf(ctx, hops[0].Resource(q.schema)); err != nil {
			return err
		}
	}
	if n.Many {
		return q.changeLinks(n)
	}
	if !n.Dependent {
		return gwerr.Newf(gwerr.NotImplemented, "%s is not a reference of %s.", n.Name, hops[0].Table.Name).WithHint("Change the entity that refers to it.")
	}
	set := map[string]json.RawMessage{n.Column: []byte("null")}
	switch q.method {
	case http.MethodPut:
		value, err := q.linked(n)
		if err != nil {
			return err
		}
		set[n.Column] = value
	case http.MethodDelete:
	default:
		return q.notForLinks()
	}
	owner := strings.TrimSuffix(q.rest, refSegment)
	return q.become(http.MethodPatch, owner[:strings.LastIndexByte(owner, '/')], set)
}

// addRelated makes an entity of the collection behind another one.
func (q *request) addRelated(n edm.Navigation) error {
	known := q.resource.Hops[0].Known
	switch {
	case q.resource.Kind != model.Feed || q.method != http.MethodPost:
		return gwerr.New(gwerr.NotImplemented, "Entities are not changed through navigation properties.", "Use the address of the entity itself; links alone are changed at …/$ref.")
	case n.Through != nil:
		return gwerr.Newf(gwerr.NotImplemented, "A new entity of %s and its link are two calls to PingOne.", n.Target.Name).
			WithHint("Make the entity in its own set, then POST its address to " + n.Name + "/$ref.")
	case known == nil:
		return gwerr.Newf(gwerr.NotImplemented, "The address does not tell %s, by which the entities are related.", n.Column).WithHint("Make the entity in its own set.")
	}
	return q.become(http.MethodPost, n.Target.Name, given(n.With(n.TargetColumn), known))
}

// given are values for columns.
func given(columns []string, values []predicate.Value) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for i, column := range columns {
		out[column] = valueText(values[i])
	}
	return out
}

// changeLinks adds an entity to a collection, or takes it out.
func (q *request) changeLinks(n edm.Navigation) error {
	known := q.resource.Hops[0].Known
	if known == nil {
		return gwerr.Newf(gwerr.NotImplemented, "The address does not tell %s, by which the entities are related.", n.Column).WithHint("Change the row that links them.")
	}
	adds := q.method == http.MethodPost && q.resource.Kind == model.Feed
	if !adds && q.method != http.MethodDelete {
		return q.notForLinks()
	}
	if n.Through == nil { // the other entity has the reference
		other := url.PathEscape(q.resource.Address())
		if q.resource.Kind == model.Feed {
			r, err := q.referred(n)
			if err != nil {
				return err
			}
			other = url.PathEscape(r.Address())
		}
		value := json.RawMessage("null")
		if adds {
			value = valueText(known[0])
		}
		return q.become(http.MethodPatch, other, map[string]json.RawMessage{n.TargetColumn: value})
	}
	far, ok := q.resource.KeyValue(n.TargetColumn)
	if q.resource.Kind == model.Feed {
		r, err := q.referred(n)
		if err != nil {
			return err
		}
		far, ok = r.KeyValue(n.TargetColumn)
	}
	if !ok {
		return gwerr.Newf(gwerr.NotImplemented, "Entities of %s are not linked by their key.", n.Target.Name).WithHint("Change the rows of " + n.Through.Table.Name + ".")
	}
	link := n.Through
	if adds {
		return q.become(http.MethodPost, link.Table.Name, given(append(n.With(link.Near), link.Far), append(slices.Clone(known), far)))
	}
	if link.Repeats {
		return gwerr.Newf(gwerr.NotImplemented, "Several rows of %s may link the two entities.", link.Table.Name).WithHint("Delete the one that is meant by its own key.")
	}
	var key []string
	for i, column := range append(n.With(link.Near), link.Far) {
		v := far
		if i < len(known) {
			v = known[i]
		}
		key = append(key, column+"="+encode.Key(link.Table.Column(column).Type, v))
	}
	return q.become(http.MethodDelete, link.Table.Name+"("+strings.Join(key, ",")+")", nil)
}

// changeProperty makes a change of one property one of its entity.
//
// Source: OData 4.01 Part 1, section 11.4.9.
func (q *request) changeProperty() error {
	column := q.resource.Table.Columns[q.resource.Columns[0]]
	owner, value := strings.TrimSuffix(q.rest, valueSegment), json.RawMessage("null")
	switch {
	case len(q.resource.Hops) > 0:
		return gwerr.New(gwerr.NotImplemented, "Properties are not changed behind a navigation property.", "Begin the address at the entity itself.")
	case q.method == http.MethodDelete:
	case q.method != http.MethodPut && q.method != http.MethodPatch:
		return q.notForLinks()
	case q.resource.Kind == model.Raw:
		if err := q.bareText(column.Type); err != nil {
			return err
		}
		if value = q.body; column.Type.Kind() == predicate.String || column.Type == catalog.GUID || column.Type == catalog.Timestamp {
			value = quoted(string(q.body))
		}
	default:
		members, err := q.members()
		if err != nil {
			return err
		}
		if value = members["value"]; value == nil {
			return gwerr.New(gwerr.BadRequest, "The body has no value.", `Send {"value": …}.`)
		}
	}
	return q.become(http.MethodPatch, owner[:strings.LastIndexByte(owner, '/')], map[string]json.RawMessage{column.Name: value})
}

func (q *request) notForLinks() error {
	methods := q.takes()
	q.w.Header().Set("Allow", methods)
	return gwerr.Newf(gwerr.MethodNotAllowed, "%s is not for this address.", q.method).WithHint("It takes " + methods + ".")
}

// become makes the request one of another address, whose body has the values given.
func (q *request) become(method, address string, given map[string]json.RawMessage) error {
	if q.bare = q.resource.Ref || q.resource.Kind == model.Property || q.resource.Kind == model.Raw; q.bare {
		q.prefer.minimal, q.prefer.representation = false, false // there is nothing to show
	}
	q.method, q.rest, q.query, q.given = method, address, "", given
	return q.bind()
}

// referred is the entity that a body, or the option $id, names.
func (q *request) referred(n edm.Navigation) (*model.Resource, error) {
	address := q.resource.RefID
	if q.method != http.MethodDelete {
		members, err := q.members()
		if err != nil {
			return nil, err
		}
		address = idOf(members)
	}
	if address == "" {
		return nil, gwerr.New(gwerr.BadRequest, "The request names no entity.", `Send {"@odata.id": "`+n.Target.Name+`(…)"}; DELETE takes the address in $id.`)
	}
	r, err := q.entityAt(address, n.Target)
	if err != nil {
		return nil, err
	}
	own, _ := q.resource.Hops[0].KeyValue(n.Shared)
	return r, together(n, r, valueText(own))
}

// together refuses to link entities of two environments.
func together(n edm.Navigation, r *model.Resource, own json.RawMessage) error {
	if other, _ := r.KeyValue(n.Shared); n.Shared != "" && !bytes.EqualFold(own, valueText(other)) {
		return gwerr.Newf(gwerr.BadRequest, "%s links entities of the same %s.", n.Name, strings.TrimSuffix(n.Shared, "Id"))
	}
	return nil
}

// linked is the value by which the body's entity is referred to.
func (q *request) linked(n edm.Navigation) (json.RawMessage, error) {
	r, err := q.referred(n)
	if err != nil {
		return nil, err
	}
	return reference(r, n)
}

func reference(r *model.Resource, n edm.Navigation) (json.RawMessage, error) {
	v, ok := r.KeyValue(n.TargetColumn)
	if !ok {
		return nil, gwerr.Newf(gwerr.NotImplemented, "%s refers to %s by %s, which the address does not tell.", n.Name, n.Target.Name, n.TargetColumn).WithHint("Give " + n.Column + " itself.")
	}
	return valueText(v), nil
}

// entityAt binds the address of an entity of the table, absolute or below the
// service, or that of an entity of the batch.
func (q *request) entityAt(address string, t *catalog.Table) (*model.Resource, error) {
	address, err := q.referenced(address)
	if err != nil {
		return nil, err
	}
	wrong := gwerr.Newf(gwerr.BadRequest, "The address is none of an entity of %s.", t.Name).WithHint("Write " + t.Name + "(…), or the absolute address.")
	parsed, err := uri.Parse(q.below(address), "", q.h.cfg.Limits)
	if err != nil {
		return nil, wrong
	}
	r, err := model.Bind(q.schema, parsed, model.Options{Namespace: q.h.cfg.Namespace, Now: q.now})
	if err != nil || r.Kind != model.Entity || len(r.Hops) > 0 || r.Table.Name != t.Name {
		return nil, wrong
	}
	return r, nil
}

// below makes an address one relative to the service.
func (q *request) below(address string) string {
	address = strings.TrimPrefix(address, q.root)
	if at := strings.Index(q.root, "://"); at >= 0 {
		if slash := strings.IndexByte(q.root[at+3:], '/'); slash >= 0 {
			address = strings.TrimPrefix(address, q.root[at+3+slash:])
		}
	}
	return address
}

// idOf is the address in a reference, "" where it is none.
func idOf(members map[string]json.RawMessage) string {
	for _, name := range []string{"@odata.id", "@id"} {
		var text string
		if raw := members[name]; raw != nil && json.Unmarshal(raw, &text) == nil {
			return text
		}
	}
	return ""
}

// bound turns references in a body, by Property@odata.bind or as an object that has
// nothing but an id, into values of the columns that refer. Several bound entities, or
// new ones, would be calls of their own.
func (q *request) bound(t *catalog.Table, members map[string]json.RawMessage) error {
	given := maps.Clone(q.given)
	if given == nil {
		given = map[string]json.RawMessage{}
	}
	for name, raw := range members {
		property, how, annotated := strings.Cut(name, "@")
		n, ok := edm.Find(q.schema, t, property)
		if !ok || annotated && how != "odata.bind" && how != "bind" {
			continue
		}
		address := ""
		if annotated {
			_ = json.Unmarshal(raw, &address)
		} else {
			var object map[string]json.RawMessage
			if _ = json.Unmarshal(raw, &object); len(object) == 1 {
				address = idOf(object)
			}
		}
		switch null := string(bytes.TrimSpace(raw)) == "null"; {
		case null && n.Dependent: // it refers to none
			delete(members, name)
			given[n.Column] = json.RawMessage("null")
			continue
		case kinds[q.method] == change.Insert && n.Many && empty(raw): // there is nothing to make or link
			delete(members, name)
			continue
		}
		if address == "" || !n.Dependent {
			return gwerr.Newf(gwerr.NotImplemented, "%s would take calls to PingOne of its own.", n.Name).On(name).
				WithHint("Write the related entities by requests of their own; a reference to one that is there is given by its address in " + property + "@odata.bind, or by its key.")
		}
		r, err := q.entityAt(address, n.Target)
		if err == nil {
			err = together(n, r, q.own(members, n.Shared))
		}
		if err == nil {
			delete(members, name)
			given[n.Column], err = reference(r, n)
		}
		if err != nil {
			return gwerr.From(err).On(name)
		}
	}
	q.given = given
	return nil
}

// empty tells whether a value is a list without items.
func empty(raw json.RawMessage) bool {
	var items []json.RawMessage
	return json.Unmarshal(raw, &items) == nil && items != nil && len(items) == 0
}

// own is the value that an entity has, or is to have, in a column.
func (q *request) own(members map[string]json.RawMessage, column string) json.RawMessage {
	if v, ok := q.resource.KeyValue(column); ok {
		return valueText(v)
	}
	if v := q.given[column]; v != nil {
		return v
	}
	return members[column]
}

// valueText is a key value as JSON.
func valueText(v predicate.Value) json.RawMessage {
	switch v.Kind {
	case predicate.Int, predicate.Bool, predicate.Float:
		return json.RawMessage(v.Text())
	default:
		return quoted(v.Text())
	}
}
