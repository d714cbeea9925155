package catalog_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// place is the way to a part of a file: keys of mappings and numbers of list items.
type place []any

func (p place) String() string { return strings.Trim(fmt.Sprint([]any(p)), "[]") }

// document reads a file without the loader.
func document(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.UnmarshalWithOptions([]byte(text), &v, yaml.UseOrderedMap()); err != nil {
		t.Fatal(err)
	}
	return v
}

// places lists all parts of a document.
func places(v any, at place) []place {
	var out []place
	add := func(step, part any) {
		here := append(slices.Clone(at), step)
		out = append(append(out, here), places(part, here)...)
	}
	switch v := v.(type) {
	case yaml.MapSlice:
		for _, item := range v {
			add(item.Key, item.Value)
		}
	case []any:
		for i, part := range v {
			add(i, part)
		}
	}
	return out
}

// changed is a document with another part at a place; without it where f gives
// keep false.
func changed(v any, at place, f func(any) (part any, keep bool)) any {
	step := func(part any) (any, bool) {
		if len(at) == 1 {
			return f(part)
		}
		return changed(part, at[1:], f), true
	}
	switch v := v.(type) {
	case yaml.MapSlice:
		var out yaml.MapSlice
		for _, item := range v {
			if item.Key == at[0] {
				part, keep := step(item.Value)
				if !keep {
					continue
				}
				item.Value = part
			}
			out = append(out, item)
		}
		return out
	case []any:
		var out []any
		for i, part := range v {
			if i == at[0] {
				var keep bool
				if part, keep = step(part); !keep {
					continue
				}
			}
			out = append(out, part)
		}
		return out
	}
	return v
}

// procedural reports whether the file declares procedures.
func procedural(file string) bool { return file == "wash.yaml" || file == "park.yaml" }

// outcome is what the loader makes of the garage and the washes with one file
// changed.
func outcome(t *testing.T, file string, doc any) (any, error) {
	t.Helper()
	text, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if procedural(file) {
		return loadProcedures(string(text))
	}
	files := fstest.MapFS{}
	for name, text := range garage {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	files[file] = &fstest.MapFile{Data: text}
	return catalog.Load(files)
}

// atLine is how each line of a refusal begins.
var atLine = regexp.MustCompile(`^[a-z]+\.yaml:[1-9][0-9]*: .`)

// eachPlace tries something with every part of every file.
func eachPlace(t *testing.T, try func(t *testing.T, file string, doc any, at place, part, whole any)) {
	if testing.Short() {
		t.Skip("it loads thousands of declarations, one after the other")
	}
	t.Helper()
	files := maps.Clone(garage)
	files["wash.yaml"], files["park.yaml"] = washes, parks
	for file, text := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			doc := document(t, text)
			whole, err := outcome(t, file, doc)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range places(doc, nil) {
				var part any
				changed(doc, at, func(p any) (any, bool) { part = p; return p, true })
				try(t, file, doc, at, part, whole)
			}
		})
	}
}

// refused reports whether a change was refused, each fault with its line.
func refused(t *testing.T, at place, err error) bool {
	t.Helper()
	if err == nil {
		return false
	}
	for line := range strings.Lines(err.Error()) {
		if !atLine.MatchString(line) {
			t.Errorf("%s: refused without a place: %s", at, line)
		}
	}
	return true
}

// TestNothingIsDeclaredInVain takes each part out: what is left is refused, or it
// says something else.
func TestNothingIsDeclaredInVain(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, file string, doc any, at place, _, whole any) {
		t.Helper()
		got, err := outcome(t, file, changed(doc, at, func(any) (any, bool) { return nil, false }))
		if !refused(t, at, err) && reflect.DeepEqual(got, whole) {
			t.Errorf("%s says the same without %s", file, at)
		}
	})
}

// TestWrongTypesAreRefused puts parts of other types in the place of each.
func TestWrongTypesAreRefused(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, file string, doc any, at place, part, _ any) {
		t.Helper()
		wrong := []any{nil}
		switch part.(type) {
		case string:
			wrong = append(wrong, 7, []any{"x"})
		case bool, uint64, int64, int:
			wrong = append(wrong, "x", -3, 1.5)
		case []any:
			wrong = append(wrong, "x", yaml.MapSlice{{Key: "x", Value: "y"}})
		case yaml.MapSlice:
			wrong = append(wrong, true, []any{part})
		default:
			t.Fatalf("%s is a %T", at, part)
		}
		for _, w := range wrong {
			if _, err := outcome(t, file, changed(doc, at, func(any) (any, bool) { return w, true })); !refused(t, at, err) {
				t.Errorf("%s: %v is taken in the place of %v at %s", file, w, part, at)
			}
		}
	})
}

// free are mappings whose keys are the service's names of members, which the loader
// can't know.
var free = []string{"secrets", "set", "days_for", "where", "types"}

// TestUnknownKeysAreRefused puts a key into each mapping that it can't have.
func TestUnknownKeysAreRefused(t *testing.T) {
	t.Parallel()
	eachPlace(t, func(t *testing.T, file string, doc any, at place, part, _ any) {
		t.Helper()
		if m, ok := part.(yaml.MapSlice); ok && !slices.Contains(free, fmt.Sprint(at[len(at)-1])) {
			more := append(slices.Clone(m), yaml.MapItem{Key: "zzz", Value: m[0].Value})
			if _, err := outcome(t, file, changed(doc, at, func(any) (any, bool) { return more, true })); !refused(t, at, err) {
				t.Errorf("%s: a key zzz is taken at %s", file, at)
			}
		}
	})
}

// TestOtherNamesAreRefused changes each text that names something of the files: a
// table, a column, a path or an operator of another name is there no more.
func TestOtherNamesAreRefused(t *testing.T) {
	t.Parallel()
	names := []string{
		"references table", "of", "from", "hidden table", "hidden key", "hidden column", "changed", "size path", "parent table", "parent path", "parent rows",
		"partition column", "partition table", "partition key", "partition size", "partition split", "lookup table", "lookup key", "lookup by", "lookup column",
		"shown", "range column", "many_to_many from", "many_to_many to", "size table", "size column", "variant column", "unless column",
		"references column", "parent empty_when", "filters empty_when", "type", "schema", "join", "operators", "unconfirmed", "each",
	}
	var tried sync.Map
	eachPlace(t, func(t *testing.T, file string, doc any, at place, part, _ any) {
		t.Helper()
		text, ok := part.(string)
		if !ok || procedural(file) || at[0] == "writes" {
			return
		}
		var words []string // of the place, without numbers and the names of columns
		for _, step := range at {
			if word, ok := step.(string); ok && strings.ToLower(word) == word && word != "columns" && word != "paths" {
				words = append(words, word)
			}
		}
		is := slices.IndexFunc(names, func(n string) bool {
			return strings.HasSuffix(" "+strings.Join(words, " "), " "+n) && (len(words) == 1 || n != "from" && n != "of" && n != "type")
		})
		if is < 0 || len(words) == 1 && words[0] == "from" && len(at) > 1 { // a column's source
			return
		}
		tried.Store(names[is], true)
		if _, err := outcome(t, file, changed(doc, at, func(any) (any, bool) { return text + "Zzz", true })); !refused(t, at, err) {
			t.Errorf("%s: %sZzz is taken at %s", file, text, at)
		}
	})
	t.Cleanup(func() {
		for _, name := range names {
			if _, ok := tried.Load(name); !ok {
				t.Errorf("no %s was tried", name)
			}
		}
	})
}
