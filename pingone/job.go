package pingone

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// job is a request being carried out.
type job struct {
	*Directory
	req   scan.Request
	table *catalog.Table
	path  *catalog.Path
	shape *shape
	quota *quota
	// lookups gives the columns that come from other tables' rows.
	lookups *lookups
	// seen holds the rows handed on where those of several keys may be the same;
	// nil where they can't.
	seen *distinct
	// progress counts parents, where the runs are for those.
	progress *progress
	// now is when the scan began, for spans that end then.
	now time.Time
}

func (c *Directory) newJob(r scan.Request) *job {
	j := &job{Directory: c, req: r, table: r.Table, path: r.Path, quota: newQuota(r.Limit, r.Expect), now: c.cfg.Clock.Now()}
	j.shape = keptShape(r.Table, r.Path, r.Columns, j.hidden())
	if len(r.Keys) > 1 && r.Path.List != "" && len(r.Path.Supplies) == 0 {
		j.seen = newDistinct()
	}
	return j
}

// divides reports whether the scan may be read in parts.
func (j *job) divides() bool {
	return j.req.Partition && !j.req.Ordered && j.path.Partition != nil && len(j.req.Filters) <= 1 && len(j.req.Keys) == 0 && j.req.Resume == ""
}

// hidden names the columns that the scanner needs besides the request's: the
// key and the time of the last change, to tell rows apart and to prove that all
// came, and what parts are made by.
func (j *job) hidden() []string {
	if j.path.List == "" {
		return nil
	}
	var out []string
	for _, c := range j.table.Key() {
		out = append(out, j.table.Columns[c].Name)
	}
	if j.table.Changed != "" {
		out = append(out, j.table.Changed)
	}
	if j.divides() {
		out = append(out, j.path.Partition.Column)
		if j.path.Partition.Split != "" {
			out = append(out, j.path.Partition.Split)
		}
	}
	return out
}

// constants gives the values of columns that all rows of a run share.
func (j *job) constants(key []string) map[string]string {
	out := map[string]string{}
	if j.table.Schema != nil && j.table.Schema.ID != "" {
		out[environmentColumn] = j.table.Schema.ID
	}
	for i, name := range j.path.Keys {
		if i < len(key) && slices.Contains(j.path.Supplies, name) {
			out[name] = key[i]
		}
	}
	return out
}

// values gives what templates are filled with.
func (j *job) values(key []string) map[string]string {
	out := map[string]string{}
	if j.table.Schema != nil {
		out[environmentColumn] = j.table.Schema.ID
	}
	for i, name := range j.path.Keys {
		if i < len(key) {
			out[name] = key[i]
		}
	}
	if r := j.path.Range; r != nil {
		from, to := j.span(key)
		out[r.Column+catalog.FromSuffix], out[r.Column+catalog.ToSuffix] = moment(from), moment(to)
	}
	return out
}

// place is where a run reads: the path's address with its fixed parameters.
func (j *job) place(template string, key []string) address {
	a := addressOf(template, j.values(key))
	sent := map[string]bool{}
	add := func(q string) {
		if q != "" && !sent[q] {
			sent[q] = true
			a = a.withRaw(q)
		}
	}
	add(j.path.Query[""])
	for _, c := range j.req.Columns {
		add(j.path.Query[j.table.Columns[c].Name])
	}
	if j.req.Order != "" {
		a = a.with("order", j.req.Order)
	}
	return a
}

// condition joins the path's own filter, or that of a variant, with more.
func (j *job) condition(key []string, variant string, more ...string) string {
	template := j.path.Filter
	if variant != "" {
		template = j.path.Variant.Filters[variant]
	}
	all := make([]string, 0, 2)
	if template != "" {
		all = append(all, scim.Fill(template, j.values(key)))
	}
	for _, m := range more {
		if m != "" {
			all = append(all, m)
		}
	}
	if len(all) < 2 {
		return first(all)
	}
	return "(" + strings.Join(all, ") and (") + ")"
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// hand turns rows of a page into batches, with the constants filled in. The
// last one carries the cursor.
func (j *job) hand(ctx context.Context, out sink, p page, ranges [][2]int, constants map[string]string, cursor string) error {
	ranges, err := j.shape.keep(p, ranges)
	if err != nil || len(ranges) == 0 {
		return err
	}
	constants, err = j.lookups.fill(ctx, constants)
	if err != nil {
		return err
	}
	found, err := j.referred(ctx, p, ranges)
	if err != nil {
		return err
	}
	for i, r := range ranges {
		b := scan.Batch{Record: j.shape.assemble(p, r[0], r[1], constants, found)}
		if i == len(ranges)-1 && sequential(j.req) {
			b.Cursor = cursor
		}
		if err := out(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// to hands rows on with the same constants.
func (j *job) to(out sink, constants map[string]string) handOn {
	return func(ctx context.Context, p page, ranges [][2]int, cursor string) error {
		return j.hand(ctx, out, p, ranges, constants, cursor)
	}
}
