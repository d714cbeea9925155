package pingone

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// shownKeys is the number of keys whose calls are listed one by one.
const shownKeys = 5

// Describe lists the calls that a request will make.
func (c *Directory) Describe(r scan.Request) []scan.Call {
	if c.check(r) != nil {
		return nil
	}
	j := &job{Directory: c, req: r, table: r.Table, path: r.Path, quota: newQuota(r.Limit, r.Expect)}
	switch {
	case r.Path.Parent != nil:
		return c.describeParent(j)
	case r.Path.Get != "":
		return append(j.describeGets(), j.describeExtras()...)
	case j.divides():
		return append(j.describeParts(), j.describeExtras()...)
	default:
		return append(j.describeLists(), j.describeExtras()...)
	}
}

func (j *job) describeGets() []scan.Call {
	if len(j.path.Keys) == 0 {
		return []scan.Call{describe(j.place(j.path.Get, nil), 1, "")}
	}
	if len(j.req.Keys) > shownKeys {
		return []scan.Call{describe(j.place(j.path.Get, anyKeys(j.path)), int64(len(j.req.Keys)), "one for each key, many at a time")}
	}
	out := make([]scan.Call, 0, len(j.req.Keys))
	for _, k := range j.req.Keys {
		out = append(out, describe(j.place(j.path.Get, k), 1, ""))
	}
	return out
}

// anyKeys stands for keys that only a run can tell.
func anyKeys(p *catalog.Path) []string {
	return slices.Repeat([]string{"…"}, len(p.Keys))
}

func (j *job) describeLists() []scan.Call {
	filters := j.req.Filters
	if len(filters) == 0 {
		filters = []string{""}
	}
	values := j.req.VariantsRead()
	if len(values) == 0 {
		values = []string{""}
	}
	keys, note := j.req.Keys, j.pagesNote()
	if len(keys) == 0 {
		keys = [][]string{nil}
	}
	times := int64(0)
	if len(keys) > shownKeys {
		note = fmt.Sprintf("for each of %d keys, many at a time; %s", len(keys), note)
		keys = [][]string{anyKeys(j.path)}
	} else if j.quota.limited && j.req.Limit <= int64(max(1, j.pageSize())) {
		times, note = 1, ""
	}
	var out []scan.Call
	if rest := len(filters) - shownKeys; rest > 0 {
		filters, note = filters[:1], fmt.Sprintf("and %d more with the rest of the condition; %s", rest+shownKeys-1, note)
	}
	for _, key := range keys {
		for _, v := range values {
			for _, f := range filters {
				w := j.walkOf(key, v, f)
				out = append(out, j.describeWalk(w, times, note))
			}
		}
	}
	return out
}

func (j *job) describeWalk(w walk, times int64, note string) scan.Call {
	if j.req.Resume != "" {
		return describe(address{path: w.address.path, query: "cursor=…"}, times, note)
	}
	a := w.address
	if w.filter != "" {
		a = a.with("filter", w.filter)
	}
	return describe(a.withLimit(j.quota.want(w.page)), times, note)
}

func (j *job) pagesNote() string {
	switch size := j.pageSize(); {
	case j.quota.limited && size > 0:
		return fmt.Sprintf("pages of %d until %d rows are there", size, j.req.Limit)
	case size > 0:
		return fmt.Sprintf("one for each page of %d rows", size)
	default:
		return "usually one; the service decides the page size"
	}
}

func (j *job) describeParts() (calls []scan.Call) {
	p := j.path.Partition
	var out []scan.Call
	whole := j.walkOf(nil, "", j.filters()...)
	if len(j.req.CountBy) > 0 {
		counting := whole
		counting.page = 1
		defer func() {
			calls = append(calls, j.describeWalk(counting, 0, "or a count of each value, with this condition more"))
		}()
	}
	out = append(out, j.describeWalk(whole, 0, fmt.Sprintf("its count decides whether the scan is divided; up to %d rows, or where parts don't pay, all pages are read on from here", fewRows)))
	if t, ok := j.table.Schema.Table(p.Table); ok {
		if list := t.Listing(); list != nil {
			parts := &job{Directory: j.Directory, table: t, path: list}
			out = append(out, describe(parts.place(list.List, nil), 1, "the sizes of the parts, if it is"))
		}
	}
	d := division{job: j}
	part := j.walkOf(nil, "", append(append([]string(nil), j.req.Filters...), d.equals(value{key: "…"}))...)
	note := fmt.Sprintf("parts of about %d rows by %s, read side by side; %s", partRows, p.Column, j.pagesNote())
	if p.Split != "" {
		note += fmt.Sprintf("; one of more than %d rows is divided by the first character of %s", p.Above, p.Split)
	}
	return append(out, j.describeWalk(part, 0, note))
}

// describeExtras lists what is read besides: looked-up columns.
func (j *job) describeExtras() []scan.Call {
	var out []scan.Call
	s := j.Directory.newJob(j.req)
	for _, slot := range s.shape.slots {
		look, ok := j.path.Lookup[slot.name]
		if !ok {
			continue
		}
		if t, found := j.table.Schema.Table(look.Table); found {
			keys := j.keysOf(look.Key, j.req.Keys)
			if slot.from == fromLookup {
				keys = []string{"…"} // those that the rows name
			}
			if r, ok := lookupRequest(t, look, keys, len(keys) == 1); ok {
				out = append(out, j.Directory.Describe(r)...)
			}
		}
	}
	return out
}

func (c *Directory) describeParent(j *job) []scan.Call {
	out := c.Describe(j.parentRequest())
	child := &job{Directory: c, req: j.req, table: j.table, path: j.table.Path(j.path.Parent.Path), quota: j.quota}
	child.req.Path, child.req.Keys, child.req.Parent, child.req.Partition = child.path, [][]string{anyKeys(child.path)}, nil, false
	describeRuns := child.describeLists
	if child.path.Get != "" {
		describeRuns = child.describeGets
	}
	calls := describeRuns()
	for i := range calls {
		calls[i].Note = "for each row of " + j.path.Parent.Table + ", many at a time; " + calls[i].Note
		calls[i].Times = 0
	}
	out = append(out, calls...)
	if len(j.path.Parent.EmptyWhen) > 0 && child.path.Or && child.path.Filter != "" {
		probe := child.walkOf(anyKeys(child.path), "", "")
		probe.page = 1
		out = append(out, child.describeWalk(probe, 0, fmt.Sprintf("for rows of %s that should have none: %d of them in one call", j.path.Parent.Table, emptyChunk)))
	}
	return out
}

// describe shows an address decoded.
func describe(a address, times int64, note string) scan.Call {
	text, err := url.QueryUnescape(a.String())
	if err != nil {
		text = a.String()
	}
	return scan.Call{Method: http.MethodGet, Address: abridged(text), Times: times, Note: note}
}

// abridged shows one of a long chain of alternatives.
func abridged(address string) string {
	parts := strings.Split(address, " or ")
	if len(parts) <= shownKeys {
		return address
	}
	last := parts[len(parts)-1]
	end := ""
	if at := strings.LastIndex(last, "&limit="); at >= 0 {
		end = last[at:]
	}
	return fmt.Sprintf("%s or … (%d more)%s", parts[0], len(parts)-1, end)
}
