package cell_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

func TestStrings(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"plain", "abc", `"abc"`},
		{"quote and backslash", `a"b\c`, `"a\"b\\c"`},
		{"control characters", "\x00\x1f\n\r\t\x7f", `"\u0000\u001f\n\r\t\u007f"`},
		{"markup stays", "<a&b>", `"<a&b>"`},
		{"unicode", "Zürich 日本 😀", `"Zürich 日本 😀"`},
		{"line separators", "a\u2028b\u2029c", `"a\u2028b\u2029c"`},
		{"invalid UTF-8", "a\xffb\xc3", `"a\ufffdb\ufffd"`},
		{"lone surrogate bytes", "\xed\xa0\x80", `"\ufffd\ufffd\ufffd"`},
		{"replacement character itself", "\ufffd", `"` + "\ufffd" + `"`},
		{"empty", "", `""`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := string(cell.AppendString(nil, c.in)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Eight characters are looked at together: each one, at each of the places, has to be
// written as if it stood alone.
func TestEveryCharacterAtEveryPlace(t *testing.T) {
	t.Parallel()
	inside := func(s string) string { return strings.Trim(string(cell.AppendString(nil, s)), `"`) }
	for c := rune(0); c < 0x180; c++ {
		if c == '"' { // has quotes trimmed off; the table above has it
			continue
		}
		alone := inside(string(c))
		for at := range 17 {
			before, after := strings.Repeat("x", at), strings.Repeat("y", 17-at)
			if got, want := inside(before+string(c)+after), before+alone+after; got != want {
				t.Fatalf("%q at %d: got %s, want %s", c, at, got, want)
			}
		}
	}
	if got := inside(`1234567"1234567\`); got != `1234567\"1234567\\` {
		t.Errorf("got %s", got)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a\"\\", "\u2028", "\xff", "é😀", strings.Repeat("x", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(cell.AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, ""); strings.ReplaceAll(got, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Fatalf("%q reads back as %q", s, got)
		}
	})
}
