package uri

import (
	"strconv"
	"strings"
)

// formatOptions returns the canonical decoded text of options as they stand
// within the parentheses of an item of $expand, joined by semicolons.
func formatOptions(o *Options) string {
	var w printer
	for i, option := range o.list() {
		if i > 0 {
			w.WriteByte(';')
		}
		w.WriteString(option.name + "=" + option.value)
	}
	return w.String()
}

// URL returns the canonical escaped path, without a leading slash, and the
// raw query of the request: parsing both gives an equal tree.
func (r *Request) URL() (escapedPath, rawQuery string) {
	pieces := make([]string, len(r.Path))
	for i, segment := range r.Path {
		var w printer
		w.segment(segment)
		pieces[i] = escape(w.String(), pathSafe)
	}
	var query strings.Builder
	for i, option := range r.Options.list() {
		if i > 0 {
			query.WriteByte('&')
		}
		query.WriteString(escape(option.name, querySafe) + "=" + escape(option.value, querySafe+"="))
	}
	return strings.Join(pieces, "/"), query.String()
}

const (
	pathSafe  = "$=()',@:!*"
	querySafe = "$()',@:!*/;?"
)

// escape percent-encodes everything but unreserved characters and safe ones.
func escape(s, safe string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

type namedOption struct{ name, value string }

// list returns the options that are given, in a fixed order.
func (o *Options) list() []namedOption {
	var list []namedOption
	add := func(id optionID, value string) { list = append(list, namedOption{id.String(), value}) }
	for id := range optionCount {
		if value, given := o.format(id); given {
			add(id, value)
		}
	}
	for _, alias := range o.Aliases {
		list = append(list, namedOption{"@" + alias.Name, FormatExpr(alias.Value)})
	}
	for _, custom := range o.Custom {
		list = append(list, namedOption{custom.Name, custom.Value})
	}
	return list
}

func (o *Options) format(id optionID) (value string, given bool) {
	var w printer
	switch id {
	case optFilter:
		if o.Filter != nil {
			w.expr(o.Filter, 0)
		}
	case optSearch:
		if o.Search != nil {
			w.search(o.Search, 0)
		}
	case optOrderBy:
		w.orderBy(o.OrderBy)
	case optSelect:
		w.selectItems(o.Select)
	case optExpand:
		w.expandItems(o.Expand)
	case optCompute:
		w.compute(o.Compute)
	case optCount:
		if o.Count != nil {
			w.WriteString(strconv.FormatBool(*o.Count))
		}
	case optLevels:
		if o.Levels != nil && *o.Levels == LevelsMax {
			return "max", true
		}
		w.number(o.Levels)
	case optSkip:
		w.number(o.Skip)
	case optTop:
		w.number(o.Top)
	case optIndex:
		w.number(o.Index)
	case optApply:
		if o.Apply != nil {
			w.WriteString(o.Apply.Value)
		}
	case optFormat:
		w.text(o.Format)
	case optSkipToken:
		w.text(o.SkipToken)
	case optDeltaToken:
		w.text(o.DeltaToken)
	case optSchemaVersion:
		w.text(o.SchemaVersion)
	case optID:
		w.text(o.ID)
	case optionCount: // the number of the others
	}
	return w.String(), w.Len() > 0
}

func (w *printer) number(n *int64) {
	if n != nil {
		w.WriteString(strconv.FormatInt(*n, 10))
	}
}

func (w *printer) text(t *Text) {
	if t != nil {
		w.WriteString(t.Value)
	}
}

func (w *printer) nested(o *Options) {
	if o != nil {
		w.WriteString("(" + formatOptions(o) + ")")
	}
}

func (w *printer) orderBy(items []OrderItem) {
	for i, item := range items {
		w.comma(i)
		w.expr(item.Expr, 0)
		if item.Descending {
			w.WriteString(" desc")
		}
	}
}

func (w *printer) comma(i int) {
	if i > 0 {
		w.WriteByte(',')
	}
}

func (w *printer) compute(items []ComputeItem) {
	for i, item := range items {
		w.comma(i)
		w.expr(item.Expr, 0)
		w.WriteString(" as " + item.Name)
	}
}

func (w *printer) selectItems(items []SelectItem) {
	for i, item := range items {
		w.comma(i)
		switch {
		case item.Star:
			w.WriteByte('*')
		case item.Namespace != "":
			w.WriteString(item.Namespace + ".*")
		}
		w.segments(item.Path)
		if len(item.Parameters) > 0 {
			w.WriteString("(" + strings.Join(item.Parameters, ",") + ")")
		}
		w.nested(item.Options)
	}
}

func (w *printer) segments(path []Segment) {
	for i, segment := range path {
		if i > 0 {
			w.WriteByte('/')
		}
		w.segment(segment)
	}
}

func (w *printer) expandItems(items []ExpandItem) {
	for i, item := range items {
		w.comma(i)
		w.segments(item.Path)
		if item.Star {
			if len(item.Path) > 0 {
				w.WriteByte('/')
			}
			w.WriteByte('*')
		}
		if item.Value {
			w.WriteString("$value")
		}
		switch item.Suffix {
		case ExpandEntities:
		case ExpandRef:
			w.WriteString("/$ref")
		case ExpandCount:
			w.WriteString("/$count")
		}
		w.nested(item.Options)
	}
}

// search writes a search expression, in parentheses if it binds less than
// least: OR 1, AND 2, NOT 3, a term 4.
func (w *printer) search(x SearchExpr, least int) {
	precedence := 4
	switch x.(type) {
	case *SearchOr:
		precedence = 1
	case *SearchAnd:
		precedence = 2
	case *SearchNot:
		precedence = 3
	}
	if precedence < least {
		w.WriteByte('(')
		defer w.WriteByte(')')
	}
	switch x := x.(type) {
	case *SearchTerm:
		w.searchTerm(x)
	case *SearchNot:
		w.WriteString("NOT ")
		w.search(x.X, 3)
	case *SearchAnd:
		w.search(x.Left, 2)
		w.WriteString(" AND ")
		w.search(x.Right, 3)
	case *SearchOr:
		w.search(x.Left, 1)
		w.WriteString(" OR ")
		w.search(x.Right, 2)
	}
}

// searchTerm writes a phrase in the quotes that can hold it. A phrase with
// double quotes is always the whole option, the only place where the grammar
// has single quotes.
var phraseEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func (w *printer) searchTerm(x *SearchTerm) {
	switch {
	case !x.Phrase && (x.Text == "NOT" || x.Text == "AND" || x.Text == "OR"):
		// In parentheses the word has nothing to operate on.
		w.WriteString("(" + x.Text + ")")
	case !x.Phrase:
		w.WriteString(x.Text)
	case x.Text == "":
		w.WriteString("''")
	default:
		w.WriteString(`"` + phraseEscapes.Replace(x.Text) + `"`)
	}
}
