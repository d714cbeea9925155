package uri

import (
	"strconv"
	"strings"
)

// FormatExpr returns the canonical OData text of an expression, decoded:
// parsing it gives an equal tree. Parentheses stand only where precedence
// demands them.
func FormatExpr(x Expr) string {
	var w printer
	w.expr(x, 0)
	return w.String()
}

// printer writes canonical OData text.
type printer struct{ strings.Builder }

// expr writes x, in parentheses if it binds less than least.
func (w *printer) expr(x Expr, least int) {
	if precedence(x) < least {
		w.WriteByte('(')
		defer w.WriteByte(')')
	}
	switch x := x.(type) {
	case *Literal:
		w.literal(x)
	case *Alias:
		w.WriteString("@" + x.Name)
	case *PathExpr:
		w.path(x)
	case *Unary:
		w.unary(x)
	case *Binary:
		w.binary(x)
	case *Call:
		w.WriteString(x.Method)
		w.list("(", x.Args, ")")
	case *Cast:
		w.typed("cast", x.X, x.Type)
	case *IsOf:
		w.typed("isof", x.X, x.Type)
	case *Case:
		w.cases(x)
	case *List:
		w.list("(", x.Items, ")")
	case *Array:
		w.list("[", x.Items, "]")
	case *Object:
		w.object(x)
	}
}

const operandPrecedence = 100

func precedence(x Expr) int {
	switch x := x.(type) {
	case *Unary:
		return unaryPrecedence
	case *Binary:
		return binaryPrecedence[x.Op]
	}
	return operandPrecedence
}

func (w *printer) unary(x *Unary) {
	w.WriteString(x.Op.String())
	// A blank keeps the sign apart from a number, and from a path named INF.
	w.WriteByte(' ')
	w.expr(x.X, unaryPrecedence)
}

// binary writes a chain of operators that group to the left without
// recursion into the left side: the chain may be thousands long.
func (w *printer) binary(x *Binary) {
	var chain []*Binary
	left := Expr(x)
	for {
		b, ok := left.(*Binary)
		if !ok || len(chain) > 0 && precedence(b) < binaryPrecedence[chain[len(chain)-1].Op] {
			break
		}
		chain = append(chain, b)
		left = b.Left
	}
	w.expr(left, binaryPrecedence[chain[len(chain)-1].Op])
	for i := len(chain) - 1; i >= 0; i-- {
		b := chain[i]
		w.WriteString(" " + b.Op.String() + " ")
		w.expr(b.Right, binaryPrecedence[b.Op]+1)
	}
}

func (w *printer) literal(l *Literal) {
	quoted := "'" + strings.ReplaceAll(l.Text, "'", "''") + "'"
	switch l.Kind {
	case StringLiteral:
		w.WriteString(quoted)
	case DurationLiteral:
		w.WriteString("duration" + quoted)
	case BinaryLiteral:
		w.WriteString("binary" + quoted)
	case EnumLiteral:
		w.WriteString(l.EnumType + quoted)
	case GeographyLiteral:
		w.WriteString("geography" + quoted)
	case GeometryLiteral:
		w.WriteString("geometry" + quoted)
	default:
		w.WriteString(l.Text)
	}
}

func (w *printer) list(open string, items []Expr, closing string) {
	w.WriteString(open)
	for i, item := range items {
		if i > 0 {
			w.WriteByte(',')
		}
		w.expr(item, 0)
	}
	w.WriteString(closing)
}

func (w *printer) typed(name string, x Expr, t TypeName) {
	w.WriteString(name + "(")
	if x != nil {
		w.expr(x, 0)
		w.WriteByte(',')
	}
	if t.Collection {
		w.WriteString("Collection(" + t.Name + ")")
	} else {
		w.WriteString(t.Name)
	}
	w.WriteByte(')')
}

// cases puts every condition in parentheses that might end in a number
// before the colon, which would otherwise read as a time of day.
func (w *printer) cases(x *Case) {
	w.WriteString("case(")
	for i, branch := range x.Branches {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('(')
		w.expr(branch.When, 0)
		w.WriteString("):")
		w.expr(branch.Then, 0)
	}
	w.WriteByte(')')
}

func (w *printer) object(x *Object) {
	w.WriteByte('{')
	for i, member := range x.Members {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(jsonQuote(member.Name) + ":")
		w.expr(member.Value, 0)
	}
	w.WriteByte('}')
}

func (w *printer) path(x *PathExpr) {
	if looksLikeOperator(x) {
		w.WriteByte('(')
		defer w.WriteByte(')')
	}
	start := ""
	switch x.Start {
	case FromInstance:
	case FromIt:
		start = "$it"
	case FromThis:
		start = "$this"
	case FromThese:
		start = "$these"
	case FromRoot:
		start = "$root"
	case FromAlias:
		start = "@" + x.Alias
	}
	w.WriteString(start)
	for i, segment := range x.Segments {
		if i > 0 || start != "" {
			w.WriteByte('/')
		}
		w.segment(segment)
	}
}

// looksLikeOperator reports whether a path starts with a name that would
// read as an operator after `not`, or as `not` itself.
func looksLikeOperator(x *PathExpr) bool {
	if x.Start != FromInstance || len(x.Segments) == 0 {
		return false
	}
	name, ok := x.Segments[0].(*NameSegment)
	if !ok || name.Args == nil && len(x.Segments) > 1 {
		return false
	}
	lower := strings.ToLower(name.Name)
	_, isBinary := binaryByName[lower]
	return isBinary || lower == "not"
}

func (w *printer) segment(segment Segment) {
	switch s := segment.(type) {
	case *NameSegment:
		w.WriteString(s.Name)
		w.args(s.Args)
	case *AnnotationSegment:
		w.WriteString("@" + s.Term)
		if s.Qualifier != "" {
			w.WriteString("#" + s.Qualifier)
		}
	case *SystemSegment:
		w.WriteString(s.Kind.String())
	case *CrossjoinSegment:
		w.WriteString("$crossjoin(" + strings.Join(s.Sets, ",") + ")")
	case *FilterSegment:
		w.WriteString("$filter(")
		w.expr(s.Filter, 0)
		w.WriteByte(')')
		w.args(s.Key)
	case *CountSegment:
		w.WriteString("$count")
		w.nested(s.Options)
	case *LambdaSegment:
		w.lambda(s)
	case *AggregateSegment:
		w.WriteString("aggregate(" + s.Text + ")")
	case *LiteralSegment:
		w.WriteString(s.Text)
	}
}

func (w *printer) lambda(s *LambdaSegment) {
	if s.All {
		w.WriteString("all(")
	} else {
		w.WriteString("any(")
	}
	if s.Body != nil {
		w.WriteString(s.Variable + ":")
		w.expr(s.Body, 0)
	}
	w.WriteByte(')')
}

func (w *printer) args(args *Args) {
	if args == nil {
		return
	}
	w.WriteByte('(')
	for i, arg := range args.Items {
		if i > 0 {
			w.WriteByte(',')
		}
		if arg.Name != "" {
			w.WriteString(arg.Name + "=")
		}
		w.expr(arg.Value, 0)
	}
	w.WriteByte(')')
}

// jsonQuote writes a JSON string; only what JSON demands is escaped.
func jsonQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20:
			b.WriteString(`\u00` + strconv.FormatInt(int64(r)>>4, 16) + strconv.FormatInt(int64(r)&15, 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
