package docs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// snippet is a fenced block that a reader copies and runs, with what it
// prints.
type snippet struct {
	language string // sh or python
	line     int    // of its first line, from 1
	text     string
	output   string // "" where the page shows none; … stands for anything
}

// snippets are the blocks of a page that are marked sh or python. A block with
// the word output in its mark shows what the block before prints. Blocks marked
// otherwise, bash and console among them, are for the reader alone.
func snippets(page string) []snippet {
	var out []snippet
	var open bool
	var mark string
	var body []string
	for i, line := range strings.Split(page, "\n") {
		rest, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			open, mark, body = true, strings.TrimSpace(rest), nil
		case fence:
			open = false
			text := strings.Join(body, "\n")
			language, role, _ := strings.Cut(mark, " ")
			if role == "output" && len(out) > 0 {
				out[len(out)-1].output = text
			} else if language == "sh" || language == "python" {
				out = append(out, snippet{language: language, line: i + 1 - len(body), text: text})
			}
		case open:
			body = append(body, line)
		}
	}
	return out
}

// shows says whether got is what a page says, where … stands for anything and
// blanks at the ends of lines don't matter.
func shows(want, got string) bool {
	pieces := strings.Split(trimLines(want), "…")
	rest := trimLines(got)
	for i, p := range pieces {
		p = strings.TrimSpace(p)
		at := strings.Index(rest, p)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		rest = rest[at+len(p):]
	}
	return pieces[len(pieces)-1] == "" || strings.TrimSpace(rest) == ""
}

func trimLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	return strings.Join(lines, "\n")
}

func TestSnippets(t *testing.T) {
	t.Parallel()
	page := "# A\n\n```sh\nls\npwd\n```\n\ntext\n\n```json output\n{}\n```\n\n```bash\nmake demo\n```\n\n```python\nprint()\n```\n"
	assert.Equal(t, []snippet{
		{language: "sh", line: 4, text: "ls\npwd", output: "{}"},
		{language: "python", line: 19, text: "print()"},
	}, snippets(page))
}

func TestShows(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, want, got string
		ok              bool
	}{
		{"same", "a\nb", "a\nb\n", true},
		{"blanks at line ends", "a\nb", "a  \nb", true},
		{"other", "a", "b", false},
		{"more than shown", "a", "a\nb", false},
		{"begins otherwise", "b", "a\nb", false},
		{"left out in the middle", "a\n…\nc", "a\nb\nc", true},
		{"left out at the end", "a\n…", "a\nb\nc", true},
		{"left out at the start", "…\nc", "a\nb\nc", true},
		{"within a line", `{"id":"…"}`, `{"id":"7"}`, true},
		{"in another order", "b…a", "a b", false},
		{"missing behind", "a…z", "a b", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.ok, shows(c.want, c.got))
		})
	}
}
