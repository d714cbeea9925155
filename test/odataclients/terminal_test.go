//go:build duckdb_arrow

package odataclients

import (
	"fmt"
	"html"
	"strings"
)

// line is one of a terminal: typed, or printed.
type line struct {
	text  string
	typed bool
}

// terminal draws a session, as the other drawings of docs/images look.
func terminal(title string, session []line) string {
	const width, top, step, margin = 952, 46, 17, 16
	const blank = "\u00a0" // others collapse
	height := top + step*len(session) + 2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-labelledby="t" font-family="Segoe UI, Helvetica, Arial, sans-serif">`, width, height)
	fmt.Fprintf(&b, `<title id="t">A terminal: %s with PingOne Gateway</title><rect width="%d" height="%d" fill="#fafafa"/>`, title, width, height)
	fmt.Fprintf(&b, `<rect x="%d" y="%[1]d" width="%d" height="%d" rx="4" fill="#fff" stroke="#888"/>`, margin, width-2*margin, height-2*margin)
	fmt.Fprintf(&b, `<rect x="%d" y="%[1]d" width="%d" height="30" rx="4" fill="#f3f3f3" stroke="#888"/>`, margin, width-2*margin)
	fmt.Fprintf(&b, `<text x="28" y="36" font-size="13" font-weight="bold" fill="#222">%s</text>`, title)
	b.WriteString(`<g font-family="Consolas, Menlo, DejaVu Sans Mono, monospace" font-size="12" fill="#222">` + "\n")
	for i, l := range session {
		prompt := ""
		if l.typed {
			prompt = `<tspan fill="#c43e1c" font-weight="bold">$ </tspan>`
		}
		fmt.Fprintf(&b, `<text x="28" y="%d">%s%s</text>`+"\n", top+step*(i+1)+margin/2, prompt, strings.ReplaceAll(html.EscapeString(l.text), " ", blank))
	}
	b.WriteString("</g></svg>\n")
	return b.String()
}
