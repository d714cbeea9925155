package cell_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/testkit/seed"
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

// The texts of a column are looked at together before each is: one character has to be
// found wherever it stands, and nothing that isn't a text of the column.
func TestEveryCharacterInAColumn(t *testing.T) {
	t.Parallel()
	for c := rune(0); c < 0x180; c++ {
		for at := range 67 {
			odd := strings.Repeat("x", at) + string(c) + strings.Repeat("y", 67-at)
			b := array.NewStringBuilder(memory.DefaultAllocator)
			b.AppendValues([]string{`"\`, odd, "plain", `\"`}, nil)
			all := b.NewArray()
			some := array.NewSlice(all, 1, 3)
			column := cell.Of(some, cell.Style{})
			if got, want := string(column.AppendJSON(column.AppendJSON(nil, 0), 1)), string(cell.AppendString(nil, odd))+`"plain"`; got != want {
				t.Fatalf("%q at %d: got %s, want %s", c, at, got, want)
			}
			some.Release()
			all.Release()
			b.Release()
		}
	}
}

// Whatever the column, its texts are written as if each stood alone.
func TestColumnsOfTexts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(seed.Of(t), 0))
	pieces := []string{"a", "plain text", "0a0b0c0d-0000", "é", "\xff", "\xe2", "\x80\xa8", "\u2028", `"`, `\`, "\x00", "\x7f", "😀", ""}
	for range 2000 {
		some := pieces[:1+r.IntN(len(pieces))]
		b := array.NewStringBuilder(memory.DefaultAllocator)
		var texts []string
		for range 1 + r.IntN(20) {
			text := ""
			for range r.IntN(12) {
				text += some[r.IntN(len(some))]
			}
			texts = append(texts, text)
			b.Append(text)
		}
		a := b.NewArray()
		column := cell.Of(a, cell.Style{})
		for row, text := range texts {
			if got, want := string(column.AppendJSON(nil, row)), string(cell.AppendString(nil, text)); got != want {
				t.Fatalf("%q: got %s, want %s", text, got, want)
			}
		}
		a.Release()
		b.Release()
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
