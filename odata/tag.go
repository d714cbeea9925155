package odata

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// versioned makes the column that tells an entity's versions apart a part of the
// answer: of one entity, and of each where full metadata is wanted.
//
// Source: OData 4.01 Part 1, sections 8.3.1 and 11.4.1.1.
func (q *request) versioned() {
	one := q.resource.Kind == model.Entity && !q.resource.Ref
	many := q.resource.Kind == model.Feed && q.format.metadata == encode.Full
	if q.tagged = false; q.h.model.Changed != "" && (one || many) {
		q.tagAt, q.tagged = q.resource.Also(q.h.model.Changed)
	}
}

// tagIn is the position of the column that makes the tags of a resource's entities, as
// they are answered. Entities that others bring along, as $expand does, have theirs where
// the column is read anyway, and where those others have one.
//
// Source: OData JSON Format 4.01, sections 3.1.1 and 4.6.10.
func (q *request) tagIn(r *model.Resource) (at int, tagged bool) {
	switch {
	case q.format.metadata == encode.None:
		return 0, false
	case r == q.resource:
		return q.tagAt, q.tagged
	case q.h.model.Changed == "" || r.Ref || r.Transient():
		return 0, false
	case q.format.metadata == encode.Full || q.resource.Kind == model.Entity:
		return r.Reads(q.h.model.Changed)
	default:
		return 0, false
	}
}

// tagOf is the entity tag of a batch's first row, "" if it has none.
func (q *request) tagOf(batch scan.Batch) (string, error) {
	if !q.tagged {
		return "", nil
	}
	text, null, err := encode.KeyText(catalog.Timestamp, batch.Record, q.tagAt, 0)
	if err != nil || null {
		return "", err
	}
	return encode.Tag(text), nil
}

// fits tells the client's tag, or that nothing has changed since it has read.
func (q *request) fits(tag string) (done bool, err error) {
	if tag != "" {
		q.w.Header().Set("ETag", tag)
	}
	if q.writes { // the answer to a change, which had its own condition
		return false, nil
	}
	if err := q.unmet(tag); err != nil {
		return false, err
	}
	// The tag says nothing of related entities.
	if len(q.resource.Expand) == 0 && matches(q.r.Header, "If-None-Match", tag) {
		q.head(http.StatusNotModified, "")
		return true, nil
	}
	return false, nil
}

// unmet checks If-Match.
func (q *request) unmet(tag string) error {
	if q.r.Header.Get("If-Match") == "" || matches(q.r.Header, "If-Match", tag) {
		return nil
	}
	return gwerr.New(gwerr.Precondition, "The entity is another one by now than If-Match asks for.", "Read it again.").On("If-Match")
}

// matches reports whether a header names the tag. The star is any entity's.
//
// Source: RFC 9110, section 13.1.
func matches(h http.Header, name, tag string) bool {
	for _, line := range h.Values(name) {
		for _, t := range splitList(line, ',') {
			if t = strings.TrimSpace(t); t == "*" || tag != "" && strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// conditionOf holds a change of what belongs to an entity, such as a link, and an action
// bound to it, to If-Match and If-None-Match: the tag is that of the entity.
//
// Source: OData 4.01 Part 1, sections 8.2.4, 8.2.5 and 11.4.6.
func (q *request) conditionOf(ctx context.Context, owner *model.Resource) error {
	own := q.resource
	q.resource = owner
	err := q.condition(ctx)
	q.resource, q.tagged, q.held = own, false, true
	return err
}

// conditional tells whether the client names a condition.
func (q *request) conditional() bool {
	return q.r.Header.Get("If-Match") != "" || q.r.Header.Get("If-None-Match") != ""
}

// condition holds a change to If-Match and If-None-Match. PingOne knows neither, so
// the entity is read right before it is changed.
func (q *request) condition(ctx context.Context) error {
	h := q.r.Header
	if q.held || !q.conditional() {
		return nil
	}
	if q.resource.Kind != model.Entity { // of which there is no tag
		return q.unmet("")
	}
	tag, err := q.present(ctx)
	if err != nil {
		return err
	}
	if err := q.unmet(tag); err != nil {
		return err
	}
	if matches(h, "If-None-Match", tag) {
		return gwerr.New(gwerr.Precondition, "There is such an entity, which If-None-Match rules out.", "").On("If-None-Match")
	}
	return nil
}

// present reads the tag that the entity has by now.
func (q *request) present(ctx context.Context) (string, error) {
	q.versioned()
	bound, err := q.resource.Rows(ctx, q, nil, -1)
	if err != nil {
		return "", err
	}
	rows, err := q.Query(scan.Fresh(ctx), bound)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	batch, err := firstRow(ctx, rows)
	if errors.Is(err, io.EOF) {
		return "", errNoEntity
	}
	if err != nil {
		return "", err
	}
	defer batch.Record.Release()
	return q.tagOf(batch)
}
