package dialect

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// types are the engine's names of others' types.
var types = pairs("types")

// texts and times are the types of which CONVERT takes a style; bit is a boolean
// there.
var (
	texts = sqltext.Set("varchar char nvarchar nchar varchar2 nvarchar2 text ntext string")
	times = sqltext.Set("date datetime datetime2 smalldatetime timestamp datetimeoffset time")
)

// typeName writes a type in the engine's words: its name, and what stands in
// parentheses behind it, of which length is the number.
func (r *rewriter) typeName(from, to int) (name, length string) {
	word := strings.ToLower(r.tokens[from].Text)
	name = r.text[r.tokens[from].Start:r.tokens[to-1].End]
	if to-from >= 4 && r.tokens[from+1].Is("(") {
		length = r.tokens[from+2].Text
	}
	own, other := types[word]
	switch {
	case texts[word]:
		return "VARCHAR", length
	case !other:
		return name, length
	case own == "DECIMAL" && length == "":
		return "DOUBLE", "" // Oracle's NUMBER
	case own == "DECIMAL":
		return own + r.text[r.tokens[from+1].Start:r.tokens[to-1].End], length
	}
	return own, length
}

// cast puts the engine's type into CAST(… AS type).
func cast(c *call) ([]piece, error) {
	if len(c.arguments) == 0 {
		return nil, nil
	}
	// The commas of a type stand deeper.
	from, to := c.arguments[0][0], c.next-1
	depth := c.r.tokens[c.at].Depth + 1
	for k := to - 1; k > from; k-- {
		t := c.r.tokens[k]
		if t.Depth != depth || !t.Is("as") || k+1 >= to {
			continue
		}
		if types[strings.ToLower(c.r.tokens[k+1].Text)] == "" {
			break
		}
		name, _ := c.r.typeName(k+1, to)
		value, err := c.r.expand(from, k)
		if err != nil {
			return nil, err
		}
		made := append(words(strings.ToUpper(c.name)+"("), value...)
		return append(made, piece{text: " AS " + name + ")"}), nil
	}
	return nil, nil
}

// blank begins a style in which days and hours of one digit have a blank before
// them.
const blank = " "

// styles are SQL Server's ways to write a time, as strftime has them.
var styles = pairs("styles")

// convert is SQL Server's CONVERT(type, value [, style]).
func convert(c *call) ([]piece, error) {
	n := len(c.arguments)
	if n != 2 && n != 3 || c.arguments[0][0] == c.arguments[0][1] {
		return nil, c.wrong("takes a type, a value and perhaps a style")
	}
	word := strings.ToLower(c.r.tokens[c.arguments[0][0]].Text)
	name, length := c.r.typeName(c.arguments[0][0], c.arguments[0][1])
	if word == "bit" {
		name = "BOOLEAN"
	}
	template := "CAST({2} AS " + name + ")"
	if c.name == "try_convert" {
		template = "TRY_" + template
	}
	if n == 3 && (texts[word] || times[word]) {
		t, _ := c.token(3)
		format, ok := styles[t.Text]
		if !ok {
			return nil, c.wrong("does not know this style")
		}
		template = styled(texts[word], name, format)
		if c.name == "try_convert" {
			template = "try(" + template + ")"
		}
	}
	if texts[word] && length != "" && !sqltext.Same(length, "max") {
		template = "left(" + template + ", " + length + ")"
	}
	return c.fill(template)
}

// styled writes a time as a text, or reads one; what doesn't have the form is
// read as the engine does.
func styled(text bool, name, format string) string {
	format, blanks := strings.CutPrefix(format, blank)
	written := "strftime(CAST({2} AS TIMESTAMPTZ), '" + format + "')"
	switch {
	case text && blanks:
		return "replace(" + written + ", ' 0', '  ')"
	case text:
		return written
	}
	if strings.HasPrefix(format, "%Y-%m-%d") {
		return "CAST({2} AS " + name + ")"
	}
	return "CAST(coalesce(try_strptime(CAST({2} AS VARCHAR), '" + format + "'), CAST({2} AS TIMESTAMP)) AS " + name + ")"
}
