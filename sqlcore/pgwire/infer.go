package pgwire

import (
	"bytes"
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

// infer finds types of parameters that nobody declared: that of the column which
// a parameter is compared with, or given to. Those that remain are text.
func infer(ctx context.Context, p catalog.Provider, schema string, st *statement) error {
	unknown := false
	for _, oid := range st.oids {
		unknown = unknown || oid == 0 || oid == pgtype.UnknownOID
	}
	if !unknown {
		return nil
	}
	types, err := columnTypes(ctx, p, schema, st)
	if err != nil {
		return err
	}
	inserted := insertColumns(st)
	for i, t := range st.tokens {
		n, ok := ordinal(t)
		if !ok || st.oids[n-1] != 0 && st.oids[n-1] != pgtype.UnknownOID {
			continue
		}
		name := inserted[i]
		if name == "" {
			name = comparedWith(st.tokens, i)
		}
		if k, ok := types[strings.ToLower(name)]; ok && name != "" {
			st.oids[n-1] = k.oid
			if listed(st.tokens, i) && k.array != 0 {
				st.oids[n-1] = k.array
			}
		}
	}
	return nil
}

// columnTypes gives the types of the columns of all tables that a statement
// names, by name in small letters, but for those of which there are several.
func columnTypes(ctx context.Context, p catalog.Provider, schema string, st *statement) (map[string]kind, error) {
	out := map[string]kind{}
	for i, t := range st.tokens {
		if !t.IsName() || i == 0 || !st.tokens[i-1].Is("from") && !st.tokens[i-1].Is("join") && !st.tokens[i-1].Is("into") && !st.tokens[i-1].Is("update") && !st.tokens[i-1].Is(",") {
			continue
		}
		in, name := schema, t.Name()
		for ; i+2 < len(st.tokens) && st.tokens[i+1].Is(".") && st.tokens[i+2].IsName(); i += 2 {
			in, name = name, st.tokens[i+2].Name()
		}
		if own := pgcatalog.ColumnTypes(name); own != nil {
			for column, oid := range own {
				out[column] = kindOf(oid)
			}
			continue
		}
		if in == "" {
			in = p.Default()
		}
		s, err := p.Schema(ctx, in)
		if gwerr.Is(err, gwerr.UnknownSchema) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if table, ok := s.Table(name); ok {
			addColumns(out, table)
		}
	}
	return out, nil
}

func addColumns(to map[string]kind, t *catalog.Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		name, k := strings.ToLower(c.Name), kindNamed(c.Type.SQL())
		if known, twice := to[name]; twice && known.oid != k.oid {
			k = kindOf(pgtype.TextOID)
		}
		to[name] = k
	}
}

// operators stand between a column and what it is compared with.
var operators = []string{"=", "<", ">", "!", "@", "&", "like", "ilike", "~", "between", "not", "in", "(", "any", "some", "all", "symmetric"}

// comparedWith is the name of the column that stands beside the parameter at i;
// "" for none.
func comparedWith(tokens []sqltext.Token, i int) string {
	at := i - 1
	for ; at >= 0; at-- {
		t := tokens[at]
		_, parameter := ordinal(t)
		if parameter || t.Is(",") || t.Is("and") && at > 1 {
			continue // of IN ($1, $2), of BETWEEN $1 AND $2
		}
		if !t.IsAny(operators...) {
			break
		}
	}
	if at >= 0 && at < i-1 && tokens[at].IsName() && !tokens[i-1].Is(",") || at >= 0 && at < i-1 && tokens[at].IsName() && tokens[i-1].Depth > tokens[at].Depth {
		return tokens[at].Name()
	}
	if i+2 < len(tokens) && tokens[i+1].IsAny(operators[:6]...) {
		next := i + 2
		for next < len(tokens)-1 && tokens[next].IsAny(operators[:6]...) {
			next++
		}
		for next+2 < len(tokens) && tokens[next+1].Is(".") {
			next += 2
		}
		return tokens[next].Name()
	}
	return ""
}

// needsTypes reports whether one of the values given can't be read without its type,
// which the client hasn't told: one that is a list, or is written as one.
func (s *statement) needsTypes(values [][]byte) bool {
	for i, t := range s.tokens {
		n, ok := ordinal(t)
		if !ok || s.oids[n-1] != 0 && s.oids[n-1] != pgtype.UnknownOID {
			continue
		}
		written := bytes.HasPrefix(values[n-1], []byte("{")) && bytes.HasSuffix(values[n-1], []byte("}"))
		if listed(s.tokens, i) || written && (s.is("insert", "into") || comparedWith(s.tokens, i) != "") {
			return true
		}
	}
	return false
}

// listed reports whether the parameter at i is a list: = ANY ($1).
func listed(tokens []sqltext.Token, i int) bool {
	return i > 1 && tokens[i-1].Is("(") && (tokens[i-2].Is("any") || tokens[i-2].Is("all") || tokens[i-2].Is("some"))
}

// insertColumns gives the columns that the parameters of INSERT … VALUES are
// for, by the places of their tokens.
func insertColumns(st *statement) map[int]string {
	if !st.is("insert", "into") {
		return nil
	}
	var columns []string
	out := map[int]string{}
	at, values := 0, false
	for i, t := range st.tokens {
		switch {
		case t.Depth == 0 && t.Is("values"):
			values = true
		case t.Depth == 0:
		case !values && t.IsName():
			columns = append(columns, t.Name())
		case t.Depth == 1 && t.Is(","):
			at++
		}
		if t.Depth == 0 && t.Is("(") {
			at = 0
		}
		if _, ok := ordinal(t); ok && values && at < len(columns) && t.Depth == 1 {
			out[i] = columns[at]
		}
	}
	return out
}
