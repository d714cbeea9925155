package pingone

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Scan starts reading. Errors of the request itself are returned at once, as
// gwerr.BadContinuation or gwerr.Internal; everything that a call can meet
// comes from the stream.
func (c *Directory) Scan(ctx context.Context, r scan.Request) (scan.Batches, error) {
	if err := c.check(r); err != nil {
		return nil, err
	}
	j := c.newJob(r)
	if j.answersAtOnce() {
		return startAlone(ctx, j), nil
	}
	room := 0
	if !sequential(r) {
		room = 2
	}
	return start(ctx, c.cfg.Sink, room, j.quota, j.produce), nil
}

// check refuses requests that don't fit their path.
func (c *Directory) check(r scan.Request) error {
	switch {
	case r.Table == nil || r.Path == nil:
		return gwerr.New(gwerr.Internal, "A scan names no table or path.", "")
	case r.Table.Scope == catalog.PerEnvironment && (r.Table.Schema == nil || r.Table.Schema.ID == ""):
		return gwerr.New(gwerr.Internal, "A scan of an environment's table names no environment.", "")
	case r.Path.Parent != nil:
		return c.checkParent(r)
	case len(r.Path.Keys) > 0 && len(r.Keys) == 0:
		return gwerr.Newf(gwerr.Internal, "The path %s of %s needs values of %s.", r.Path.Name, r.Table.Name, strings.Join(r.Path.Keys, ", "))
	}
	for _, k := range r.Keys {
		if len(k) != len(r.Path.Keys) {
			return gwerr.Newf(gwerr.Internal, "The path %s of %s needs values of %s.", r.Path.Name, r.Table.Name, strings.Join(r.Path.Keys, ", "))
		}
	}
	if r.Resume != "" {
		return c.checkResume(r)
	}
	return nil
}

func (c *Directory) checkParent(r scan.Request) error {
	if r.Table.Path(r.Path.Parent.Path) == nil || r.Table.Schema == nil {
		return gwerr.Newf(gwerr.Internal, "The path %s of %s has no child path.", r.Path.Name, r.Table.Name)
	}
	if _, ok := r.Table.Schema.Table(r.Path.Parent.Table); !ok {
		return gwerr.Newf(gwerr.Internal, "The schema of %s has no table %s.", r.Table.Name, r.Path.Parent.Table)
	}
	if r.Resume != "" {
		return badContinuation()
	}
	return nil
}

// checkResume makes sure that a cursor belongs to what is read: it comes from
// a client.
func (c *Directory) checkResume(r scan.Request) error {
	if !sequential(r) {
		return badContinuation()
	}
	j := &job{Directory: c, req: r, table: r.Table, path: r.Path}
	at := fromCursor(r.Resume)
	if at.query == "" || at.path != j.place(r.Path.List, firstKey(r)).path {
		return badContinuation()
	}
	return nil
}

func badContinuation() error {
	return gwerr.New(gwerr.BadContinuation, "The place to continue at does not belong to this reading.", "Start reading again from the first page.")
}

// sequential reports whether one cursor goes through all rows of the request.
func sequential(r scan.Request) bool {
	return r.Path.List != "" && !r.Partition && len(r.Filters) <= 1 && len(r.Keys) <= 1 && len(r.VariantsRead()) <= 1
}

func firstKey(r scan.Request) []string {
	if len(r.Keys) == 0 {
		return nil
	}
	return r.Keys[0]
}

// produce carries the request out.
func (j *job) produce(ctx context.Context, out sink) error {
	j.lookups = j.startLookups(ctx, j.req.Keys)
	defer j.lookups.stop()
	switch {
	case j.path.Parent != nil:
		return j.children(ctx, out)
	case j.divides():
		return j.divided(ctx, out)
	case len(j.req.Keys) > 0:
		return j.each(ctx, out)
	default:
		return j.run(ctx, out, nil, nil)
	}
}

// each handles the keys of the request, many at a time.
func (j *job) each(ctx context.Context, out sink) error {
	if len(j.req.Keys) == 1 {
		return j.runShown(ctx, out, j.req.Keys[0])
	}
	f := j.fan(ctx, out)
	for _, key := range j.req.Keys {
		if !f.add(func(ctx context.Context, out sink) error { return j.runShown(ctx, out, key) }) {
			break
		}
	}
	return f.wait()
}

// run reads the row or the collection of one key, by all filters and variants.
// more are further constants.
func (j *job) run(ctx context.Context, out sink, key []string, more map[string]string) error {
	constants := j.constants(key)
	maps.Copy(constants, more)
	if j.path.Get != "" {
		return j.one(ctx, out, key, constants)
	}
	if v := j.req.VariantsRead(); len(v) > 0 {
		return j.byVariant(ctx, out, key, v, constants)
	}
	if len(j.req.Filters) <= 1 {
		return j.collection(ctx, out, key, constants, first(j.req.Filters), j.seen)
	}
	seen := j.seen
	if seen == nil {
		seen = newDistinct()
	}
	f := j.fan(ctx, out)
	for _, filter := range j.req.Filters {
		if !f.add(func(ctx context.Context, out sink) error { return j.collection(ctx, out, key, constants, filter, seen) }) {
			break
		}
	}
	return f.wait()
}

// collection reads a collection by one filter. seen are the rows of others.
func (j *job) collection(ctx context.Context, out sink, key []string, constants map[string]string, filter string, seen *distinct) error {
	if j.slices() {
		return j.sliced(ctx, out, key, constants, filter, seen)
	}
	if j.req.Constant() && seen == nil && j.req.Resume == "" && j.quota.few() == 0 {
		if done, err := j.counted(ctx, out, key, constants, filter); done || err != nil {
			return err
		}
	}
	w := j.walkOf(key, "", filter)
	w.after = j.req.Resume
	r := reading{job: j, walk: w, seen: seen}
	_, err := r.read(ctx, j.to(out, constants))
	return err
}

// one reads a single row by its key.
func (j *job) one(ctx context.Context, out sink, key []string, constants map[string]string) error {
	r := reading{job: j, walk: walk{address: j.place(j.path.Get, key)}}
	p, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer p.release()
	if p.rows == 0 {
		return nil
	}
	return j.hand(ctx, out, p, [][2]int{{0, p.rows}}, constants, "")
}

func (j *job) walkOf(key []string, variant string, more ...string) walk {
	return walk{address: j.place(j.path.List, key), filter: j.condition(key, variant, more...), page: j.pageSize()}
}

func (j *job) pageSize() int {
	if j.req.Page > 0 {
		return j.req.Page
	}
	return j.path.Page
}

// byVariant reads the variants side by side and hands them on in order of
// precedence, each without the rows of those before.
func (j *job) byVariant(ctx context.Context, out sink, key, values []string, constants map[string]string) error {
	g, ctx := safely.NewGroup(ctx, j.cfg.Sink, observe.InScan)
	streams := make([]chan page, len(values))
	for i, value := range values {
		streams[i] = make(chan page)
		g.Go(func() error {
			defer close(streams[i])
			r := reading{job: j, walk: j.walkOf(key, value, j.req.Filters...)}
			_, err := r.read(ctx, func(ctx context.Context, p page, ranges [][2]int, _ string) error {
				if len(ranges) == 0 {
					return nil
				}
				kept := p.retain()
				select {
				case streams[i] <- kept:
					return nil
				case <-ctx.Done():
					kept.release()
					return ctx.Err()
				}
			})
			return err
		})
	}
	g.Go(func() error { return j.merge(ctx, out, values, streams, constants) })
	return g.Wait()
}

func (j *job) merge(ctx context.Context, out sink, values []string, streams []chan page, constants map[string]string) error {
	seen := newDistinct()
	for i, value := range values {
		mine := maps.Clone(constants)
		mine[j.path.Variant.Column] = value
		wanted := len(j.req.Variants) == 0 || slices.Contains(j.req.Variants, value)
		for p := range streams[i] {
			ranges, _ := seen.fresh(p, j.shape.key)
			var err error
			if wanted {
				err = j.hand(ctx, out, p, ranges, mine, "")
			}
			p.release()
			if err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
