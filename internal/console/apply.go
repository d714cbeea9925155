package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// apply turns what a form sends into an address of the feed, and leads there. What a
// field can't mean is shown beside it.
func (p *page) apply(w http.ResponseWriter) error {
	var st *state
	var o options
	err := p.admitted(func(ctx context.Context) (err error) {
		if st, err = p.begin(ctx, p.options.odata().with("$filter", "")); err != nil {
			return err
		}
		o = p.chosen(st)
		return nil
	})
	switch {
	case err != nil:
		return err
	case st.view.FieldErrors == 0 && st.view.WhereTrouble == nil:
		return see(w, st.address(o))
	}
	st.view.Trouble = nil // of the former address
	st.show(&feed{})
	return p.cfg.Site.Render(w, p.r, http.StatusBadRequest, "browse", st.view)
}

// chosen are the options that a form means. Errors stand in the fields.
func (p *page) chosen(st *state) options {
	o := p.options.odata()
	if columns := p.options.all(ofColumn); len(columns) == len(st.table.Columns) {
		o = o.with("$select", "")
	} else if len(columns) > 0 {
		o = o.with("$select", strings.Join(columns, ","))
	}
	if related := p.options.all(ofRelated); len(related) > 0 {
		o = o.with("$expand", strings.Join(related, ","))
	}
	if len(p.options.all(ofWhere)) == 0 {
		return o
	}
	return o.with("$filter", st.typed(p))
}

// typed is the condition of all fields.
func (st *state) typed(p *page) string {
	var parts []string
	for i := range st.fields {
		f := &st.fields[i]
		f.Value = p.options.get(ofField + f.Column)
		if value := p.options.get(ofValue); value != "" && p.options.get(ofOn) == f.Column {
			f.Value = value
		}
		condition, err := f.condition(st.table.Column(f.Column))
		if err != nil {
			f.Error = gwerr.From(err).Error()
			st.view.FieldErrors++
		} else if condition != "" {
			parts = append(parts, condition)
		}
	}
	where := strings.TrimSpace(p.options.get(ofWhere))
	st.view.Where = where
	if where == "" {
		return strings.Join(parts, " and ")
	}
	e, err := uri.ParseFilter(where, uri.DefaultLimits())
	if err != nil {
		t := p.cfg.Site.troubleIn(p.r, gwerr.From(err), "$filter", where)
		st.view.WhereTrouble = &t
		return ""
	}
	if b, ok := e.(*uri.Binary); ok && b.Op == uri.Or && len(parts) > 0 {
		where = "(" + where + ")"
	}
	return strings.Join(append(parts, where), " and ")
}
