package sqlclient

import (
	"encoding/json"
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
	var a struct {
		Columns []struct{ Name string }
		Rows    [][]json.RawMessage
	}
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return gwerr.Wrap(gwerr.UpstreamCutShort, err, "The answer ended before its end; rows are missing.", "Try again.")
	}
	var names, rule []string
	for _, c := range a.Columns {
		names = append(names, c.Name)
	}
	lines := [][]string{names}
	for _, r := range a.Rows[:min(len(a.Rows), tableRows)] {
		var cells []string
		for _, v := range r {
			cells = append(cells, cellText(v))
		}
		lines = append(lines, cells)
	}
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
	if more := len(a.Rows) - tableRows; more > 0 {
		fmt.Fprintf(&b, "… and %d more rows; use --format csv for all.\n", more)
	}
	fmt.Fprintf(&b, "(%d rows)\n", len(a.Rows))
	_, err := io.WriteString(out, b.String())
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
