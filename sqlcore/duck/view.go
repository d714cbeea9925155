//go:build duckdb_arrow

package duck

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// View checks a query that is to be named like a table, as Bind does, and gives it
// as a view too. A view has no parameters, and reads no hidden columns.
func (e *Engine) View(ctx context.Context, r BindRequest) (*query.Query, *catalog.View, error) {
	if err := e.begin(); err != nil {
		return nil, nil, err
	}
	defer e.jobs.Done()
	b := &binder{req: r, schemas: map[string]*catalog.Schema{}}
	tokens, values, err := b.readText(ctx)
	if err != nil {
		return nil, nil, gwerr.From(err)
	}
	if err := b.prepareText(tokens, values, nil); err != nil {
		return nil, nil, gwerr.From(err)
	}
	q, err := e.plan(ctx, b)
	if err != nil {
		return nil, nil, err
	}
	if len(q.Late) > 0 {
		return nil, nil, gwerr.New(gwerr.NotImplemented, "A view can't read hidden columns.", "Leave them out.").At(0)
	}
	text, err := b.publicNames()
	if err != nil {
		return nil, nil, gwerr.From(err)
	}
	return q, &catalog.View{Text: r.SQL, SQL: text, Changing: b.changes()}, nil
}

// publicNames is the text with the names of system schemas that statements know
// in the place of the engine's.
func (b *binder) publicNames() (string, error) {
	if !slices.ContainsFunc(b.tables, func(t *catalog.Table) bool { return t.Schema.System }) {
		return b.sql, nil
	}
	tokens, err := sqltext.Lex(b.sql)
	if err != nil {
		return "", err
	}
	var edits []sqltext.Edit
	for i, t := range tokens {
		of := slices.IndexFunc(b.tables, func(o *catalog.Table) bool { return o.Schema.System && o.Schema.EngineName() == t.Name() })
		if of >= 0 && t.Kind == sqltext.Quoted && i+1 < len(tokens) && tokens[i+1].Is(".") {
			edits = append(edits, sqltext.Edit{Start: t.Start, End: t.End, Text: sqltext.Quote(b.tables[of].Schema.Name)})
		}
	}
	text, _ := sqltext.Apply(b.sql, edits)
	return text, nil
}

// unfold puts their queries in the place of the views that the text names.
func (b *binder) unfold(ctx context.Context) (bool, error) {
	var edits []sqltext.Edit
	var tokens []sqltext.Token
	for _, ref := range b.tree.tables {
		t, err := b.table(ctx, ref)
		if err != nil || t.View == nil {
			continue // resolve tells
		}
		if tokens == nil {
			if tokens, err = sqltext.Lex(b.sql); err != nil {
				return false, err
			}
		}
		at := slices.IndexFunc(tokens, func(t sqltext.Token) bool { return t.Start == ref.pos })
		if at < 0 {
			continue
		}
		chain := sqltext.ChainAt(tokens, at)
		if len(chain) == 0 {
			continue
		}
		text := "(" + t.View.SQL + ")"
		if ref.alias == "" {
			text += " AS " + sqltext.Quote(t.Name)
		}
		edits = append(edits, sqltext.Edit{Start: chain[0].Start, End: chain[len(chain)-1].End, Text: text})
		b.changed = b.changed || t.View.Changing
	}
	if len(edits) == 0 {
		return false, nil
	}
	b.edit(edits)
	return true, nil
}
