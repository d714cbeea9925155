package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// maxFeedBytes bounds what a page reads of a feed.
const maxFeedBytes = 8 << 20

// feed is a page of a feed, as a client reads it.
type feed struct {
	Rows []entity
	// Next is the address of the next page, "" if there is none.
	Next string
	// Count is the number of all rows, "" where the address doesn't ask for it.
	Count string
	Notes string
}

// entity is a row: its members in the feed's order, without annotations.
type entity []member

type member struct {
	name  string
	value json.RawMessage
}

// get is the value of a member, nil where the row has none.
func (e entity) get(name string) json.RawMessage {
	for _, m := range e {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (e entity) names() (out []string) {
	for _, m := range e {
		out = append(out, m.name)
	}
	return out
}

type caughtKey struct{}

// caught keeps the error that a feed ended with.
type caught struct{ err error }

// Caught keeps an error of a feed for the page that reads it. Others have no use for it.
func Caught(ctx context.Context, err error) {
	if c, ok := ctx.Value(caughtKey{}).(*caught); ok && c.err == nil {
		c.err = err
	}
}

// read asks for a page of the feed at the page's own address, with a query.
func (p *page) read(rawQuery string, rows int) (*feed, error) {
	kept := &caught{}
	r := p.r.Clone(context.WithValue(p.r.Context(), caughtKey{}, kept))
	r.Method, r.URL.RawQuery = http.MethodGet, rawQuery
	for _, name := range []string{"If-None-Match", "If-Match", "Range", "X-Query-Plan", "Isolation", "OData-Isolation"} {
		r.Header.Del(name)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("OData-MaxVersion", "4.01")
	r.Header.Set("Prefer", "maxpagesize="+strconv.Itoa(rows))
	w := &answer{header: http.Header{}}
	func() {
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // a panic's value
				panic(v)
			}
		}()
		p.cfg.Feeds.ServeHTTP(w, r)
	}()
	switch {
	case kept.err != nil:
		return nil, kept.err
	case w.full:
		return nil, gwerr.New(gwerr.TooLarge, "These rows are too large to be shown.", "Choose fewer columns, or expand less.")
	case w.status != http.StatusOK:
		return nil, gwerr.Newf(gwerr.Internal, "The feed answered the page with %d.", w.status)
	}
	return readFeed(w.body.Bytes(), w.header.Get(query.NotesHeader))
}

// answer keeps what a feed sends.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	full   bool
}

// Header implements http.ResponseWriter.
func (w *answer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *answer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *answer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.full = w.full || w.body.Len()+len(b) > maxFeedBytes; w.full {
		return 0, errors.New("console: too much for a page")
	}
	return w.body.Write(b)
}

// readFeed reads a collection of OData's JSON.
func readFeed(body []byte, notes string) (*feed, error) {
	var document entity
	if err := json.Unmarshal(body, &document); err != nil {
		return nil, gwerr.Wrap(gwerr.Internal, err, "The page could not read the feed.", "")
	}
	f := &feed{Notes: notes}
	for _, m := range document {
		var err error
		switch {
		case m.name == "value":
			err = json.Unmarshal(m.value, &f.Rows)
		case annotation(m.name, "nextLink"):
			err = json.Unmarshal(m.value, &f.Next)
		case annotation(m.name, "count"):
			f.Count = string(m.value)
		}
		if err != nil {
			return nil, gwerr.Wrap(gwerr.Internal, err, "The page could not read the feed.", "")
		}
	}
	for i, row := range f.Rows {
		f.Rows[i] = row.properties()
	}
	return f, nil
}

// annotation reports whether a name is that of OData's own member, of either version.
func annotation(name, own string) bool { return name == "@"+own || name == "@odata."+own }

// properties are the members without annotations.
func (e entity) properties() entity {
	return slices.DeleteFunc(e, func(m member) bool { return strings.Contains(m.name, "@") })
}

// UnmarshalJSON implements json.Unmarshaler; it keeps the order of the members.
func (e *entity) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("console: no object"))
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		m := member{}
		m.name, _ = t.(string)
		if err := d.Decode(&m.value); err != nil {
			return err
		}
		*e = append(*e, m)
	}
	return nil
}
