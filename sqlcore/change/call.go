package change

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// Call is one call that changes something.
type Call struct {
	*catalog.Write
	// Table is the whole table, whatever the caller may see of it, or the
	// signature of a Procedure.
	Table     *catalog.Table
	Procedure bool
	// Keys are the values of the address, by column.
	Keys map[string]string
	// Type is the media type of the body.
	Type string
	// Body are the members to send; nil sends no body, no members an empty object.
	Body []Member
	// Creates is true where a repetition would make a second row, or do a second
	// time what is to be done once.
	Creates bool
}

// Member is a member of a body, at a place as catalog.Column.Source names it; a
// nil Value is null.
type Member struct {
	Place string
	Value json.RawMessage
}

// plan gives the calls for a row, after a look at its values. Errors are
// those of check, on the column.
func (c *Change) plan(row Row) ([]Call, error) {
	if err := c.check(row); err != nil {
		return nil, err
	}
	var out []Call
	for _, w := range c.calls() {
		call := Call{Write: w, Table: c.Table.Whole(), Keys: c.keys(row), Type: w.Type, Creates: c.Kind == Insert && w == c.Table.Writes.Insert}
		if w.AfterInsert && c.Kind == Insert {
			if v := c.given(row, w.Columns[0]); v == nil || asText(v) == w.Unless {
				continue
			}
		}
		if len(w.Types) > 0 {
			call.Type = w.Types[asText(c.given(row, w.Columns[0]))]
		}
		if w.Method != http.MethodDelete {
			call.Body = c.body(w, row)
		}
		out = append(out, call)
	}
	return out, nil
}

// keys are the values that addresses are filled with. A row that was inserted
// tells its own later.
func (c *Change) keys(row Row) map[string]string {
	out := map[string]string{}
	add := func(columns []int, values []json.RawMessage) {
		for i, at := range columns {
			out[c.Table.Columns[at].Name] = asText(values[i])
		}
	}
	if c.Kind == Insert {
		add(c.Assigned, row.Becomes)
	}
	add(c.Reads, row.Is)
	return out
}

// body gives the members that a call sends. What an insert gives as null is left
// out.
func (c *Change) body(w *catalog.Write, row Row) []Member {
	out := []Member{}
	if d := c.Table.Whole().Derived; d != nil && c.Kind == Insert && len(w.Columns) == 0 {
		for place, text := range d.Where {
			out = append(out, Member{place, cell.AppendString(nil, text)})
		}
	}
	for i, at := range c.Assigned {
		col := &c.Table.Columns[at]
		part := c.Table.Writes.Part(col.Name)
		switch {
		case len(w.Columns) > 0 && !slices.Contains(w.Columns, col.Name):
			continue // another call writes it
		case c.Kind == Insert && (row.Becomes[i] == nil || len(w.Columns) == 0 && part != nil && part.AfterInsert):
			continue
		case c.Kind == Update && len(w.Columns) == 0 && part != nil:
			continue
		case w.Body == nil && slices.Contains(w.Keys, col.Name):
			continue // the address says it
		}
		place := col.Source
		if w.Body != nil {
			if place = w.Body[col.Name]; place == "" {
				continue
			}
		}
		out = append(out, Member{place, row.Becomes[i]})
	}
	return out
}

// check looks at the values of a row before anything is sent. What the row does
// not tell is PingOne's to decide. Errors are gwerr.InvalidValue and
// gwerr.NotImplemented.
func (c *Change) check(row Row) error {
	for i, at := range c.Reads {
		col := &c.Table.Columns[at]
		if want, ok := c.Table.Writes.Only[col.Name]; ok && row.Is[i] != nil && asText(row.Is[i]) != want {
			return gwerr.Newf(gwerr.InvalidValue, "Only rows of %s whose %s is %s can be changed.", c.Table.Name, col.Name, want).On(col.Name)
		}
	}
	for i, at := range c.Assigned {
		col := &c.Table.Columns[at]
		if secret := c.Table.Writes.Secrets[col.Source]; secret != "" && c.Kind == Insert && row.Becomes[i] != nil {
			return gwerr.Newf(gwerr.NotImplemented, "A row of %s that has %s needs a secret (%s), which no column takes.", c.Table.Name, col.Name, secret).On(col.Name).
				WithHint("Make it in PingOne's console, or by a procedure that takes the secret.")
		}
		if err := c.checkValue(col, row.Becomes[i]); err != nil {
			return gwerr.From(err).On(col.Name)
		}
	}
	return nil
}

func (c *Change) checkValue(col *catalog.Column, v json.RawMessage) error {
	part := c.Table.Writes.Part(col.Name)
	switch {
	case v == nil && c.Kind == Insert && !col.Needed:
		return nil
	case v == nil && (col.Required || part != nil || col.Needed && c.Kind == Insert):
		return gwerr.Newf(gwerr.InvalidValue, "%s of %s can't be null.", col.Name, c.Table.Name)
	case v == nil:
		return nil
	case part != nil && len(part.Values) > 0 && c.Kind == Update && !slices.Contains(part.Values, asText(v)):
		return gwerr.Newf(gwerr.InvalidValue, "%s can be set to %s only.", col.Name, list(part.Values))
	case !proper(col.Type, v):
		return gwerr.Newf(gwerr.InvalidValue, "The value of %s can't be told to PingOne.", col.Name).
			WithHint("Numbers are finite, times have years of four digits, and lists hold no nulls.")
	case col.MaxLength > 0 && utf8.RuneCountInString(asText(v)) > col.MaxLength:
		return gwerr.Newf(gwerr.InvalidValue, "%s takes %d characters at most.", col.Name, col.MaxLength)
	}
	return nil
}

// proper tells whether JSON has the value: no number that is none, no time without
// end; nor does PingOne keep a null in a list.
func proper(t catalog.Type, v json.RawMessage) bool {
	switch t {
	case catalog.Float64:
		return json.Unmarshal(v, new(float64)) == nil
	case catalog.Timestamp:
		return json.Unmarshal(v, new(time.Time)) == nil
	case catalog.StringList:
		var list []*string
		return json.Unmarshal(v, &list) == nil && !slices.Contains(list, nil)
	default:
		return true
	}
}

// given is the value of an assigned column; nil for null.
func (c *Change) given(row Row, column string) json.RawMessage {
	for i, at := range c.Assigned {
		if c.Table.Columns[at].Name == column {
			return row.Becomes[i]
		}
	}
	return nil
}

// asText gives a JSON text without its quotes, and other values as they are.
func asText(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

func list(values []string) string {
	out := ""
	for i, v := range values {
		switch {
		case i > 0 && i == len(values)-1:
			out += " or "
		case i > 0:
			out += ", "
		}
		out += v
	}
	return out
}

// Format writes a call without its values whatever the verb: they may be
// personal data or secrets.
func (c Call) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%s %s", c.Method, c.Endpoint) }
