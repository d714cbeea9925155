package odata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// kinds are the changes that methods ask for.
//
// Source: OData 4.01 Part 1, section 11.4.
var kinds = map[string]change.Kind{
	http.MethodPost: change.Insert, http.MethodPatch: change.Update, http.MethodPut: change.Update, http.MethodDelete: change.Delete,
}

// changeable checks that the method is for the kind of address.
func (q *request) changeable() error {
	kind := kinds[q.method]
	switch {
	case kind == change.Insert && (q.resource.Kind != model.Feed || q.resource.Combines()), kind != change.Insert && q.resource.Kind != model.Entity:
		q.w.Header().Set("Allow", q.takes())
		return gwerr.Newf(gwerr.MethodNotAllowed, "%s is not for this address.", q.method).
			WithHint("POST goes to an entity set; PATCH, PUT and DELETE go to an entity.")
	}
	return nil
}

// change answers a request that changes an entity, or makes one.
func (q *request) change(ctx context.Context) error {
	t, kind := q.resource.Table, kinds[q.method]
	columns, values, err := q.sent(ctx, t, kind)
	if err != nil {
		return err
	}
	if err := q.needed(t, columns); err != nil {
		return err
	}
	c, err := change.New(kind, t, columns, nil, func(int) int { return gwerr.NoPosition })
	if err != nil {
		return err
	}
	c.Values = values
	if c.Values == nil {
		c.Values = []json.RawMessage{}
	}
	if kind != change.Insert {
		c.Rows = q.found(c)
	}
	done, err := q.Change(ctx, c)
	if err != nil {
		return err
	}
	if len(done.Rows) == 0 {
		return errNoEntity
	}
	if kind == change.Delete || q.bare {
		return q.nothing()
	}
	return q.changed(ctx, kind, done.Rows[0])
}

// found is the query for what a change needs of its entity.
func (q *request) found(c *change.Change) *query.Query {
	r := *q.resource
	r.Columns, r.Visible, r.Expand = c.Reads, len(c.Reads), nil
	return r.Query(nil, -1)
}

// changed answers with the entity as it is by now, or says where it is.
func (q *request) changed(ctx context.Context, kind change.Kind, key []json.RawMessage) error {
	minimal := q.prefer.minimal || kind == change.Update && !q.prefer.representation
	address, err := q.addressOf(key)
	if err != nil {
		return err
	}
	if kind == change.Insert {
		q.w.Header().Set("Location", q.root+address)
		q.made = true
	}
	if !minimal {
		if err := q.rebind(address); err != nil {
			return err
		}
		err := q.single(scan.Fresh(ctx)) // not what the request has read before
		if err == nil || q.started {
			return err
		}
		// The change is made, so the answer can't be an error.
		q.prefer.representation = false
	}
	if minimal && q.r.Header.Get("If-Match") != "" { // who asks that way will ask again
		if err := q.rebind(address); err != nil {
			return err
		}
		if tag, err := q.present(ctx); err == nil && tag != "" {
			q.w.Header().Set("ETag", tag)
		}
	}
	// It is asked for by nobody, or PingOne doesn't show it yet.
	q.w.Header().Set("OData-EntityId", q.root+address)
	return q.nothing()
}

// addressOf is the entity's own address below the service.
func (q *request) addressOf(key []json.RawMessage) (string, error) {
	t := q.resource.Table
	var parts []string
	for i, at := range t.Key() {
		if key[i] == nil {
			return "", gwerr.New(gwerr.UpstreamRejected, "The change was made, but PingOne did not tell the key of "+t.Name+".", "Look for the entity by its other values.")
		}
		var text string
		if json.Unmarshal(key[i], &text) != nil {
			text = string(key[i])
		}
		col := &t.Columns[at]
		value := encode.Key(col.Type, predicate.Value{Kind: col.Type.Kind(), Str: text})
		if len(t.Key()) > 1 {
			value = col.Name + "=" + value
		}
		parts = append(parts, value)
	}
	return t.Name + "(" + strings.Join(parts, ",") + ")", nil
}

// rebind makes the entity the request's resource, with the options of the
// request's own address.
func (q *request) rebind(address string) error {
	parsed, err := uri.Parse(address, q.query, q.h.cfg.Limits)
	if err != nil {
		return err
	}
	q.resource, err = model.Bind(q.schema, parsed, model.Options{Namespace: q.h.cfg.Namespace, Now: q.now})
	if err == nil {
		q.versioned()
	}
	return err
}

// writable checks the address and binds it again, over the table as the caller may write it.
func (q *request) writable(ctx context.Context, bind func() error) error {
	if err := q.changeable(); err != nil {
		return err
	}
	t, err := q.Writable(ctx, q.schema.Name, q.resource.Table.Name)
	if err != nil {
		return err
	}
	tables := slices.Clone(q.schema.Tables)
	for i := range tables {
		if tables[i].Name == t.Name {
			tables[i] = t
		}
	}
	q.schema = q.schema.Showing(tables)
	return bind()
}

// sent reads the body: the columns that get values, and these. A key in an
// update, and what PingOne sets itself, is left out, as section 11.4.3 asks; an update
// may have nothing else, and makes no call then.
func (q *request) sent(ctx context.Context, t *catalog.Table, kind change.Kind) (columns []int, values []json.RawMessage, err error) {
	if kind == change.Delete {
		return nil, nil, nil
	}
	members := map[string]json.RawMessage{}
	if !q.bare {
		if members, err = q.members(); err != nil {
			return nil, nil, err
		}
	}
	if err := q.typed(t, members); err != nil {
		return nil, nil, err
	}
	if err := q.bound(t, members); err != nil {
		return nil, nil, err
	}
	for name, value := range q.given {
		if own := members[name]; own != nil && !bytes.EqualFold(bytes.TrimSpace(own), value) {
			return nil, nil, gwerr.Newf(gwerr.BadRequest, "%s is given two values.", name).On(name).WithHint("Give it one, by its name or by what the entity is related to.")
		}
		members[name] = value
	}
	var stays fixed
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if _, term, annotated := strings.Cut(name, "@"); annotated && term != "odata.bind" && term != "bind" || strings.HasPrefix(name, "#") {
			continue // control information, annotations, and actions as answers name them
		}
		at := slices.IndexFunc(t.Columns, func(c catalog.Column) bool { return c.Name == name })
		if at < 0 {
			return nil, nil, unknownMember(t, name)
		}
		col := &t.Columns[at]
		if _, meant := q.given[name]; meant && (col.Access == catalog.ReadOnly || kind == change.Update && col.Key) {
			return nil, nil, gwerr.Newf(gwerr.MethodNotAllowed, "%s of %s can't be written: PingOne sets it.", name, t.Name).On(name)
		}
		if col.Access == catalog.ReadOnly || kind == change.Update && col.Key {
			continue
		}
		v, err := valueOf(col, members[name])
		if err != nil {
			return nil, nil, err
		}
		if _, meant := q.given[name]; kind == change.Update && col.Access == catalog.OnInsert && !meant {
			stays.columns, stays.values = append(stays.columns, at), append(stays.values, v)
			continue
		}
		columns, values = append(columns, at), append(values, v)
	}
	if stays, err = q.other(ctx, stays); err != nil {
		return nil, nil, err
	}
	columns, values = append(columns, stays.columns...), append(values, stays.values...)
	if q.method == http.MethodPut {
		columns, values = cleared(t, columns, values)
	}
	return columns, values, nil
}

// typed refuses a body that says that it is an entity of another type.
//
// Source: OData JSON Format 4.01, section 4.6.3 (odata.type).
func (q *request) typed(t *catalog.Table, members map[string]json.RawMessage) error {
	for _, name := range []string{"@odata.type", "@type"} {
		var text string
		if raw := members[name]; raw == nil || json.Unmarshal(raw, &text) != nil {
			continue
		}
		own := q.h.model.TypeName(t)
		if text[strings.LastIndexByte(text, '#')+1:] != own {
			return gwerr.Newf(gwerr.TypeMismatch, "The entities of %s are of type %s, and the body's is of another.", t.Name, own).On(name).
				WithHint(`Send "` + name + `": "#` + own + `", or leave it out.`)
		}
	}
	return nil
}

// needed refuses a new entity that lacks a property, and a PUT that lacks one which
// can't be null.
//
// Source: OData 4.01 Part 1, sections 11.4.2 and 11.4.3.
func (q *request) needed(t *catalog.Table, columns []int) error {
	for i := range t.Columns {
		switch c := &t.Columns[i]; {
		case !c.Needed || slices.Contains(columns, i):
		case q.method == http.MethodPost:
			return gwerr.Newf(gwerr.BadRequest, "A new entity of %s needs a value for %s.", t.Name, c.Name).On(c.Name).WithHint("Send it in the body.")
		case q.method == http.MethodPut && c.Required && c.Access == catalog.Writable:
			return gwerr.Newf(gwerr.BadRequest, "PUT replaces an entity of %s, which needs a value for %s.", t.Name, c.Name).On(c.Name).
				WithHint("Send it in the body, or change single properties by PATCH.")
		}
	}
	return nil
}

// unknownMember refuses a body's member that is not a property, and names the nearest.
func unknownMember(t *catalog.Table, name string) error {
	properties := make([]string, len(t.Columns))
	for i := range t.Columns {
		properties[i] = t.Columns[i].Name
	}
	return gwerr.Newf(gwerr.UnknownColumn, "%s has no property %s.", t.Name, name).On(name).
		WithHint(gwerr.DidYouMean(name, properties, "$metadata lists the properties."))
}

// cleared adds nulls for what a PUT leaves out.
func cleared(t *catalog.Table, columns []int, values []json.RawMessage) ([]int, []json.RawMessage) {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Access == catalog.Writable && !c.Required && t.Writes.Update != nil && t.Writes.Part(c.Name) == nil && !slices.Contains(columns, i) {
			columns, values = append(columns, i), append(values, nil)
		}
	}
	return columns, values
}

// members reads the body as a JSON object, in which no name stands twice.
//
// Source: OData JSON Format 4.01, section 4.
func (q *request) members() (map[string]json.RawMessage, error) {
	kind, params, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, gwerr.New(gwerr.UnsupportedMedia, "The body must be application/json.", "").On("Content-Type")
	}
	if err := utf8Said(params); err != nil {
		return nil, err
	}
	body := bytes.TrimPrefix(q.body, []byte("\ufeff")) // which some editors and programs put before it
	if err := wellFormed(body); err != nil {
		return nil, err
	}
	members := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(body))
	if first, _ := d.Token(); first != json.Delim('{') {
		return nil, gwerr.New(gwerr.BadRequest, "The body must be a JSON object with the entity's properties.", "")
	}
	for d.More() {
		token, _ := d.Token() // what is valid has a name and a value
		name, _ := token.(string)
		var value json.RawMessage
		_ = d.Decode(&value)
		if members[name] != nil {
			return nil, gwerr.Newf(gwerr.BadRequest, "%q is given two values.", name).On(name).WithHint("Give it one.")
		}
		members[name] = value
	}
	return members, nil
}

// wellFormed refuses a body that is not JSON, and says where it ends being so.
func wellFormed(body []byte) error {
	var any json.RawMessage
	var at *json.SyntaxError
	switch err := json.Unmarshal(body, &any); {
	case len(bytes.TrimSpace(body)) == 0:
		return gwerr.New(gwerr.BadRequest, "The body is empty.", "Send a JSON object with the properties.")
	case errors.As(err, &at):
		return gwerr.Newf(gwerr.BadRequest, "The body is not JSON from its byte %d on.", at.Offset)
	case err != nil || !utf8.Valid(body):
		return gwerr.New(gwerr.BadRequest, "The body is not JSON in UTF-8.", "")
	}
	return nil
}

// utf8Said refuses a body that is said to have other characters than those of UTF-8.
func utf8Said(params map[string]string) error {
	switch set := strings.ToLower(params["charset"]); set {
	case "", "utf-8", "us-ascii":
		return nil
	default:
		return gwerr.Newf(gwerr.UnsupportedMedia, "The body's characters are said to be %.20q, and only UTF-8 is read.", set).On("Content-Type").WithHint("Send UTF-8.")
	}
}

// bareText checks a body that is nothing but a property's value. One in JSON would be
// taken for its text.
func (q *request) bareText(t catalog.Type) error {
	kind, params, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" && t != catalog.JSON {
		return gwerr.New(gwerr.UnsupportedMedia, "The bare value of a property is text/plain.", `Send {"value": …} to the address without $value.`).On("Content-Type")
	}
	if err := utf8Said(params); err != nil {
		return err
	}
	if !utf8.Valid(q.body) {
		return gwerr.New(gwerr.BadRequest, "The body is not UTF-8.", "")
	}
	return nil
}
