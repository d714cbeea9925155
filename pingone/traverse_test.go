package pingone

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBehindValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value string }{
		{"text", `"a"`},
		{"empty text", `""`},
		{"brackets and commas in a text", `"]},{["`},
		{"a quotation mark", `"a\"b"`},
		{"an escape at the end", `"a\\"`},
		{"escapes before a quotation mark", `"\\\"\\\\\\\""`},
		{"number", `-1.5e+3`},
		{"true", `true`},
		{"null", `null`},
		{"empty object", `{}`},
		{"empty list", `[ ]`},
		{"nested", `{"a":[{"b":"}"},[1,"]"],{}],"c\"":"{"}`},
		{"as deep as can be", strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, rest := range []string{"", ",1", "}", "]", " \n}"} {
				end, err := behindValue([]byte("12,"+c.value+rest), 3)
				require.NoError(t, err)
				require.Equal(t, 3+len(c.value), end, "before %q", rest)
			}
			for n := 1; n < min(len(c.value), 40); n++ { // no part of it is a whole one
				end, err := behindValue([]byte(c.value[:n]), 0)
				require.True(t, err != nil || c.value[0] == '-' && end == n, "%q", c.value[:n])
			}
		})
	}
}

func TestBehindNoValue(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "a comma": ",", "the end of an object": "}", "the end of a list": "]", "a colon": ":1", "a word": "yes", "a longer word": "truer",
		"too deep": strings.Repeat(`{"a":`, maxNesting+1) + "1" + strings.Repeat("}", maxNesting+1), "a text in an object without its end": `{"a":"b}`,
	} {
		_, err := behindValue([]byte(text), 0)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "yes", "errors have no data")
	}
}

func TestTraverseObject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string // name and value in turns
		fails      bool
	}{
		{name: "empty", text: `{}`},
		{name: "members", text: `{"a":1,"b":{"c":[]}}`, want: []string{"a", "1", "b", `{"c":[]}`}},
		{name: "white space", text: "{ \"a\"\t:\r\n1 , \"b\" : \"x\" }", want: []string{"a", "1", "b", `"x"`}},
		{name: "escapes in a name", text: `{"\u0061\"\\":1}`, want: []string{`a"\`, "1"}},
		{name: "a list", text: `[1]`, fails: true},
		{name: "no colon", text: `{"a" 1}`, fails: true},
		{name: "no value", text: `{"a":}`, fails: true},
		{name: "no name", text: `{1:1}`, fails: true},
		{name: "no comma", text: `{"a":1 "b":2}`, fails: true},
		{name: "a comma too many", text: `{"a":1,}`, fails: true},
		{name: "an end of another kind", text: `{"a":1]`, fails: true},
		{name: "a name with no good escape", text: `{"\x":1}`, fails: true},
		{name: "no end", text: `{"a":1`, fails: true},
		{name: "nothing behind the bracket", text: `{`, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			end, err := traverseObject([]byte(c.text), 0, func(b, name []byte, at int) (int, error) {
				end, err := behindValue(b, at)
				if err == nil {
					got = append(got, string(name), string(b[at:end]))
				}
				return end, err
			})
			if c.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, len(c.text), end)
			require.Equal(t, c.want, got)
		})
	}
}

func TestTraverseArray(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"[]": 0, "[ ]": 0, "[1]": 1, `[ {} , "]" , [1,2] ]`: 3, "[": -1, "[1": -1, "[1,]": -1, "[,1]": -1, "[1 2]": -1, "{}": -1, "": -1} {
		n := 0
		end, err := traverseArray([]byte(text), 0, func(b []byte, at int) (int, error) {
			n++
			return behindValue(b, at)
		})
		if want < 0 {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, len(text), end, text)
		require.Equal(t, want, n, text)
	}
}

// FuzzBehindValue: whatever encoding/json takes for a value ends where it ends.
func FuzzBehindValue(f *testing.F) {
	for _, seed := range []string{`{"a":["\\\"",1]}`, `"a\\"`, "[[]]", "-1e5", "null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		end, err := behindValue(text, 0)
		if !json.Valid(text) || isSpace(text[0]) {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if behindSpace(text, end) != len(text) {
			t.Fatalf("%q ends at %d", text, end)
		}
	})
}

// Eight bytes are looked at together: each byte, at each of the places, has to be
// judged as it is.
func TestPlainText(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 17 {
			inside := strings.Repeat("x", at) + string([]byte{byte(c)}) + strings.Repeat("y", 16-at)
			body := []byte(`[` + `"` + inside + `",1]`)
			text, end, ok := plainText(body, 1)
			switch {
			case c == '"':
				require.True(t, ok)
				require.Equal(t, inside[:at], string(text))
				require.Equal(t, at+3, end)
			case c < ' ' || c == '\\' || c > 0x7f:
				require.False(t, ok, "%q at %d", c, at)
			default:
				require.True(t, ok, "%q at %d", c, at)
				require.Equal(t, inside, string(text))
				require.Equal(t, len(inside)+3, end)
			}
		}
	}
	for _, text := range []string{``, `"`, `"abc`, `"abcdefghi`, `abc"`, `1`, `{"a":1}`} {
		_, _, ok := plainText([]byte(text), 0)
		require.False(t, ok, text)
	}
	text, end, ok := plainText([]byte(`""`), 0)
	require.True(t, ok)
	require.Empty(t, text)
	require.Equal(t, 2, end)
}

// Members are found whatever order they come in, and the names that are remembered are
// bounded.
func TestMembersInAnyOrder(t *testing.T) {
	t.Parallel()
	a, b := &member{columns: []int{0}}, &member{columns: []int{1}}
	below := map[string]*member{"a": a, "b": b}
	var o order
	for _, names := range []string{"a b c", "a b c", "b a", "c c a", "d b a b", "b"} {
		for _, name := range strings.Fields(names) {
			require.Same(t, below[name], o.find([]byte(name), below), "%s of %s", name, names)
		}
	}
	for i := range 3 * mostMet {
		require.Nil(t, o.find([]byte("other"+strings.Repeat("x", i)), below))
	}
	require.Len(t, o.members, mostMet)
	require.Same(t, b, o.find([]byte("b"), below))
	var late order
	for i := range mostMet {
		late.find([]byte(strings.Repeat("x", i)), below)
	}
	require.Same(t, a, late.find([]byte("a"), below), "one that there was no room for")
}
