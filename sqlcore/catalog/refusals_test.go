package catalog_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// garage are declarations that use what there is, and are right. Each case of
// testdata/refusals.txt makes them wrong in one place. washes and parks are files of
// procedures, which are right as well.
var (
	garage = filesOf("testdata/garage/*.yaml")
	washes = filesOf("testdata/wash.yaml")["wash.yaml"]
	parks  = filesOf("testdata/park.yaml")["park.yaml"]
)

func filesOf(pattern string) map[string]string {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		panic("no files " + pattern)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// edited is a text with parts of it changed: each in the place of the one before
// it, and "*" is the whole text.
func edited(t *testing.T, text string, edits []string) string {
	t.Helper()
	for i := 0; i < len(edits); i += 2 {
		from, to := edits[i], edits[i+1]
		if from == "*" {
			from = text
		}
		if !strings.Contains(text, from) {
			t.Fatalf("there is no %q", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	return text
}

// both is the second garage with a file of the first.
func both(t *testing.T, first fs.FS, file string, second fs.FS) fs.FS {
	t.Helper()
	text, err := fs.ReadFile(first, file)
	if err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(second.(fstest.MapFS))
	files[file] = &fstest.MapFile{Data: text}
	return files
}

// garageWith is the garage with parts of one file changed.
func garageWith(t *testing.T, file string, edits ...string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range garage {
		if name == file {
			text = edited(t, text, edits)
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func loadProcedures(text string) ([]*catalog.Procedure, error) {
	return catalog.LoadProcedures(fstest.MapFS{"wash.yaml": {Data: []byte(text)}})
}

func TestTheGarageIsRight(t *testing.T) {
	t.Parallel()
	tables, err := catalog.Load(garageWith(t, ""))
	if err != nil || len(tables) != len(garage) {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	if procedures, err := loadProcedures(washes); err != nil || len(procedures) != 1 {
		t.Fatalf("%d procedures, %v", len(procedures), err)
	}
}

// subparts are the kinds of the mappings that stand under a key of another kind; "[]"
// are the items of a list, "*" the members of a mapping.
var subparts = map[string]string{
	"table size": "size", "table many_to_many": "many", "table columns []": "column", "table hidden []": "hidden", "table paths []": "path", "table writes": "writes",
	"column unless": "unless", "column references": "reference",
	"path filters *": "filter", "path variant": "variant", "path range": "range", "path partition": "partition", "path parent": "parent", "path lookup *": "lookup",
	"variant filters []": "value",
	"writes insert":      "write", "writes update": "write", "writes delete": "write", "writes parts []": "part",
	"procedures procedures []": "procedure", "procedure inputs []": "input", "procedure outputs []": "output", "procedure each": "each",
}

// TestTheGarageUsesEveryKey, so that what is tried with each of its parts is tried
// with each of the language.
func TestTheGarageUsesEveryKey(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	var walk func(v any, kind, key string)
	walk = func(v any, kind, key string) {
		if inner, ok := subparts[strings.TrimSpace(kind+" "+key)]; ok || key == "" {
			if ok {
				kind = inner
			}
			for _, item := range v.(yaml.MapSlice) {
				name, _ := item.Key.(string)
				used[kind+" "+name] = true
				walk(item.Value, kind, name)
			}
			return
		}
		switch v := v.(type) {
		case []any:
			for _, part := range v {
				if _, known := subparts[kind+" "+key+" []"]; known {
					walk(part, kind, key+" []")
				}
			}
		case yaml.MapSlice:
			for _, item := range v {
				if _, known := subparts[kind+" "+key+" *"]; known {
					walk(item.Value, kind, key+" *")
				}
			}
		}
	}
	for _, text := range garage {
		walk(document(t, text), "table", "")
	}
	walk(document(t, washes), "procedures", "")
	walk(document(t, parks), "procedures", "")
	for kind, keys := range catalog.DeclarationKeys() {
		for _, key := range keys {
			if !used[kind+" "+key] {
				t.Errorf("no %s of the garage has %q", kind, key)
			}
		}
	}
}

// refusal is what the loader says of the garage made wrong in one place: all of
// it, with file and line. A line that ends with … is known by its beginning.
type refusal struct {
	name, file  string
	edits, says []string
}

// refusals reads testdata/refusals.txt. A case begins with "# name" and "@ file";
// lines with - are taken out of the file and those with + put there, and the
// lines with ! are what is said.
func refusals(t *testing.T) []refusal {
	t.Helper()
	text, err := os.ReadFile("testdata/refusals.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []refusal
	for block := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n\n") {
		var c refusal
		var before byte
		for line := range strings.SplitSeq(block, "\n") {
			sign, rest := line[0], strings.TrimPrefix(line[1:], " ")
			last := len(c.edits) - 1
			switch {
			case sign == '#':
				c.name = rest
			case sign == '@':
				c.file = rest
			case sign == '!':
				c.says = append(c.says, rest)
			case sign == '-' && before != '-':
				c.edits = append(c.edits, rest, "")
			case sign == '-':
				c.edits[last-1] += "\n" + rest
			case sign == '+' && before == '+':
				c.edits[last] += "\n" + rest
			case sign == '+':
				c.edits[last] = rest
			default:
				t.Fatalf("what is %q?", line)
			}
			before = sign
		}
		if c.name == "" || c.file == "" || len(c.edits) == 0 || len(c.says) == 0 {
			t.Fatalf("the case lacks something: %s", block)
		}
		cases = append(cases, c)
	}
	return cases
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range refusals(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var err error
			if c.file == "wash.yaml" {
				_, err = loadProcedures(edited(t, washes, c.edits))
			} else {
				_, err = catalog.Load(garageWith(t, c.file, c.edits...))
			}
			compare(t, err, c.says)
		})
	}
}

// compare holds the lines of an error against those wanted.
func compare(t *testing.T, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("accepted")
	}
	got := strings.Split(err.Error(), "\n")
	same := len(got) == len(want)
	for i := 0; same && i < len(want); i++ {
		beginning, cut := strings.CutSuffix(want[i], "…")
		same = got[i] == want[i] || cut && strings.HasPrefix(got[i], beginning)
	}
	if !same {
		t.Errorf("got\n%s\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

// TestEveryRefusalIsTried: each message of the loader stands in a case.
func TestEveryRefusalIsTried(t *testing.T) {
	t.Parallel()
	var said []string
	for _, c := range refusals(t) {
		said = append(said, c.says...)
	}
	verb := regexp.MustCompile(`%[a-z]`)
	count := 0
	for _, message := range messages(t) {
		pattern := regexp.MustCompile("^[a-z.]+:[0-9]+: " + strings.Join(strings.Split(verb.ReplaceAllString(regexp.QuoteMeta(message), "\x00"), "\x00"), ".*") + "$")
		if message == "%s" {
			continue // another package's
		}
		count++
		tried := false
		for _, line := range said {
			tried = tried || pattern.MatchString(line)
		}
		if !tried {
			t.Errorf("no case is refused with %q", message)
		}
	}
	if count < 70 {
		t.Errorf("only %d messages were found in the loader", count)
	}
}

// messages are the formats that the loader gives to at and atLine.
func messages(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("load*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || method.Sel.Name != "at" && method.Sel.Name != "atLine" {
				return true
			}
			if format, ok := call.Args[1].(*ast.BasicLit); ok {
				text, err := strconv.Unquote(format.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, text)
			}
			return true
		})
	}
	return out
}
