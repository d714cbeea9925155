package sqlshell

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/sqlclient"
)

// namesTime bounds the wait for names to complete with.
const namesTime = 20 * time.Second

// keywords that are worth completing.
var keywords = strings.Fields(`SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT OFFSET JOIN LEFT RIGHT FULL INNER CROSS
USING DISTINCT UNION INTERSECT EXCEPT INSERT INTO VALUES UPDATE DELETE RETURNING WITH CASE WHEN THEN ELSE BETWEEN
LIKE ILIKE EXISTS EXPLAIN ANALYZE SHOW TABLES DESCRIBE SUMMARIZE COUNT CALL`)

// names are those of the connection's tables and columns.
type names struct {
	tables  []string
	columns map[string][]string // by table, in lower case
}

// Complete gives the words that may stand at pos in the line, with what is before
// and behind them. Behind a table and a dot these are its columns.
func (s *Shell) Complete(ctx context.Context, line string, pos int) (head string, words []string, tail string) {
	start := pos
	for start > 0 && wordByte(line[start-1]) {
		start--
	}
	head, word, tail := line[:start], line[start:pos], line[pos:]
	var all []string
	switch {
	case strings.HasPrefix(word, `\`):
		for _, c := range commands {
			all = append(all, `\`+c.name)
		}
	case strings.HasPrefix(line, `\format `):
		all = sqlclient.Formats
	default:
		all = s.candidates(ctx, word)
	}
	for _, candidate := range all {
		if len(candidate) >= len(word) && strings.EqualFold(candidate[:len(word)], word) && !slices.Contains(words, candidate) {
			words = append(words, candidate)
		}
	}
	return head, words, tail
}

func wordByte(b byte) bool {
	return b == '_' || b == '.' || b == '\\' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

func (s *Shell) candidates(ctx context.Context, word string) (all []string) {
	known := s.names
	if known == nil {
		var err error
		if known, err = s.readNames(ctx); err == nil {
			s.names = known
		}
	}
	if table, _, ok := strings.Cut(word, "."); ok {
		for _, c := range known.columns[strings.ToLower(table)] {
			all = append(all, table+"."+c)
		}
		return all
	}
	all = append(all, known.tables...)
	for _, t := range known.tables {
		all = append(all, known.columns[strings.ToLower(t)]...)
	}
	return append(all, keywords...)
}

// readNames asks for the names; with an error there are none.
func (s *Shell) readNames(ctx context.Context) (*names, error) {
	out := &names{columns: map[string][]string{}}
	ctx, cancel := context.WithTimeout(ctx, namesTime)
	defer cancel()
	client := *s.config.Client
	client.Format, client.Explain, client.Progress = "json", false, nil
	var text strings.Builder
	err := client.Run(ctx, `SELECT DISTINCT table_name, column_name FROM information_schema.columns
WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1, 2`, &text)
	var answer struct{ Rows [][2]string }
	if err == nil {
		err = json.Unmarshal([]byte(text.String()), &answer)
	}
	if err != nil {
		return out, err
	}
	for _, row := range answer.Rows {
		table := strings.ToLower(row[0])
		if out.columns[table] == nil {
			out.tables = append(out.tables, row[0])
		}
		out.columns[table] = append(out.columns[table], row[1])
	}
	return out, nil
}
