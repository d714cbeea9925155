package service

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// listed reads the values that become columns of a PIVOT statement that doesn't
// list them, and gives the statement that does. Others stay as they are.
func (r *Request) listed(ctx context.Context, st query.Statement, provider catalog.Provider) (query.Statement, sqltext.Map, error) {
	if verb := sqltext.Verb(st.SQL); verb != "pivot" && verb != "with" {
		return st, sqltext.Map{}, nil
	}
	tokens, err := sqltext.Lex(st.SQL)
	if err != nil {
		return st, sqltext.Map{}, err
	}
	p, ok := sqltext.UnlistedPivot(tokens)
	if !ok {
		return st, sqltext.Map{}, nil
	}
	var edits []sqltext.Edit
	for i := range p.Elements() {
		values, err := r.pivoted(ctx, st, &p, i, provider)
		if err != nil {
			return st, sqltext.Map{}, err
		}
		edits = append(edits, p.List(i, values))
	}
	var m sqltext.Map
	st.SQL, m = sqltext.Apply(st.SQL, edits)
	return st, m, nil
}

// pivoted reads the values of one element of ON.
func (r *Request) pivoted(ctx context.Context, st query.Statement, p *sqltext.Pivot, element int, provider catalog.Provider) ([]string, error) {
	about := query.Statement{Named: map[string]query.Parameter{}, Safe: st.Safe}
	var parameters map[string]any
	about.SQL, parameters = p.Values(element, sqltext.MaxColumns)
	for name, of := range parameters {
		switch of := of.(type) {
		case int:
			if of < len(st.Positional) {
				about.Named[name] = st.Positional[of]
			}
		case string:
			if v, ok := st.Named[of]; ok {
				about.Named[name] = v
			}
		}
	}
	q, err := r.bind(ctx, about, provider)
	if err != nil {
		return nil, gwerr.From(err).At(gwerr.NoPosition) // it is in another text
	}
	rows, err := r.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if col, ok := b.Record.Column(0).(*array.String); ok {
			for i := range col.Len() {
				values = append(values, col.Value(i))
			}
		}
		b.Record.Release()
	}
	if len(values) > sqltext.MaxColumns {
		return nil, gwerr.New(gwerr.TooLarge, fmt.Sprintf("PIVOT makes more than %d columns.", sqltext.MaxColumns), "List the values that become columns, as in ON City IN ('Rome', 'Oslo').")
	}
	if len(values) == 0 {
		return nil, gwerr.New(gwerr.BadRequest, "PIVOT finds no values to make columns of.", "List the values that become columns, as in ON City IN ('Rome', 'Oslo').")
	}
	return values, nil
}
