package exec

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// fewCalls is the number of calls that are made without asking whether
	// another plan would need fewer.
	fewCalls = 8
	// wider is how many times as many rows make it worth waiting for keys, where
	// they save no call.
	wider = 10
	// surely is how many times cheaper a plan must look than one of unknown
	// cost to be taken without asking.
	surely = 4
	// sharedRows is the number of rows whose answers find room beside each other
	// until the reading that shares them comes.
	sharedRows = 1500
)

// withLinkKeys is an access that reads, besides its columns, the keys of the
// paths by which its table's rows link others.
func withLinkKeys(m mergedQuery, i int) query.Access {
	a := m.Accesses[i]
	if len(edges(m, i)) == 0 || a.Table.ManyToMany == nil {
		return a
	}
	a.Columns = slices.Clone(a.Columns)
	for p := range a.Table.Paths {
		path := &a.Table.Paths[p]
		for _, key := range path.Keys {
			if at := a.Table.Index(key); path.Filter != "" && at >= 0 && !slices.Contains(a.Columns, at) {
				a.Columns = append(a.Columns, at)
			}
		}
	}
	return a
}

// links reports whether the read's answers hold rows of a table that it may
// reduce.
func links(m mergedQuery, all []*driven, from int) bool {
	return slices.ContainsFunc(edges(m, from), func(e edge) bool {
		return !all[e.to].done && shares(all[from].read, all[e.to].read, e)
	})
}

// shares reports whether one read's answers hold the rows of the other.
func shares(from, to *plan.Read, e edge) bool {
	l := &plan.Link{Read: from, Column: e.fromColumn}
	path := l.Lists(to.Access.Table, e.toColumn)
	return path != nil && l.Alike(path)
}

// listing is the path whose keys say what a read asks.
func listing(r *plan.Read) *catalog.Path {
	path := r.Request.Path
	if path != nil && path.Parent != nil {
		path = r.Request.Table.Path(path.Parent.Path)
	}
	return path
}

// link is a read whose rows are held, as a way to rows of the table at the other
// end of the edge.
func link(from *plan.Read, e edge, held []scan.Batch) *plan.Link {
	l := &plan.Link{Read: from, Column: e.fromColumn}
	path := listing(from)
	if path == nil {
		return nil
	}
	apart := l.Tells(path)
	all, each := newTuples(), map[string]*tuples{}
	for _, b := range held {
		l.Rows += b.Record.NumRows()
		columns := make([]*array.String, len(path.Keys))
		for i, key := range path.Keys {
			if columns[i] = texts(b, key); columns[i] == nil {
				return nil
			}
		}
		var values *array.String
		if apart {
			values = texts(b, path.Variant.Column)
			apart = values != nil
		}
		for row := range int(b.Record.NumRows()) {
			all.add(columns, row)
			if values == nil {
				continue
			}
			v := values.Value(row)
			if each[v] == nil {
				each[v] = newTuples()
			}
			each[v].add(columns, row)
		}
	}
	l.Keys = all.list
	if apart {
		l.Apart = map[string][][]string{}
		for v, some := range each {
			l.Apart[v] = some.list
		}
	}
	l.Shared = from.Request.Shared && l.Rows <= sharedRows && apart == l.Tells(path)
	return l
}

// tuples are different values of a path's keys.
type tuples struct {
	list [][]string
	seen map[string]bool
}

func newTuples() *tuples { return &tuples{seen: map[string]bool{}} }

// add takes those of a row, unless they were there before.
func (t *tuples) add(columns []*array.String, row int) {
	tuple, text := make([]string, len(columns)), ""
	for i := range columns {
		tuple[i] = columns[i].Value(row)
		text += tuple[i] + "\x00"
	}
	if !t.seen[text] {
		t.seen[text] = true
		t.list = append(t.list, tuple)
	}
}
