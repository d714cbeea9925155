package change

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// rewritten is a text made of parts of another one, in another order.
type rewritten struct {
	text   string
	tokens []sqltext.Token
	out    strings.Builder
	pieces []piece
}

// piece is a part: at in the new text, from in the old one, -1 for what is new.
type piece struct{ at, from int }

func (r *rewritten) add(text string) {
	r.pieces = append(r.pieces, piece{r.out.Len(), -1})
	r.out.WriteString(text)
}

// copy adds a span of the old text.
func (r *rewritten) copy(s span) {
	if s.empty() {
		return
	}
	from, to := r.tokens[s.from].Start, r.tokens[s.to-1].End
	r.pieces = append(r.pieces, piece{r.out.Len(), from})
	r.out.WriteString(r.text[from:to])
}

// String returns the new text.
func (r *rewritten) String() string { return r.out.String() }

// source gives the place in the old text of one in the new text. What is new
// stands for what is copied next, as CAST does for the value in it.
func (r *rewritten) source(at int) int {
	place, copied := 0, false
	for _, p := range r.pieces {
		switch {
		case p.at <= at && p.from < 0:
			copied = false
		case p.at <= at:
			place, copied = p.from+at-p.at, true
		case copied:
			return min(place, len(r.text))
		case p.from >= 0:
			return p.from
		}
	}
	return min(place, len(r.text))
}

// newValue is a value as the engine calls it; see position.
var newValue = regexp.MustCompile(`\bnew_(\d+)\b`)

// Named says of a value that doesn't fit which column it was meant for, where the
// engine's words call it by its place.
func (c *Change) Named(err error) error {
	if err == nil {
		return nil
	}
	e := *gwerr.From(err)
	m := newValue.FindStringSubmatch(e.Message)
	if e.Code != gwerr.TypeMismatch || m == nil {
		return err
	}
	n, _ := strconv.Atoi(m[1])
	if n < 1 || n > len(c.Assigned) {
		return err
	}
	col := &c.Table.Columns[c.Assigned[n-1]]
	e.Message, e.Target = "A value for "+col.Name+" of "+c.Table.Name+" is not of type "+col.Type.SQL()+".", col.Name
	return &e
}

// meantFor says the same of an error at the place of a value in the statement.
func (s *Statement) meantFor(e *gwerr.Error, c *Change) {
	for i, v := range s.values {
		if e.Code == gwerr.TypeMismatch && e.Target == "" && e.Position >= s.tokens[v.from].Start && e.Position < s.tokens[v.to-1].End {
			e.Target = c.Table.Columns[c.Assigned[i]].Name
			e.Message = strings.TrimSuffix(e.Message, ".") + ", which " + e.Target + " takes."
		}
	}
}

// query is the SELECT that gives the rows to change.
func (s *Statement) query(c *Change) *rewritten {
	out := &rewritten{text: s.text, tokens: s.tokens}
	out.add("SELECT ")
	for i, at := range c.Reads {
		if i > 0 {
			out.add(", ")
		}
		out.add(s.alias + "." + sqltext.Quote(c.Table.Columns[at].Name))
	}
	for i, at := range c.Assigned {
		if i+len(c.Reads) > 0 {
			out.add(", ")
		}
		out.add("CAST((")
		if s.Kind == Insert {
			out.add(position(i))
		} else {
			out.copy(s.values[i])
		}
		out.add(") AS " + c.Table.Columns[at].Type.SQL() + ") AS " + position(i))
	}
	out.add(" FROM ")
	if s.Kind != Insert {
		out.copy(s.name)
		out.add(" ")
		out.copy(s.where)
		return out
	}
	out.add("(")
	out.copy(s.source)
	out.add(") AS new_rows (")
	for i := range c.Assigned {
		if i > 0 {
			out.add(", ")
		}
		out.add(position(i))
	}
	out.add(")")
	return out
}

// position names the value at a place.
func position(i int) string { return "new_" + strconv.Itoa(i+1) }
