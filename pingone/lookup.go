package pingone

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// lookupChunk is the number of keys that one filter of a lookup names.
const lookupChunk = 40

// lookups are columns that come from rows of other tables, read beside the
// scan itself.
type lookups struct {
	// columns gives the lookup of each column that the request wants.
	columns map[string]catalog.Lookup
	// values holds, by column and key, what was found; ready is closed once it
	// is complete or err is set.
	values map[string]map[string]string
	ready  chan struct{}
	// rows holds what rows refer to, by column and key; mu guards it.
	rows   map[string]map[string]string
	mu     sync.Mutex
	err    error
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

// wanted gives the lookups of the columns that the request wants.
func (j *job) wanted() *lookups {
	l := &lookups{
		columns: map[string]catalog.Lookup{}, ready: make(chan struct{}),
		values: map[string]map[string]string{}, rows: map[string]map[string]string{},
	}
	for _, s := range j.shape.slots {
		if look, ok := j.path.Lookup[s.name]; ok && s.from == fromConstant {
			l.columns[s.name] = look
		}
	}
	return l
}

// noLookups is for runs whose parent's row has what they look up.
func (j *job) noLookups() *lookups {
	l := j.wanted()
	close(l.ready)
	return l
}

// startLookups begins to read what the keys of the request refer to.
func (j *job) startLookups(ctx context.Context, keys [][]string) *lookups {
	l := j.wanted()
	ctx, l.cancel = context.WithCancel(ctx)
	if len(l.columns) == 0 || len(keys) == 0 {
		close(l.ready)
		return l
	}
	l.wait.Go(func() {
		defer close(l.ready)
		l.err = safely.Do(ctx, j.cfg.Sink, observe.InLookup, func() error { return j.lookUpAll(ctx, l, keys) })
	})
	return l
}

func (j *job) lookUpAll(ctx context.Context, l *lookups, keys [][]string) (err error) {
	for column, look := range l.columns {
		if l.values[column], err = j.lookUp(ctx, look, j.keysOf(look.Key, keys)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lookups) stop() {
	l.cancel()
	l.wait.Wait()
}

// fill adds the looked-up columns of a run to its constants.
func (l *lookups) fill(ctx context.Context, constants map[string]string) (map[string]string, error) {
	missing := false
	for column := range l.columns {
		if _, ok := constants[column]; !ok {
			missing = true
		}
	}
	if !missing {
		return constants, nil
	}
	select {
	case <-l.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.err != nil {
		return nil, l.err
	}
	out := make(map[string]string, len(constants)+len(l.columns))
	maps.Copy(out, constants)
	for column, look := range l.columns {
		if v, ok := l.values[column][constants[look.Key]]; ok {
			out[column] = v
		}
	}
	return out, nil
}

// referred looks up what the rows of a page refer to by a key of their own. What
// one run found serves the others.
func (j *job) referred(ctx context.Context, p page, ranges [][2]int) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, s := range j.shape.slots {
		if s.from != fromLookup {
			continue
		}
		texts, missing := j.lookups.known(s.name, p.arrays[s.at], ranges)
		if len(missing) > 0 {
			found, err := j.lookUp(ctx, j.path.Lookup[s.name], missing)
			if err != nil {
				return nil, err
			}
			maps.Copy(texts, found)
			j.lookups.keep(s.name, found)
		}
		out[s.name] = texts
	}
	return out, nil
}

// known gives what keys refer to, and those of which it is not known.
func (l *lookups) known(column string, keys arrow.Array, ranges [][2]int) (texts map[string]string, missing []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	texts = map[string]string{}
	unknown := map[string]bool{}
	for _, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			key := keys.ValueStr(i)
			if text, ok := l.rows[column][key]; ok {
				texts[key] = text
			} else if keys.IsValid(i) {
				unknown[key] = true
			}
		}
	}
	return texts, slices.Sorted(maps.Keys(unknown))
}

func (l *lookups) keep(column string, found map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows[column] == nil {
		l.rows[column] = map[string]string{}
	}
	maps.Copy(l.rows[column], found)
}

// keysOf gives the different values of a key column.
func (j *job) keysOf(column string, tuples [][]string) []string {
	at := slices.Index(j.path.Keys, column)
	var out []string
	seen := map[string]bool{}
	for _, t := range tuples {
		if at >= 0 && !seen[t[at]] {
			seen[t[at]] = true
			out = append(out, t[at])
		}
	}
	return out
}

// lookUp reads a column of other rows by their key.
func (j *job) lookUp(ctx context.Context, look catalog.Lookup, keys []string) (map[string]string, error) {
	t, ok := j.table.Schema.Table(look.Table)
	if !ok {
		return nil, gwerr.Newf(gwerr.Internal, "The schema of %s has no table %s.", j.table.Name, look.Table)
	}
	r, ok := lookupRequest(t, look, keys, len(keys) == 1)
	if !ok {
		return nil, gwerr.Newf(gwerr.Internal, "Table %s can't be read by %s.", t.Name, look.By)
	}
	found, err := j.pairs(ctx, r, len(keys))
	if refusedFilter(err) {
		if r, ok = lookupRequest(t, look, keys, true); ok {
			found, err = j.pairs(ctx, r, len(keys))
		}
	}
	return found, err
}

// pairs reads a request of two columns, a key and a text.
func (j *job) pairs(ctx context.Context, r scan.Request, expected int) (map[string]string, error) {
	r.Bulk = j.req.Bulk
	out := make(map[string]string, expected)
	err := j.eachRow(ctx, r, func(rec arrow.RecordBatch, i int) error {
		if rec.Column(0).IsValid(i) && rec.Column(1).IsValid(i) {
			out[strings.Clone(rec.Column(0).ValueStr(i))] = strings.Clone(rec.Column(1).ValueStr(i))
		}
		return nil
	})
	return out, err
}

// eachRow reads a request whose rows are looked at here.
func (c *Directory) eachRow(ctx context.Context, r scan.Request, look func(rec arrow.RecordBatch, i int) error) error {
	rows, err := c.Scan(ctx, r)
	if err != nil {
		return err
	}
	return scan.Each(ctx, rows, func(rec arrow.RecordBatch) error {
		for i := range int(rec.NumRows()) {
			if err := look(rec, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// lookupRequest reads rows by a filter or, if singly, one by one where that
// can be; several of a table that one call reads whole, by that.
func lookupRequest(t *catalog.Table, look catalog.Lookup, keys []string, singly bool) (scan.Request, bool) {
	r := scan.Request{Table: t, Columns: []int{t.Index(look.By), t.Index(look.Column)}}
	for i := range t.Paths {
		p := &t.Paths[i]
		if p.Whole() && len(keys) > 1 {
			r.Path, r.Keys, r.Filters = p, nil, nil
			break
		}
		if p.Get != "" && len(p.Keys) == 1 && p.Keys[0] == look.By && (r.Path == nil || singly) {
			r.Path, r.Filters, r.Keys = p, nil, nil
			for _, k := range keys {
				r.Keys = append(r.Keys, []string{k})
			}
		}
		f, ok := p.Filters[look.By]
		if ok && p.Or && len(p.Keys) == 0 && len(f.Operators) > 0 && f.Operators[0] == predicate.OpEq && (r.Path == nil || !singly) {
			r.Path, r.Keys, r.Filters = p, nil, chains(keys, lookupChunk, func(k string) string { return f.Attribute + " eq " + scim.Quote(k) })
		}
	}
	return r, r.Path != nil
}

// chains joins conditions on values with or, n at a time.
func chains(values []string, n int, one func(string) string) []string {
	var out []string
	for chunk := range slices.Chunk(values, n) {
		parts := make([]string, len(chunk))
		for i, v := range chunk {
			parts[i] = one(v)
		}
		out = append(out, strings.Join(parts, " or "))
	}
	return out
}
