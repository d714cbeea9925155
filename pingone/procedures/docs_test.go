package procedures_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/pingone/procedures"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

//go:generate go test -run TestDocumentationIsCurrent -update .
var update = flag.Bool("update", false, "write docs/procedures.md from the declarations")

const page = "../../docs/procedures.md"

// The part of docs/procedures.md below its heading is written from the
// declarations.
func TestDocumentationIsCurrent(t *testing.T) {
	t.Parallel()
	found, err := procedures.All()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const heading = "## What there is\n"
	head, _, ok := strings.Cut(string(raw), heading)
	if !ok {
		t.Fatalf("%s has no %q", page, heading)
	}
	var b strings.Builder
	b.WriteString(head + heading + "\nWritten from the declarations in `pingone/procedures`.\n")
	for _, d := range found {
		document(&b, d)
	}
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if b.String() != string(raw) {
		t.Error("docs/procedures.md is not current; run go generate ./pingone/procedures")
	}
}

func document(b *strings.Builder, d *catalog.Procedure) {
	fmt.Fprintf(b, "\n### %s\n\n%s", d.Signature.Name, d.Signature.Doc)
	if d.Call != nil {
		fmt.Fprintf(b, " Needs %s.\n\n`%s /%s`", d.Signature.Permission, d.Call.Method, d.Call.Address)
		if d.Call.Type != "" {
			fmt.Fprintf(b, " of type `%s`", d.Call.Type)
		}
		for member, text := range d.Set {
			fmt.Fprintf(b, " with `%s` `%s`", member, text)
		}
		if d.Call.Whole {
			b.WriteString(" with what was just read and the inputs in place")
		}
		if d.Each != nil {
			fmt.Fprintf(b, " for each row of `GET /%s`", d.Each.List)
		}
		b.WriteString(".")
		if !d.Idempotent {
			b.WriteString(" Never repeated where it is unclear whether it was done.")
		}
	}
	b.WriteString("\n")
	if len(d.Inputs)+len(d.Outputs) == 0 {
		return
	}
	b.WriteString("\n| | name | type | |\n| --- | --- | --- | --- |\n")
	for _, in := range d.Inputs {
		notes := []string{in.Column.Doc}
		switch {
		case in.Column.Needed:
			notes = append(notes, "Needed.")
		case in.Default != "":
			notes = append(notes, "`"+in.Default+"` unless given.")
		}
		if in.Column.Sensitive {
			notes = append(notes, "Secret.")
		}
		if in.Right {
			notes = append(notes, "`true` needs the right `"+d.Signature.Name+"."+in.Column.Name+"`.")
		}
		fmt.Fprintf(b, "| in | %s | %s | %s |\n", in.Column.Name, in.Column.Type.SQL(), strings.Join(notes, " "))
	}
	for _, out := range d.Outputs {
		doc := out.Column.Doc
		if out.When != "" {
			doc += " Null unless " + out.When + " is true."
		}
		fmt.Fprintf(b, "| out | %s | %s | %s |\n", out.Column.Name, out.Column.Type.SQL(), doc)
	}
}

// Every file says where its form is described.
func TestFilesNameTheirSchema(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(procedures.FS, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(procedures.FS, name)
		if err != nil || !strings.HasPrefix(string(text), "# yaml-language-server: $schema=../tables/schema.json#/$defs/procedures\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
