package pingone

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
)

// The rate-limit groups of the directory: PingOne counts its writes apart.
const (
	groupDirectory      = "rlgDirAccessRps"
	groupDirectoryWrite = "rlgDirWriteRps"
)

// Write implements change.Writer.
func (c *Directory) Write(ctx context.Context, w change.Call, columns []int) ([]json.RawMessage, error) {
	values := maps.Clone(w.Keys)
	if values[environmentColumn] == "" && w.Table.Schema != nil {
		values[environmentColumn] = w.Table.Schema.ID
	}
	for _, key := range w.Write.Keys {
		if values[key] == "" { // the address would be the collection's
			return nil, gwerr.Newf(gwerr.InvalidValue, "%s of %s has no value, which the call needs.", key, w.Table.Name).On(key)
		}
	}
	q := call{
		address: addressOf(w.Address, values), endpoint: w.Endpoint, group: writeGroup(w.Table), permission: w.Table.Permission,
		change: &changing{method: w.Method, mediaType: w.Type, creates: w.Creates, table: w.Table, procedure: w.Procedure},
	}
	if err := c.fillBody(ctx, &q, w); err != nil {
		return nil, err
	}
	var told []json.RawMessage
	_, err := c.client.get(ctx, q, func(body []byte) error {
		if len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) { // who knows whose answer this is
			return cutShort(errors.New("no JSON"))
		}
		told = c.toldBy(body, w, columns, values)
		return nil
	})
	if err == nil && w.Table.Writes.Refreshes {
		c.schemas.forget()
	}
	return told, err
}

// fillBody makes the body of the call. A PUT of the whole begins with the row as
// it is, so that members which no column shows stay.
func (c *Directory) fillBody(ctx context.Context, q *call, w change.Call) error {
	if w.Body == nil {
		return nil
	}
	body := map[string]any{}
	if w.Whole {
		if err := c.readWhole(ctx, q, w, &body); err != nil {
			return err
		}
	}
	for _, m := range wholesFirst(w.Body) {
		if m.Place == "." {
			if err := decodeObject(m.Value, &body); err != nil || body == nil {
				return gwerr.New(gwerr.InvalidValue, "The call takes a JSON object.", "")
			}
			continue
		}
		set(body, m, w.Whole)
	}
	if w.Whole {
		if err := keepsSecrets(body, w); err != nil {
			return err
		}
	}
	var err error
	if q.change.body, err = json.Marshal(body); err != nil {
		return gwerr.Wrap(gwerr.Internal, err, "The call's body could not be made.", "")
	}
	return nil
}

// readWhole reads the row as it is, without what PingOne alone sets.
func (c *Directory) readWhole(ctx context.Context, q *call, w change.Call, to *map[string]any) error {
	if err := c.readAgain(ctx, q, w, to); err != nil {
		return err
	}
	for _, name := range append([]string{"_links", "_embedded"}, w.Table.Writes.Without...) {
		delete(*to, name)
	}
	return nil
}

func (c *Directory) readAgain(ctx context.Context, q *call, w change.Call, to *map[string]any) error {
	group := cmp.Or(w.Table.Group, groupConfiguration)
	if !w.Listed {
		read := call{address: q.address, endpoint: q.endpoint, group: group, permission: q.permission}
		_, err := c.client.get(ctx, read, func(raw []byte) error { return decodeObject(raw, to) })
		return err
	}
	path := &w.Table.Paths[0]
	items, err := c.collect(ctx, listing{
		address: addressOf(path.List, map[string]string{environmentColumn: w.Table.Schema.ID}), items: path.Items, endpoint: path.Endpoint, group: group, permission: q.permission,
	})
	if err != nil {
		return err
	}
	for _, raw := range items {
		var item struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &item) == nil && item.ID == w.Keys["Id"] {
			return decodeObject(raw, to)
		}
	}
	return gwerr.Newf(gwerr.NotFound, "There is no such row of %s any more.", w.Table.Name)
}

// decodeObject keeps numbers as they were written.
func decodeObject(raw []byte, to *map[string]any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		return gwerr.Wrap(gwerr.UpstreamCutShort, notEOF(err), "PingOne's answer is cut short or not valid JSON.", "Try again.")
	}
	return nil
}

// wholesFirst puts objects before what has a column of its own within them.
func wholesFirst(body []change.Member) []change.Member {
	depth := func(m change.Member) int {
		if m.Place == "." { // the body itself
			return 0
		}
		return len(splitPath(m.Place))
	}
	return slices.SortedStableFunc(slices.Values(body), func(a, b change.Member) int { return cmp.Compare(depth(a), depth(b)) })
}

// set puts a member in its place. A null takes it out of a whole row, where what
// is left out is cleared, and stands as null elsewhere.
func set(body map[string]any, m change.Member, whole bool) {
	place, element, list := strings.Cut(splitAt(m.Place, "|")[0], "[].")
	names := splitPath(place)
	at := body
	for _, name := range names[:len(names)-1] {
		inner := object(at[name])
		if inner == nil {
			if m.Value == nil && whole {
				return // it is not there
			}
			inner = map[string]any{}
		}
		at[name] = inner
		at = inner
	}
	last := names[len(names)-1]
	switch {
	case m.Value == nil && whole:
		delete(at, last)
	case m.Value == nil:
		at[last] = nil
	case list:
		at[last] = elements(m.Value, element)
	default:
		at[last] = m.Value
	}
}

// object is what stands at a place if it is an object, as it was read or as it was
// written for the change; nil if it is none.
func object(value any) map[string]any {
	switch v := value.(type) {
	case map[string]any:
		return v
	case json.RawMessage:
		var out map[string]any
		if decodeObject(v, &out) == nil {
			return out
		}
	}
	return nil
}

// elements makes an object of each text of a list.
func elements(value json.RawMessage, member string) []any {
	var texts []json.RawMessage
	_ = json.Unmarshal(value, &texts) // a list by its column's type
	out := make([]any, len(texts))
	for i, t := range texts {
		made := map[string]any{}
		set(made, change.Member{Place: member, Value: t}, false)
		out[i] = made
	}
	return out
}

// toldBy gives what an answer says of the columns; nil where it is no such row.
func (c *Directory) toldBy(body []byte, w change.Call, columns []int, values map[string]string) []json.RawMessage {
	if len(bytes.TrimSpace(body)) == 0 || len(columns) == 0 {
		return nil
	}
	path := &catalog.Path{}
	for i := range w.Table.Paths {
		if p := &w.Table.Paths[i]; p.Get != "" {
			path = p
			break
		}
	}
	s := shapeOf(w.Table, path, columns, nil)
	s.layout.items = ""
	s.layout.forgive(0)
	d := newDecoder(s.layout, memory.DefaultAllocator)
	defer d.release()
	p, err := d.decode(body)
	if err != nil || p.rows != 1 {
		p.release()
		return nil
	}
	defer p.release()
	rec := s.assemble(p, 0, 1, values, nil)
	defer rec.Release()
	return change.Cells(rec, 0, w.Table, columns)
}

// writeGroup is the rate-limit group of a table's writes.
func writeGroup(t *catalog.Table) string {
	switch t.Group {
	case groupDirectory:
		return groupDirectoryWrite
	case "":
		return groupConfiguration
	}
	return t.Group
}

// changing is what a call writes.
type changing struct {
	method, mediaType string
	body              []byte
	// creates is true where a repetition would make a second row.
	creates bool
	// table is what is changed, or the signature of a procedure.
	table     *catalog.Table
	procedure bool
}

// reader gives the body anew for each attempt.
func (w *changing) reader() *bytes.Reader {
	if w == nil {
		return bytes.NewReader(nil)
	}
	return bytes.NewReader(w.body)
}

func (w *changing) setType(h http.Header) {
	switch {
	case w != nil && w.mediaType != "": // without a body it says what to do
		h.Set("Content-Type", w.mediaType)
	case w != nil && w.body != nil:
		h.Set("Content-Type", "application/json")
	}
}
