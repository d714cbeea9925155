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
