package exec

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// driven is one read in the making: planned, reduced by others' keys, and read
// already if it gave keys itself.
type driven struct {
	read *plan.Read
	keys predicate.Expr
	rows scan.Rows
	// done is true once the read has given its keys, or can't; asked once it was
	// planned with all sizes that it hangs on.
	done, asked bool
}

// drive plans the accesses and lets keys flow from narrow reads to wide ones:
// the cheapest read that can reduce another goes first, and what it reduces is
// planned again with the keys. Sizes are asked for only where they decide.
func (x *Executor) drive(ctx context.Context, m mergedQuery) (all []*driven, err error) {
	defer func() {
		if err != nil {
			closeAll(all)
		}
	}()
	start := x.config.Now()
	for i := range m.Accesses {
		r, err := x.planner.Silent().Read(ctx, withLinkKeys(m, i), nil)
		if err != nil {
			return all, err
		}
		all = append(all, &driven{read: r})
	}
	x.phase(ctx, "plan", start)
	for {
		next := nextDriver(m, all, x.config.MaxDriveRows)
		if next < 0 {
			return all, x.settle(ctx, all)
		}
		if all[next].unsure() {
			if err := x.ask(ctx, all[next]); err != nil {
				return all, err
			}
			continue
		}
		if err := x.driveFrom(ctx, m, all, next); err != nil {
			return all, err
		}
	}
}

// unsure reports whether a read may turn out to be of any size.
func (d *driven) unsure() bool {
	return !d.asked && !d.read.Estimate.Known && d.read.Pushed == predicate.True && d.read.Access.Soon() == 0 && d.read.Estimate.Calls > 1
}

// ask plans a read with the sizes that its price hangs on.
func (x *Executor) ask(ctx context.Context, d *driven) error {
	r, err := x.planner.Asking(ctx).Read(ctx, d.read.Access, d.keys)
	if err != nil {
		return err
	}
	r.DrivenBy, d.asked = d.read.DrivenBy, true
	d.read = r
	return nil
}

// settle plans the reads that nothing reduced with leave to ask.
func (x *Executor) settle(ctx context.Context, all []*driven) error {
	for _, d := range all {
		if d.done || d.rows != nil || d.asked || d.read.Estimate.Known || d.keys != nil {
			continue
		}
		r, err := x.planner.Read(ctx, d.read.Access, nil)
		if err != nil {
			return err
		}
		d.read = r
	}
	return nil
}

// nextDriver picks the cheapest read that may reduce a dearer one.
func nextDriver(m mergedQuery, all []*driven, maxRows int64) int {
	best := -1
	for i, d := range all {
		if d.done || d.wanted() > maxRows || !reducesDearer(m, all, i) {
			continue
		}
		if best < 0 || d.read.Estimate.Less(all[best].read.Estimate) {
			best = i
		}
	}
	return best
}

func reducesDearer(m mergedQuery, all []*driven, from int) bool {
	for _, e := range edges(m, from) {
		to := all[e.to]
		if to.done || to.rows != nil || to.read.Empty {
			continue
		}
		cost, own := to.read.Estimate, all[from].read.Estimate
		if cost.Calls >= own.Calls && (cost.Calls > 1 || cost.Rows > wider*own.Rows) || !to.read.Estimate.Known && shares(all[from].read, to.read, e) {
			return true
		}
	}
	return false
}

// edge is a direction in which keys may flow.
type edge struct {
	to         int
	fromColumn string
	toColumn   string
}

func edges(m mergedQuery, from int) []edge {
	var out []edge
	for _, j := range m.Joins {
		if j.Left == from && j.ReduceRight {
			out = append(out, edge{to: j.Right, fromColumn: j.LeftColumn, toColumn: j.RightColumn})
		}
		if j.Right == from && j.ReduceLeft {
			out = append(out, edge{to: j.Left, fromColumn: j.RightColumn, toColumn: j.LeftColumn})
		}
	}
	return out
}

// driveFrom reads one access and plans those it reduces again.
func (x *Executor) driveFrom(ctx context.Context, m mergedQuery, all []*driven, from int) error {
	d := all[from]
	d.done = true
	d.read.Request.Shared = links(m, all, from)
	rows, err := x.open(ctx, d.read, "")
	if err != nil {
		return err
	}
	held, complete, err := hold(ctx, rows, x.config.MaxDriveRows, firstOf(d.read.Access))
	d.rows = held
	if err != nil || !complete {
		return err
	}
	d.read = carriedOut(rows, d.read)
	if d.read.Whole() {
		x.sizes.learn(d.read.Request.Table, held.held)
	}
	out := edges(m, from)
	for _, e := range out {
		to := all[e.to]
		if to.done || to.rows != nil {
			continue
		}
		keys, ok := distinct(held.held, d.read.Access.Table, to.read.Access.Table, e, within(out, e, d.read, to.read))
		if !ok {
			continue
		}
		l := link(d.read, e, held.held)
		if err := x.reduce(ctx, d, to, keys, l, e); err != nil {
			return err
		}
	}
	return nil
}

// reduce plans a read again with keys, or by the listing that the link was read
// by, and keeps the cheapest plan.
func (x *Executor) reduce(ctx context.Context, from, to *driven, keys predicate.Expr, l *plan.Link, e edge) error {
	access := to.read.Access
	if all := from.read.Over(access.Table, e.fromColumn); all != "" {
		// Its own reading of the same rows tells which of them have nothing.
		access.Path, keys = all, nil
	}
	keys = predicate.AllOf(to.keys, keys)
	r, err := x.planner.Silent().Read(ctx, access, keys)
	if err != nil {
		return err
	}
	r.Access.Path = to.read.Access.Path
	if path := l.Lists(to.read.Access.Table, e.toColumn); path != nil && !r.Empty {
		through, err := x.planner.Through(ctx, to.read.Access, keys, l, path)
		if err != nil {
			return err
		}
		if through.Estimate.Calls < r.Estimate.Calls {
			r = through
		}
	}
	if r.Estimate.Calls > fewCalls && r.Estimate.Calls*surely > to.read.Estimate.Calls && to.unsure() {
		if err := x.ask(ctx, to); err != nil {
			return err
		}
	}
	if !r.Empty && !r.Estimate.Less(to.read.Estimate) {
		return nil
	}
	r.DrivenBy = append(append([]string(nil), to.read.DrivenBy...), drivenBy(from.read.Access, e.fromColumn))
	to.read, to.keys = r, keys
	return nil
}

func drivenBy(a query.Access, column string) string {
	name := cmp.Or(a.Alias, a.Table.Name)
	return fmt.Sprintf("%s.%s", name, column)
}

// within reports whether an edge joins rows of the same environment alone, of tables
// that have the rows of several.
func within(all []edge, e edge, from, to *plan.Read) bool {
	return from.Access.Table.Members != nil && to.Access.Table.Members != nil && slices.ContainsFunc(all, func(o edge) bool {
		return o.to == e.to && o.fromColumn == catalog.EnvironmentID && o.toColumn == catalog.EnvironmentID
	})
}

// distinct gives the condition that the target column has one of the values found,
// within an environment one of those found there; ok is false where the columns'
// types don't let keys be compared.
func distinct(held []scan.Batch, from, to *catalog.Table, e edge, within bool) (predicate.Expr, bool) {
	source, target := from.Column(e.fromColumn), to.Column(e.toColumn)
	if source == nil || target == nil || !flows(source.Type, target.Type) {
		return nil, false
	}
	type found struct {
		at    string
		value predicate.Value
	}
	var environments []string
	seen, values := map[found]bool{}, map[string][]predicate.Value{}
	for _, b := range held {
		value, n := keysOf(b, source.Name, target.Type)
		environment := texts(b, catalog.EnvironmentID)
		if value == nil || within && environment == nil {
			return nil, false
		}
		for i := range n {
			v, ok := value(i)
			f := found{value: v}
			if within {
				f.at = environment.Value(i)
			}
			if !ok || seen[f] {
				continue
			}
			seen[f] = true
			if values[f.at] == nil {
				environments = append(environments, f.at)
			}
			values[f.at] = append(values[f.at], v)
		}
	}
	var parts []predicate.Expr
	for _, at := range environments {
		part := predicate.Expr(predicate.In{Column: target.Name, Values: values[at]})
		if within {
			part = predicate.AllOf(predicate.Cmp{Column: catalog.EnvironmentID, Op: predicate.Eq, Value: predicate.UUIDValue(at)}, part)
		}
		parts = append(parts, part)
	}
	return predicate.AnyOf(parts...), true
}

// texts is a column of texts, nil where there is none of that name.
func texts(b scan.Batch, name string) *array.String {
	at := b.Record.Schema().FieldIndices(name)
	if len(at) != 1 {
		return nil
	}
	col, _ := b.Record.Column(at[0]).(*array.String)
	return col
}

// keysOf gives the values of a column as keys of another one of that type, by row;
// false for null. n is the number of rows; value is nil where there is no such column.
func keysOf(b scan.Batch, name string, of catalog.Type) (value func(int) (predicate.Value, bool), n int) {
	at := b.Record.Schema().FieldIndices(name)
	if len(at) != 1 {
		return nil, 0
	}
	switch col := b.Record.Column(at[0]).(type) {
	case *array.String:
		return func(i int) (predicate.Value, bool) {
			return predicate.Value{Kind: of.Kind(), Str: col.Value(i)}, col.IsValid(i)
		}, col.Len()
	case *array.Int64:
		return func(i int) (predicate.Value, bool) { return predicate.IntValue(col.Value(i)), col.IsValid(i) }, col.Len()
	case *array.Int32:
		return func(i int) (predicate.Value, bool) { return predicate.IntValue(int64(col.Value(i))), col.IsValid(i) }, col.Len()
	}
	return nil, 0
}

// flows reports whether values of a column of one type are keys of another's: both
// are texts, or whole numbers.
func flows(from, to catalog.Type) bool {
	return text(from) && text(to) || from.Kind() == predicate.Int && to.Kind() == predicate.Int
}

func text(t catalog.Type) bool { return t == catalog.String || t == catalog.GUID }

func closeAll(all []*driven) {
	for _, d := range all {
		if d.rows != nil {
			d.rows.Close()
		}
	}
}
