package odata

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// maxChanged bounds the entities of one answer about changes.
const maxChanged = 10_000

// tracking is the part of a feed that delta links lead to.
type tracking struct {
	kind string
	key  int       // its position in the rows
	asks bool      // the answer is what changed since a time
	from time.Time // that time
}

// track decides whether the feed's last page has a delta link, which the client, or the
// page before, wants, and reads the one by which the request came. Deltas are made of
// entity sets that the caller sees whole.
//
// Source: OData 4.01 Part 1, sections 8.2.8.10 and 11.3.
func (q *request) track(token *uri.Text) error {
	wanted := q.prefer.track || q.from != nil && q.from.Tracked
	preferred := q.prefer.track
	q.prefer.track = false
	if token == nil && !wanted {
		return nil
	}
	t, ok := q.trackable()
	if token != nil {
		body, signed := q.h.links.signed(token.Value, q.deltaScope())
		since, size := binary.Varint(body)
		switch t.from = time.UnixMicro(since).UTC(); {
		case !ok || !signed || size <= 0 || q.from != nil:
			return badDelta("The delta link was not made for this address and caller.")
		case q.now.Sub(t.from) > q.h.cfg.Changes.Kept:
			return badDelta("The delta link is too old: changes are kept for " + strconv.Itoa(int(q.h.cfg.Changes.Kept/(24*time.Hour))) + " days.")
		}
		// It is one page, and says of all properties what they are now.
		t.asks, q.prefer.pageRows, q.prefer.omitNulls = true, 0, false
	}
	if ok {
		q.tracked, q.prefer.track = &t, preferred && token == nil
	}
	return nil
}

// trackable tells whether there are deltas of the feed.
func (q *request) trackable() (t tracking, ok bool) {
	l, r := q.h.cfg.Changes, q.resource
	if q.writes || r.Table == nil || !r.WholeSet() || q.file != nil || q.format.metadata == encode.None || !l.Tracks(q.schema, r.Table.Name) {
		return t, false
	}
	return tracking{kind: l.Kinds[r.Table.Name], key: r.Identify()[0]}, true
}

func badDelta(message string) error {
	return gwerr.New(gwerr.BadContinuation, message, "Read the feed again from its beginning.").On("$deltatoken")
}

// deltaScope keeps delta links apart from next links.
func (q *request) deltaScope() string { return "delta " + q.scope() }

// deltaLink is the address of what changed since the request began, "" if none is wanted,
// or another page is next. What was recorded late, of the time before, is told again.
func (q *request) deltaLink(next string) string {
	if q.tracked == nil || next != "" {
		return ""
	}
	since := binary.AppendVarint(nil, q.now.Add(-q.h.cfg.Changes.Late).UnixMicro())
	return q.linkWith("$deltatoken=" + q.h.links.sign(since, q.deltaScope()))
}

// Notes implements Request.
func (q *request) Notes() []string {
	notes := q.Request.Notes()
	if q.tracked != nil && q.tracked.asks {
		notes = append(notes, "Only changes that "+q.h.cfg.Changes.Table+" names by now are here: read the whole feed from time to time.")
	}
	return notes
}

// delta answers what changed since the time of a delta link: entities as they are now,
// and the addresses of those that are no longer there.
//
// Source: OData JSON Format 4.01, section 15 (delta payload).
func (q *request) delta(ctx context.Context) error {
	l, t := q.h.cfg.Changes, q.tracked
	key := &q.resource.Table.Columns[q.resource.Columns[t.key]]
	changed, err := q.keys(ctx, key, l.Table, l.Key, "$filter="+url.QueryEscape(
		l.Time+" ge "+t.from.Format("2006-01-02T15:04:05.000Z")+" and "+l.Kind+" eq '"+t.kind+"'"), nil)
	if err != nil {
		return err
	}
	f := q.newFeed()
	f.page, f.empty, f.link = 0, len(changed) == 0, predicate.In{Column: key.Name, Values: changed}
	defer f.close()
	batch, err := f.start(ctx)
	done := errors.Is(err, io.EOF)
	if err != nil && !done {
		return err
	}
	f.encoder = encode.NewRows(f.entityOf(f.resource), f.encoding())
	defer f.begin()()
	there := map[string]bool{}
	for !done {
		if err := eachKey(key, key.Type, batch, t.key, func(k predicate.Value) { there[k.Text()] = true }); err != nil {
			batch.Record.Release()
			return err
		}
		if err := f.sendBatch(ctx, f.resource, batch); err != nil {
			return err
		}
		batch, err = firstRow(ctx, f.rows)
		if done = errors.Is(err, io.EOF); err != nil && !done {
			return err
		}
	}
	left := slices.DeleteFunc(slices.Clone(changed), func(k predicate.Value) bool { return there[k.Text()] })
	if err := f.removed(ctx, key, left); err != nil {
		return err
	}
	q.rows = f.sent
	f.buf = encode.AppendFeedTail(f.buf, f.encoding(), -1, "", q.deltaLink(""))
	return f.finish()
}

// removed writes the entities that are gone: deleted, or no longer what the condition
// asks for.
func (f *feed) removed(ctx context.Context, key *catalog.Column, gone []predicate.Value) error {
	set, there := f.resource.Table.Name, map[string]bool{}
	if f.resource.Conditional() && len(gone) > 0 {
		found, err := f.keys(ctx, key, set, key.Name, "", predicate.In{Column: key.Name, Values: gone})
		if err != nil {
			return err
		}
		for _, k := range found {
			there[k.Text()] = true
		}
	}
	if err := f.Returned(int64(len(gone))); err != nil {
		return err
	}
	for _, k := range gone {
		reason := "deleted"
		if there[k.Text()] {
			reason = "changed"
		}
		if f.sent++; f.sent > 1 {
			f.buf = append(f.buf, ',')
		}
		f.buf = encode.AppendRemoved(f.buf, f.encoding(), f.root+"$metadata#"+set+"/$deletedEntity", f.root+set+"("+k.Text()+")", reason)
	}
	return nil
}

// keys reads a property of a set's entities that an option and a condition keep, which
// are values of a key, each once. The error is gwerr.BadContinuation where there are too
// many.
func (q *request) keys(ctx context.Context, key *catalog.Column, set, property, option string, link predicate.Expr) (out []predicate.Value, err error) {
	parsed, err := uri.Parse(set, "$select="+property+"&"+option, q.h.cfg.Limits)
	if err != nil {
		return nil, err
	}
	r, err := model.Bind(q.schema, parsed, model.Options{Namespace: q.h.cfg.Namespace, Now: q.now, WithoutIDs: true})
	if err != nil {
		return nil, err
	}
	bound, err := r.Rows(ctx, q.Request, link, -1)
	if err != nil || bound.Empty {
		return nil, err
	}
	rows, err := q.Query(ctx, bound)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	seen := map[string]bool{}
	for {
		batch, err := firstRow(ctx, rows)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		err = eachKey(key, r.Type(0), batch, 0, func(k predicate.Value) {
			if text := k.Text(); !seen[text] {
				seen[text], out = true, append(out, k)
			}
		})
		batch.Record.Release()
		if err != nil {
			return nil, err
		}
		if len(out) > maxChanged {
			return nil, badDelta("Too much has changed since the delta link was made.")
		}
	}
}

// eachKey gives the values of a key that a column of a batch has.
func eachKey(key *catalog.Column, t catalog.Type, batch scan.Batch, column int, give func(predicate.Value)) error {
	for row := range int(batch.Record.NumRows()) {
		text, null, err := encode.KeyText(t, batch.Record, column, row)
		if err != nil {
			return err
		}
		if k, ok := model.Key(key.Type, text); ok && !null {
			give(k)
		}
	}
	return nil
}
