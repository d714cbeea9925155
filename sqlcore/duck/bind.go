//go:build duckdb_arrow

package duck

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/dialect"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// BindRequest asks for the meaning of a query.
type BindRequest struct {
	SQL string
	// Positional are the values of ?, $1, $2 …; Named those of :name, $name
	// and @name, letter case ignored.
	Positional []Parameter
	Named      map[string]Parameter
	// Catalogs are names of the connection, which may stand before a schema's;
	// letter case is ignored.
	Catalogs []string
	// Provider gives the schemas that the caller may see.
	Provider catalog.Provider
}

// binder holds the state of one Bind.
type binder struct {
	req     BindRequest
	c       planner
	names   []catalog.SchemaName
	tokens  []sqltext.Token // of the user's text
	sql     string          // the text as edited so far
	maps    []sqltext.Map   // the edits, first to last
	parsed  int             // how many of them the tree's text has
	tables  []*catalog.Table
	schemas map[string]*catalog.Schema
	tree    *syntax
	late    []late
	changed bool           // by a view, what the statement gives depends on the time of day
	alone   bool           // no other large statement is planned
	open    []Parameter    // those that the edited text has as $1, $2 …
	types   []catalog.Type // of those, when the statement is planned
}

// Bind checks a query (SELECT, WITH, VALUES, FROM or a set operation of them),
// finds what it reads, and returns it in a form that can be planned and run.
// Nothing is read from any data source. Errors are of package gwerr, with the
// position in the text.
func (e *Engine) Bind(ctx context.Context, r BindRequest) (*query.Query, error) {
	if err := e.begin(); err != nil {
		return nil, err
	}
	defer e.jobs.Done()
	b := &binder{req: r, schemas: map[string]*catalog.Schema{}}
	tokens, values, err := b.readText(ctx)
	if err != nil {
		return nil, gwerr.From(err)
	}
	if q, ok := b.bindDirect(ctx, values); ok {
		return q, nil
	}
	if len(r.SQL) > largeText || len(b.tokens) > largeTokens {
		b.tokens = nil // it waits with its text alone
		done, err := e.alone(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
		b.alone = true
		if tokens, values, err = b.readText(ctx); err != nil {
			return nil, gwerr.From(err)
		}
	}
	if open := openable(tokens, values); len(open) > 0 && len(r.SQL) <= maxKeptBytes && !b.changes() {
		trial := *b
		q, err := e.planned(ctx, &trial, tokens, values, open)
		if !errors.Is(err, errOpen) {
			return q, err
		}
	}
	return e.planned(ctx, b, tokens, values, nil)
}

// planned binds a statement by a plan that is kept or made, with the parameters
// open that are numbered so. Its error is errOpen where one may not be.
func (e *Engine) planned(ctx context.Context, b *binder, tokens []sqltext.Token, values map[int]Parameter, open map[int]int) (*query.Query, error) {
	if err := b.prepareText(tokens, values, open); err != nil {
		return nil, gwerr.From(err)
	}
	return e.kept.bind(ctx, b, func() (*query.Query, error) { return e.plan(ctx, b) })
}

// Statements of more than largeText bytes or largeTokens words and signs are
// planned one at a time: the tree of their syntax, and their plan, take many times
// as much memory as their text.
const largeText, largeTokens = 64 << 10, 10_000

// alone waits until no other large statement is planned.
func (e *Engine) alone(ctx context.Context) (done func(), err error) {
	select {
	case e.large <- struct{}{}:
		return func() { <-e.large }, nil
	case <-ctx.Done():
		return nil, gwerr.From(ctx.Err())
	}
}

// plan binds a statement by the engine's plan for it. Only when its tables are
// known can the process be asked for that has them ready.
func (e *Engine) plan(ctx context.Context, b *binder) (*query.Query, error) {
	if len(b.sql) > largeText && !b.alone { // by the values of its parameters
		done, err := e.alone(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	if err := e.with(ctx, nil, b, b.parse); err != nil {
		return nil, translate(err)
	}
	if unfolded, err := b.unfold(ctx); err != nil {
		return nil, translate(err)
	} else if unfolded {
		if err := e.with(ctx, nil, b, b.parse); err != nil {
			return nil, translate(err)
		}
	}
	if err := b.resolve(ctx); err != nil {
		return nil, translate(err)
	}
	b.tree.top = nil // all of the tree hangs on it
	var q *query.Query
	err := e.with(ctx, b.tables, b, func(ctx context.Context) (err error) {
		if err := b.c.show(ctx, b.tables); err != nil {
			return err
		}
		q, err = b.plan(ctx)
		return err
	})
	if err != nil {
		return nil, translate(err)
	}
	return q, nil
}

// with runs a part of a binding with an engine process, one that has the tables
// ready if there is such.
func (e *Engine) with(ctx context.Context, tables []*catalog.Table, b *binder, part func(context.Context) error) error {
	c, err := e.planner(ctx, tables)
	if err != nil {
		return err
	}
	defer c.release()
	b.c = c
	return part(ctx)
}

// edit applies edits to the text and remembers them.
func (b *binder) edit(edits []sqltext.Edit) {
	var m sqltext.Map
	b.sql, m = sqltext.Apply(b.sql, edits)
	b.maps = append(b.maps, m)
}

// source gives the position in the user's text of one in the edited text.
func (b *binder) source(pos int) int {
	for i := len(b.maps) - 1; i >= 0; i-- {
		pos = b.maps[i].Source(pos)
	}
	return min(max(pos, 0), len(b.req.SQL))
}

// readText checks the text and finds the values of its parameters, as the
// function parameters does.
func (b *binder) readText(ctx context.Context) (asked []sqltext.Token, values map[int]Parameter, err error) {
	if b.tokens, err = sqltext.Lex(b.req.SQL); err != nil {
		return nil, nil, err
	}
	if b.tokens, err = sqltext.One(b.tokens); err != nil {
		return nil, nil, err
	}
	if asked, values, err = parameters(b.tokens, b.req.Positional, b.req.Named); err != nil {
		return nil, nil, err
	}
	b.names, err = b.req.Provider.Names(ctx)
	return asked, values, err
}

// prepareText brings the text into the engine's spelling.
func (b *binder) prepareText(asked []sqltext.Token, values map[int]Parameter, open map[int]int) error {
	b.sql = sqltext.Blank(b.req.SQL, b.tokens)
	tokens := b.tokens
	edits, err := spliced(asked, values, open)
	if err != nil {
		return err
	}
	b.open = make([]Parameter, len(open))
	for i, n := range open {
		b.open[n-1] = values[i]
	}
	named, inName := b.schemaNames(tokens)
	edits = append(edits, named...)
	for _, e := range sqltext.Brackets(tokens) {
		if !inName[e.Start] {
			edits = append(edits, e)
		}
	}
	if last := tokens[len(tokens)-1].End; last < len(b.sql) {
		edits = append(edits, sqltext.Edit{Start: last, End: len(b.sql)}) // a semicolon, comments
	}
	b.edit(edits)
	if err := b.top(); err != nil {
		return err
	}
	return b.translate()
}

// translate puts what other dialects say into the engine's words.
func (b *binder) translate() error {
	if !dialect.Applies(b.tokens) {
		return nil
	}
	tokens, err := sqltext.Lex(b.sql)
	if err != nil {
		return err
	}
	edits, err := dialect.Rewrite(b.sql, tokens)
	if err == nil && len(edits) == 0 {
		return nil
	}
	if err == nil {
		b.edit(edits)
		_, err = sqltext.Lex(b.sql) // for its bounds
	}
	if err != nil {
		g := gwerr.From(err)
		return g.At(b.source(max(0, g.Position)))
	}
	return nil
}

// top rewrites SELECT TOP n.
func (b *binder) top() error {
	for _, t := range b.tokens {
		if !t.Is("top") {
			continue
		}
		tokens, err := sqltext.Lex(b.sql)
		if err != nil {
			return err
		}
		edits, err := sqltext.Top(tokens)
		if err != nil {
			g := gwerr.From(err)
			return g.At(b.source(g.Position))
		}
		b.edit(edits)
		return nil
	}
	return nil
}

// Calls of the engine that read a query's text, which is their parameter: a
// literal would have the engine run them while it plans the call.
const (
	askSyntax = "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR), skip_null := true, skip_empty := true) AS VARCHAR)"
	askPlan   = "SELECT CAST(json_serialize_plan(CAST(? AS VARCHAR), optimize := true, skip_null := true, skip_empty := true) AS VARCHAR)"
)

// ask runs one of the calls and returns its answer.
func ask(ctx context.Context, c planner, database, call, sql string) ([]byte, error) {
	out, err := c.ask(ctx, database, call, sql)
	if err != nil {
		return nil, err
	}
	if len(out) != 1 {
		return nil, errPlan
	}
	return validJSON(out[0]), nil
}

// noJSON are the numbers that the engine writes into JSON although JSON has
// none of them.
var noJSON = []string{"-Infinity", "Infinity", "-NaN", "NaN"}

// validJSON puts the numbers that JSON doesn't have in quotes. As texts, they
// are no values of their type any more, so that nothing is made of them.
func validJSON(text []byte) []byte {
	if !bytes.Contains(text, []byte("Infinity")) && !bytes.Contains(text, []byte("NaN")) {
		return text
	}
	var b bytes.Buffer
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			b.WriteByte(c)
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '-' || c == 'I' || c == 'N'):
			if word := prefixOf(text[i:], noJSON); word != "" {
				b.WriteString(`"` + word + `"`)
				i += len(word) - 1
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.Bytes()
}

// prefixOf gives the first of the words with which a text begins, or "".
func prefixOf(text []byte, words []string) string {
	for _, w := range words {
		if bytes.HasPrefix(text, []byte(w)) {
			return w
		}
	}
	return ""
}

// parse reads the syntax tree.
func (b *binder) parse(ctx context.Context) error {
	tree, failed, err := b.syntax(ctx)
	if err != nil {
		return err
	}
	trial := *b
	for n := 0; failed != nil; n++ {
		wrong := trial.failure(failed)
		if n == maxAliases || !trial.putAs(failed) {
			return wrong
		}
		if tree, failed, err = trial.syntax(ctx); err != nil {
			return err
		}
		if failed != nil && gwerr.From(trial.failure(failed)).Position <= gwerr.From(wrong).Position {
			return wrong // that was no name
		}
	}
	b.sql, b.maps = trial.sql, trial.maps
	return b.keep(tree)
}

// syntax asks for the tree of the text's syntax, or what is wrong with it.
func (b *binder) syntax(ctx context.Context) (tree object, failed *planReply, err error) {
	answer, err := ask(ctx, b.c, wire.Planning, askSyntax, b.sql)
	if err != nil {
		return nil, nil, err
	}
	if tree, err = decodeTree(answer); err != nil {
		return nil, nil, err
	}
	if bad, _ := tree["error"].(bool); !bad {
		return tree, nil, nil
	}
	if failed, err = decodePlan(answer); err != nil {
		return nil, nil, err
	}
	if failed.ErrorType != "not implemented" {
		return nil, failed, nil
	}
	if b.says("pivot") {
		return nil, nil, gwerr.New(gwerr.NotImplemented, "PIVOT must say which values become columns.", "List them, as in ON City IN ('Rome', 'Oslo').").At(b.tokens[0].Start)
	}
	for _, t := range b.tokens {
		if t.Is("symmetric") {
			return nil, nil, gwerr.New(gwerr.NotImplemented, "BETWEEN SYMMETRIC is not offered.", "Write BETWEEN least(a, b) AND greatest(a, b).").At(t.Start)
		}
	}
	return nil, nil, gwerr.New(gwerr.NotImplemented, "This statement is not offered.", "Use SELECT, WITH, VALUES or FROM.").At(b.tokens[0].Start)
}

// keep takes the tree as that of the text as edited so far.
func (b *binder) keep(tree object) (err error) {
	b.parsed = len(b.maps)
	b.tree, err = readSyntax(tree)
	if err != nil {
		g := gwerr.From(err)
		if g.Position >= 0 {
			g = g.At(b.source(g.Position))
		}
		return g
	}
	return nil
}

func parsePosition(s string) (int, error) { return strconv.Atoi(s) }
