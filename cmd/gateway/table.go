package main

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

// printTable prints a JSON answer of /sql as a table for a terminal.
func printTable(body io.Reader, out io.Writer) error {
	var a struct {
		Columns []struct{ Name string }
		Rows    [][]json.RawMessage
	}
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return gwerr.Wrap(gwerr.UpstreamCutShort, err, "The answer ended before its end; rows are missing.", "Try again.")
	}
	lines := [][]string{nil}
	for _, c := range a.Columns {
		lines[0] = append(lines[0], c.Name)
	}
	for _, r := range a.Rows[:min(len(a.Rows), tableRows)] {
		var cells []string
		for _, v := range r {
			cells = append(cells, cellText(v))
		}
		lines = append(lines, cells)
	}
	widths := make([]int, len(a.Columns))
	for _, l := range lines {
		for i, c := range l {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, l := range lines {
		printLine(out, l, widths)
		if n == 0 {
			printRule(out, widths)
		}
	}
	if more := len(a.Rows) - tableRows; more > 0 {
		fmt.Fprintf(out, "… and %d more rows; use --format csv for all.\n", more)
	}
	_, err := fmt.Fprintf(out, "(%d rows)\n", len(a.Rows))
	return err
}

func printLine(out io.Writer, cells []string, widths []int) {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
		}
	}
	fmt.Fprintln(out, b.String())
}

func printRule(out io.Writer, widths []int) {
	var parts []string
	for _, w := range widths {
		parts = append(parts, strings.Repeat("-", w))
	}
	fmt.Fprintln(out, strings.Join(parts, "  "))
}

// cellText is a value on one line.
func cellText(v json.RawMessage) string {
	text := string(v)
	var s string
	if json.Unmarshal(v, &s) == nil && text != "null" {
		text = s
	}
	if text == "null" {
		return ""
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
