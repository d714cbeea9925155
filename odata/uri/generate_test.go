package uri

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes random syntax trees that the grammar can spell.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 1))}
}

func pick[T any](g generator, of ...T) T { return of[g.IntN(len(of))] }

func many[T any](g generator, low, high int, one func() T) []T {
	n := low + g.IntN(high-low+1)
	var list []T
	for range n {
		list = append(list, one())
	}
	return list
}

// name returns names that are easily mistaken for something else.
func (g generator) name() string {
	return pick(g, "Name", "Address", "date", "contains", "Date", "nullable", "trueName", "_id", "_links", "Größe",
		"first_x0020_name", "has", "mod", "in", "eq", "case", "any", "E5", "INFO", "abcdef01", "year", "cast", "asc", "日本")
}

func (g generator) text() string {
	return pick(g, "", "x", "O'Neil", "''", "a;b", "x)y", "(", ",", "/", "a&b=c", "100%", "+", " and ", "\"q\"", "tschüß", "日本", "#", "\\", "\t", "$it")
}

func (g generator) literal() *Literal {
	l := &Literal{Kind: LiteralKind(g.IntN(int(GeometryLiteral) + 1))}
	switch l.Kind {
	case NullLiteral:
		l.Text = "null"
	case BoolLiteral:
		l.Text = pick(g, "true", "false")
	case StringLiteral:
		l.Text = g.text()
	case IntLiteral:
		l.Text = pick(g, "0", "5", "-5", "9223372036854775807", "-9223372036854775808", "007")
	case DecimalLiteral:
		l.Text = pick(g, "2.55", "-0.5", "9223372036854775808")
	case DoubleLiteral:
		l.Text = pick(g, "1e5", "-2.5E-3", "INF", "-INF", "NaN")
	case GUIDLiteral:
		l.Text = pick(g, "01234567-89ab-cdef-0123-456789abcdef", "abcdef01-89ab-cdef-0123-456789abcdef")
	case DateLiteral:
		l.Text = pick(g, "2024-02-29", "-0044-03-15", "12024-01-01")
	case DateTimeLiteral:
		l.Text = pick(g, "2024-02-29T13:20:00Z", "2024-02-29T13:20-05:30", "2012-08-31T18:19:22.123456789012+01:00")
	case TimeLiteral:
		l.Text = pick(g, "23:59", "10:20:30", "00:00:00.123")
	case DurationLiteral:
		l.Text = pick(g, "P1D", "-PT1H2M3.5S")
	case BinaryLiteral:
		l.Text = pick(g, "", "Zm9v", "Zm8")
	case EnumLiteral:
		l.EnumType, l.Text = "Sales.Pattern", pick(g, "Yellow", "Solid,Yellow", "-1")
	case GeographyLiteral, GeometryLiteral:
		l.Text = pick(g, "SRID=0;Point(142.1 64.1)", "SRID=4326;MultiPoint()")
	}
	return l
}

func (g generator) value() Expr {
	if g.IntN(4) == 0 {
		return &Alias{Name: g.name()}
	}
	return g.literal()
}

func (g generator) expr(depth int) Expr {
	if depth <= 0 {
		return pick(g, func() Expr { return g.path(0) }, func() Expr { return g.value() })()
	}
	sub := func() Expr { return g.expr(depth - 1) }
	switch g.IntN(12) {
	case 0:
		return &Unary{Op: pick(g, Not, Negate), X: sub()}
	case 1, 2, 3, 4:
		return &Binary{Op: pick(g, And, Or, Eq, Ne, Lt, Ge, Add, Sub, Mul, Div, DivBy, Mod, Has), Left: sub(), Right: sub()}
	case 5:
		if g.IntN(3) == 0 {
			return &Binary{Op: In, Left: sub(), Right: sub()}
		}
		return &Binary{Op: In, Left: sub(), Right: &List{Items: many(g, 0, 3, g.value)}}
	case 6:
		return g.call(sub)
	case 7:
		return &Case{Branches: many(g, 1, 3, func() CaseBranch { return CaseBranch{When: sub(), Then: sub()} })}
	case 8:
		return &Array{Items: many(g, 0, 3, sub)}
	case 9:
		return &Object{Members: many(g, 0, 2, func() Member { return Member{Name: g.text(), Value: sub()} })}
	case 10:
		typeName := TypeName{Name: pick(g, "Edm.String", "Customer"), Collection: g.IntN(2) == 0}
		x := pick(g, nil, sub())
		return pick[Expr](g, &Cast{X: x, Type: typeName}, &IsOf{X: x, Type: typeName})
	}
	return g.path(depth)
}

func (g generator) call(sub func() Expr) Expr {
	name := pick(g, "contains", "tolower", "substring", "now", "matchespattern", "geo.distance", "date")
	return &Call{Method: name, Args: many(g, methods[name].low, methods[name].high, sub)}
}

// path never ends as a lone name that stands for a value.
func (g generator) path(depth int) *PathExpr {
	path := &PathExpr{Start: PathStart(g.IntN(int(FromAlias) + 1))}
	low := 0
	switch path.Start {
	case FromAlias:
		low, path.Alias = 1, g.name()
	case FromInstance, FromRoot:
		low = 1
	}
	if path.Start == FromInstance && g.IntN(4) == 0 {
		path.Segments = []Segment{&AnnotationSegment{Term: "Core.Messages", Qualifier: pick(g, "", "Tablet")}}
	} else if low > 0 {
		path.Segments = []Segment{g.nameSegment(depth, path.Start == FromInstance)}
	}
	path.Segments = append(path.Segments, many(g, 0, 2, func() Segment { return g.pathSegment(depth) })...)
	return path
}

// nameSegment avoids, as a first name with parentheses, those that call a
// method or something else.
func (g generator) nameSegment(depth int, first bool) Segment {
	s := &NameSegment{Name: g.name()}
	if g.IntN(4) == 0 {
		s.Name = "Model." + s.Name
	}
	switch lower := strings.ToLower(s.Name); {
	case lower == "any", lower == "aggregate":
		return s
	case first && (methods[lower] != method{} || lower == "cast" || lower == "case"):
		return s
	}
	switch g.IntN(6) {
	case 0:
		s.Args = &Args{Items: []Arg{{Value: g.value()}}}
	case 1:
		s.Args = &Args{}
		for i := range g.IntN(3) {
			s.Args.Items = append(s.Args.Items, Arg{Name: fmt.Sprint("p", i), Value: g.expr(depth - 1)})
		}
	}
	return s
}

func (g generator) pathSegment(depth int) Segment {
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			all := g.IntN(2) == 0
			if !all && g.IntN(3) == 0 {
				return &LambdaSegment{}
			}
			return &LambdaSegment{All: all, Variable: g.name(), Body: g.expr(depth - 1)}
		case 1:
			s := &CountSegment{}
			if g.IntN(2) == 0 {
				s.Options = g.options(inCount, depth-1)
			}
			return s
		case 2:
			return &FilterSegment{Filter: g.expr(depth - 1)}
		case 3:
			return &AggregateSegment{Text: "Amount with sum"}
		}
	}
	if g.IntN(6) == 0 {
		return &AnnotationSegment{Term: "Currency"}
	}
	return g.nameSegment(depth, false)
}

// options returns at least one option that the place admits.
func (g generator) options(allowed place, depth int) *Options {
	o := &Options{}
	for len(o.list()) == 0 {
		for id := range optionCount {
			if allowed.has(id) && g.IntN(3) == 0 {
				g.option(id, o, depth)
			}
		}
	}
	if allowed.admitsAliases() && g.IntN(4) == 0 {
		o.Aliases = []AliasValue{{Name: "p", Value: g.expr(depth)}}
	}
	return o
}

func (g generator) option(id optionID, o *Options, depth int) {
	number := func() *int64 { n := g.Int64N(1000) + 1; return &n }
	switch id {
	case optFilter:
		o.Filter = g.expr(depth)
	case optSearch:
		o.Search = g.search(depth)
	case optCount:
		yes := g.IntN(2) == 0
		o.Count = &yes
	case optOrderBy:
		o.OrderBy = many(g, 1, 3, func() OrderItem { return OrderItem{g.expr(depth), g.IntN(2) == 0} })
	case optSkip:
		o.Skip = number()
	case optTop:
		o.Top = number()
	case optIndex:
		o.Index = number()
		*o.Index = -*o.Index
	case optLevels:
		o.Levels = number()
		if g.IntN(2) == 0 {
			*o.Levels = LevelsMax
		}
	case optSelect:
		o.Select = many(g, 1, 3, func() SelectItem { return g.selectItem(depth) })
	case optExpand:
		if depth > 0 {
			o.Expand = many(g, 1, 2, func() ExpandItem { return g.expandItem(depth - 1) })
		}
	case optCompute:
		o.Compute = many(g, 1, 2, func() ComputeItem { return ComputeItem{g.expr(depth), g.name()} })
	case optApply:
		o.Apply = g.apply()
	case optFormat:
		o.Format = &Text{pick(g, "json", "application/json;odata.metadata=full")}
	case optSkipToken:
		o.SkipToken = &Text{"t:" + g.text()}
	case optDeltaToken:
		o.DeltaToken = &Text{"d" + g.text()}
	case optSchemaVersion:
		o.SchemaVersion = &Text{pick(g, "*", "1.42.2")}
	case optID:
		o.ID = &Text{"Products(0)"}
	}
}

func (g generator) projection() []Segment {
	return many(g, 1, 3, func() Segment {
		if g.IntN(6) == 0 {
			return &AnnotationSegment{Term: "Core.Messages"}
		}
		return &NameSegment{Name: pick(g, "Model.", "", "") + g.name()}
	})
}

func (g generator) selectItem(depth int) SelectItem {
	switch g.IntN(6) {
	case 0:
		return SelectItem{Star: true}
	case 1:
		return SelectItem{Namespace: "Model.Sub"}
	case 2:
		return SelectItem{Path: g.projection(), Parameters: many(g, 1, 2, g.name)}
	case 3:
		if depth > 0 {
			return SelectItem{Path: g.projection(), Options: g.options(inSelect, depth-1)}
		}
	}
	return SelectItem{Path: g.projection()}
}

func (g generator) expandItem(depth int) ExpandItem {
	item := ExpandItem{Path: g.projection()}
	allowed := inExpand
	switch g.IntN(6) {
	case 0:
		return ExpandItem{Value: true}
	case 1:
		item.Star, item.Path = true, pick(g, nil, item.Path)
		if g.IntN(2) == 0 {
			item.Suffix = ExpandRef
			return item
		}
		allowed = inStar
	case 2:
		item.Suffix, allowed = ExpandRef, inRef
	case 3:
		item.Suffix, allowed = ExpandCount, inCount
	}
	if depth > 0 && g.IntN(2) == 0 {
		item.Options = g.options(allowed, depth-1)
	}
	return item
}

func (g generator) search(depth int) SearchExpr {
	if depth <= 0 {
		return &SearchTerm{
			Text:   pick(g, "blue", "NOTE", "ORDER", "NOT", "AND", "OR", "john@x.com", "a-b", "é", "O'Neil"),
			Phrase: g.IntN(4) == 0,
		}
	}
	switch g.IntN(4) {
	case 0:
		return &SearchNot{X: g.search(depth - 1)}
	case 1:
		return &SearchAnd{g.search(depth - 1), g.search(depth - 1)}
	case 2:
		return &SearchOr{g.search(depth - 1), g.search(depth - 1)}
	}
	return g.search(0)
}

func (g generator) request() *Request {
	r := &Request{Path: g.resourcePath(), Options: *g.options(inRequest, 2)}
	if g.IntN(3) == 0 {
		r.Options.Aliases = []AliasValue{{"p", g.expr(2)}, {"q", g.expr(1)}}
	}
	if g.IntN(3) == 0 {
		r.Options.Custom = []CustomOption{{"find", g.text()}, {"!x y", ""}}
	}
	return r
}

func (g generator) resourcePath() []Segment {
	switch g.IntN(8) {
	case 0:
		return nil
	case 1:
		return []Segment{&SystemSegment{Kind: pick(g, SystemMetadata, SystemBatch, SystemAll)}}
	case 2:
		return []Segment{&CrossjoinSegment{Sets: []string{"A", "B"}}}
	}
	path := []Segment{&NameSegment{Name: g.name(), Args: g.key()}}
	path = append(path, many(g, 0, 3, func() Segment {
		switch g.IntN(5) {
		case 0:
			return &FilterSegment{Filter: g.expr(2), Key: g.key()}
		case 1:
			return &LiteralSegment{Text: pick(g, "0", "O'Neil", "a/b c", "-1")}
		}
		return &NameSegment{Name: pick(g, "Model.", "") + g.name(), Args: g.key()}
	})...)
	if g.IntN(3) == 0 {
		path = append(path, &SystemSegment{Kind: pick(g, SystemValue, SystemCount, SystemRef, SystemQuery)})
	}
	return path
}

func (g generator) key() *Args {
	switch g.IntN(3) {
	case 0:
		return &Args{Items: []Arg{{Value: g.value()}}}
	case 1:
		return &Args{Items: []Arg{{Name: "ID", Value: g.value()}, {Name: "Size", Value: g.value()}}}
	}
	return nil
}

// apply is a sequence of transformations; how it is read, its own tests say.
func (g generator) apply() *Apply {
	var o Options
	text := pick(g, "groupby((Name),aggregate($count as N))/filter(Name eq ')')", "identity", "concat(top(1),topcount(2,Name))")
	if err := defaultWork().parseOption(optApply, text, &o); err != nil {
		panic(err)
	}
	return o.Apply
}
