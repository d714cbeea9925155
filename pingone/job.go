package pingone

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// job is a request being carried out.
type job struct {
	*Connection
	req   scan.Request
	table *catalog.Table
	path  *catalog.Path
	shape *shape
	quota *quota
	// lookups gives the columns that come from other tables' rows.
	lookups *lookups
}

func (c *Connection) newJob(r scan.Request) *job {
	j := &job{Connection: c, req: r, table: r.Table, path: r.Path, quota: newQuota(r.Limit)}
	j.shape = shapeOf(r.Table, r.Path, r.Columns, j.hidden())
	return j
}

// divides reports whether the scan may be read in parts.
func (j *job) divides() bool {
	return j.req.Partition && j.path.Partition != nil && len(j.req.Filters) <= 1 && len(j.req.Keys) == 0 && j.req.Resume == ""
}

// hidden names the columns that the scanner needs besides the request's: the
// key, to tell rows apart, and what parts are made by.
func (j *job) hidden() []string {
	var out []string
	if len(j.req.Filters) > 1 || j.divides() || j.path.Variant != nil {
		for _, c := range j.table.Key() {
			out = append(out, j.table.Columns[c].Name)
		}
	}
	if j.divides() && j.path.Partition.Split != "" {
		out = append(out, j.path.Partition.Split)
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
	out := ""
	for i, f := range all {
		if i > 0 {
			out += " and "
		}
		out += "(" + f + ")"
	}
	return out
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// deliver turns a page's rows into batches: repeated rows are left out and
// constants filled in. It frees the page. It returns errEnough once no
// more rows are needed, and how many rows were not seen before.
func (j *job) deliver(ctx context.Context, out sink, p page, seen *distinct, constants map[string]string, cursor string) (fresh int, err error) {
	defer p.release()
	ranges, fresh := [][2]int{{0, p.rows}}, p.rows
	if seen != nil {
		ranges, fresh = seen.fresh(p, j.shape.key)
	}
	return fresh, j.hand(ctx, out, p, ranges, constants, cursor)
}

func (j *job) hand(ctx context.Context, out sink, p page, ranges [][2]int, constants map[string]string, cursor string) error {
	if p.rows == 0 {
		return j.enough()
	}
	constants, err := j.lookups.fill(ctx, constants)
	if err != nil {
		return err
	}
	for i, r := range ranges {
		n := j.quota.take(r[1] - r[0])
		if n == 0 {
			break
		}
		b := scan.Batch{Record: j.shape.assemble(p, r[0], r[0]+n, constants)}
		if i == len(ranges)-1 && r[0]+n == p.rows && sequential(j.req) {
			b.Cursor = cursor
		}
		if err := out(ctx, b); err != nil {
			return err
		}
	}
	return j.enough()
}

func (j *job) enough() error {
	if j.quota.exhausted() {
		return errEnough
	}
	return nil
}

// walk is the reading of one collection, page by page.
type walk struct {
	address address
	filter  string
	page    int // rows asked; 0 if the service decides
	resumed bool
	// after goes on behind a page that was read already.
	after string
}

// safePage is the page size that every endpoint takes.
const safePage = 200

// pages reads a collection to its end, or until each returns an error. The
// page belongs to each; its next link was checked and is relative.
func (j *job) pages(ctx context.Context, w walk, each func(p page) error) error {
	d := newDecoder(j.shape.layout, memory.DefaultAllocator)
	defer d.release()
	at := w.first(j.quota.want(w.page))
	for first := true; ; first = false {
		p, next, err := j.page(ctx, d, w, at, first && w.resumed)
		if first && w.after == "" && w.page > safePage && refusedWith(err, http.StatusBadRequest) {
			// Larger pages than this are not documented everywhere.
			w.page = safePage
			p, next, err = j.page(ctx, d, w, w.first(j.quota.want(w.page)), false)
		}
		if err != nil {
			return err
		}
		if err := each(p); err != nil || next == "" {
			return err
		}
		if next == at.String() {
			return gwerr.New(gwerr.UpstreamRejected, "PingOne's answer continues at its own address; reading it would never end.", "")
		}
		at = fromCursor(next)
	}
}

// first is the address of the first call of a walk.
func (w walk) first(limit int) address {
	if w.after != "" {
		return fromCursor(w.after)
	}
	at := w.address
	if w.filter != "" {
		at = at.with("filter", w.filter)
	}
	return at.withLimit(limit)
}

// page reads one page and the relative form of its next link.
func (j *job) page(ctx context.Context, d *decoder, w walk, at address, resumed bool) (p page, next string, err error) {
	q := call{
		address: at, endpoint: j.path.Endpoint, group: j.path.Group, bulk: j.req.Bulk,
		missing: j.path.Missing, filter: w.filter, resumed: resumed,
	}
	if resumed {
		q.missing = nil
	}
	found, err := j.client.get(ctx, q, func(body []byte) (err error) {
		p, err = d.decode(body)
		return err
	})
	if err != nil || !found || p.next == "" {
		return p, "", err
	}
	link, err := j.client.relative(p.next)
	if err != nil {
		p.release()
		return page{}, "", err
	}
	if link.path != w.address.path {
		p.release()
		return page{}, "", gwerr.New(gwerr.UpstreamRejected, "PingOne's answer continues with another collection; it was not followed.", "")
	}
	p.next = link.String()
	return p, p.next, nil
}

// fromCursor reads the text of a cursor or relative link.
func fromCursor(text string) address {
	path, query, _ := strings.Cut(text, "?")
	return address{path: path, query: query}
}
