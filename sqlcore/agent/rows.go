package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

const (
	// usualRows are sent where nobody asks for another number, maxRows at most.
	usualRows, maxRows = 100, 1000
	// maxBytes bounds the rows of an answer: some 20,000 tokens.
	maxBytes = 64 << 10
	// step is the number of rows after which the size is looked at, and a reading
	// can go on.
	step = 25
)

type sqlInput struct {
	SQL        string `json:"sql" jsonschema:"one SELECT in DuckDB's dialect"`
	Connection string `json:"connection,omitempty" jsonschema:"name of the connection; leave it out for the default one"`
}

func (in sqlInput) about() (connection, statement string) { return in.Connection, in.SQL }

type runInput struct {
	SQL        string `json:"sql" jsonschema:"one SELECT in DuckDB's dialect"`
	MaxRows    int64  `json:"max_rows,omitempty" jsonschema:"most rows to return, up to 1000; 100 if left out"`
	Offset     int64  `json:"offset,omitempty" jsonschema:"rows of the result to leave out, to go on where an answer ended: its nextOffset"`
	Connection string `json:"connection,omitempty" jsonschema:"name of the connection; leave it out for the default one"`
}

func (in runInput) about() (connection, statement string) { return in.Connection, in.SQL }

// readOnly refuses what changes something, whatever the caller's rights.
func readOnly(sql string) error {
	switch {
	case strings.TrimSpace(sql) == "":
		return gwerr.New(gwerr.BadRequest, "The query is empty.", "Write a SELECT.").On("sql")
	case change.Is(sql), procedure.Is(sql):
		return gwerr.New(gwerr.ReadOnly, "Nothing can be changed through this tool: it only reads.", "Write a SELECT. A person makes changes over /sql or OData.").At(0)
	}
	return nil
}

// explained is the answer of explain_sql.
type explained struct {
	Plan []string `json:"plan"`
}

func explainSQL(ctx context.Context, r Request, in sqlInput) (any, error) {
	q, err := bind(ctx, r, in.SQL)
	if err != nil {
		return nil, err
	}
	lines, err := r.Plan(ctx, q)
	return explained{lines}, err
}

func bind(ctx context.Context, r Request, sql string) (*query.Query, error) {
	if err := readOnly(sql); err != nil {
		return nil, err
	}
	return r.Bind(ctx, query.Statement{SQL: sql, Safe: true})
}

// result is the answer of run_sql.
type result struct {
	Columns []resultColumn  `json:"columns"`
	Rows    json.RawMessage `json:"rows"`
	// More tells whether rows follow, from NextOffset on.
	More       bool     `json:"more"`
	NextOffset int64    `json:"nextOffset,omitempty"`
	Hint       string   `json:"hint,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

type resultColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func runSQL(ctx context.Context, r Request, in runInput) (any, error) {
	switch {
	case in.MaxRows < 0 || in.MaxRows > maxRows:
		return nil, gwerr.Newf(gwerr.BadParameter, "max_rows must be from 1 to %d.", maxRows).WithHint("Ask for the rest with offset.").On("max_rows")
	case in.Offset < 0:
		return nil, gwerr.New(gwerr.BadParameter, "offset must not be negative.", "Use the nextOffset of the answer before.").On("offset")
	case in.MaxRows == 0:
		in.MaxRows = usualRows
	}
	q, err := bind(ctx, r, in.SQL)
	if err != nil {
		return nil, err
	}
	p := part{from: in.Offset, rows: in.MaxRows}
	if err := p.read(ctx, r, q); err != nil {
		return nil, err
	}
	observe.RequestOf(ctx).AddRows(p.count)
	out := result{Rows: p.list(), More: p.more, Notes: r.Notes(), Columns: []resultColumn{}}
	for _, c := range q.Columns {
		out.Columns = append(out.Columns, resultColumn{c.Name, c.TypeName()})
	}
	if p.more {
		out.NextOffset = in.Offset + p.count
		out.Hint = fmt.Sprintf("There is more: these are %s from row %d on. To go on, run the same SQL with offset %d, within five minutes if PingOne shall not be read again. Counting, grouping or filtering in SQL is cheaper than reading on.",
			plural(int(p.count), "row"), in.Offset+1, out.NextOffset)
	}
	return out, nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
