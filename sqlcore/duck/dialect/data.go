package dialect

import (
	"embed"
	"strings"
)

// data is what others say and the engine's words for it, one thing a line.
//
//go:embed data
var data embed.FS

// table reads a file of data: fields with tabs between them, of which the last ones
// may be left out. A line that begins with # says what they are.
func table(name string) (rows [][]string) {
	raw, err := data.ReadFile("data/" + name + ".tsv")
	if err != nil {
		panic(err) // a defect of the build
	}
	const fields = 5
	for line := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n") {
		if !strings.HasPrefix(line, "#") {
			row := make([]string, fields)
			copy(row, strings.Split(line, "\t"))
			rows = append(rows, row)
		}
	}
	return rows
}

// pairs reads a file of names and what they mean.
func pairs(name string) map[string]string {
	m := map[string]string{}
	for _, row := range table(name) {
		m[row[0]] = row[1]
	}
	return m
}
