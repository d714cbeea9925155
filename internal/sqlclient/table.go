package sqlclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// tableRows bounds what is held to find the columns' widths; longer results
// are better read as CSV.
const tableRows = 10_000

// cellWidth cuts longer texts in a table.
const cellWidth = 60

// writeTable writes a JSON answer of /sql as a table for a terminal.
func writeTable(body io.Reader, out io.Writer) error {
	a, err := readTable(json.NewDecoder(body))
	if err != nil {
		var known *gwerr.Error
		if errors.As(err, &known) {
			return err
		}
		return cutShort(err)
	}
	names, lines := a.lines[0], a.lines
	var rule []string
	widths := make([]int, len(names))
	for _, l := range lines {
		for i, c := range l {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, w := range widths {
		rule = append(rule, strings.Repeat("-", w))
	}
	var b strings.Builder
	writeLine(&b, names, widths)
	writeLine(&b, rule, widths)
	for _, l := range lines[1:] {
		writeLine(&b, l, widths)
	}
	if more := a.rows - tableRows; more > 0 {
		fmt.Fprintf(&b, "… and %d more rows; use --format csv for all.\n", more)
	}
	switch {
	case a.count != nil:
		fmt.Fprintf(&b, "(%d rows changed)\n", *a.count)
	default:
		fmt.Fprintf(&b, "(%d rows)\n", a.rows)
	}
	for _, note := range a.notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	_, err = io.WriteString(out, b.String())
	return err
}

// table is what is shown of an answer: the names and the first rows.
type table struct {
	lines [][]string
	rows  int
	count *int64 // of a statement that changes rows
	notes []string
}

// readTable reads an answer to its end, and keeps its first rows.
func readTable(d *json.Decoder) (t table, err error) {
	t.lines = [][]string{nil}
	if _, err = d.Token(); err != nil {
		return t, err
	}
	for err == nil && d.More() {
		var name json.Token
		if name, err = d.Token(); err != nil {
			break
		}
		switch name {
		case "columns":
			var columns []struct{ Name string }
			err = d.Decode(&columns)
			for _, c := range columns {
				t.lines[0] = append(t.lines[0], c.Name)
			}
		case "rows":
			err = t.readRows(d)
		case "count":
			err = d.Decode(&t.count)
		case "notes":
			err = d.Decode(&t.notes)
		default:
			err = d.Decode(new(json.RawMessage))
		}
	}
	if err == nil {
		_, err = d.Token()
	}
	return t, err
}

func (t *table) readRows(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	for ; d.More(); t.rows++ {
		var row []json.RawMessage
		if err := d.Decode(&row); err != nil {
			return err
		}
		if t.rows >= tableRows {
			continue
		}
		var cells []string
		for _, v := range row {
			cells = append(cells, cellText(v))
		}
		t.lines = append(t.lines, cells)
	}
	_, err := d.Token()
	return err
}

func writeLine(b *strings.Builder, cells []string, widths []int) {
	for i, c := range cells {
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
		}
	}
	b.WriteString("\n")
}

// cellText is a value on one line.
func cellText(v json.RawMessage) string {
	text := string(v)
	if text == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		text = s
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) > cellWidth {
		text = string([]rune(text)[:cellWidth-1]) + "…"
	}
	return text
}
