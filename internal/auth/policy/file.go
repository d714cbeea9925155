package policy

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/yamlnode"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Load reads a policy file. The error is gwerr.Config and lists every problem
// with its line; errors.As gives them as Problems.
func Load(path string) (*Policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The policy file %s can't be read.", path),
			"Check the path and that the gateway may read it.")
	}
	return Parse(filepath.Base(path), text)
}

// Parse reads a policy from the text of the file of that name. Errors are as
// with Load.
func Parse(name string, text []byte) (*Policy, error) {
	f := &file{policy: &Policy{Roles: map[string]*Role{}}}
	if doc := f.document(text); doc != nil {
		f.top(doc)
	}
	if len(f.problems) > 0 {
		slices.SortStableFunc(f.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		what := "1 problem"
		if n := len(f.problems); n > 1 {
			what = fmt.Sprintf("%d problems", n)
		}
		return nil, gwerr.Wrap(gwerr.Config, f.problems,
			fmt.Sprintf("The policy file %s has %s:\n%s", name, what, f.problems.Error()), "")
	}
	return f.policy, nil
}

// file reads the members of a policy file.
type file struct {
	reader
	policy *Policy
}

func (f *file) top(doc ast.Node) {
	version := false
	var defaults ast.Node
	f.mapping(doc, "the policy", map[string]func(ast.Node){
		"version": func(n ast.Node) {
			version = true
			if s, ok := f.text(n, "version"); ok && s != "1" {
				f.fail(n, "version is %q; this gateway reads version 1", s)
			}
		},
		"default_roles": func(n ast.Node) { defaults = n },
		"roles": func(n ast.Node) {
			f.each(n, "roles", func(name string, k, v ast.Node) { f.role(name, k, v) })
		},
	})
	if !version {
		f.fail(doc, "version is missing; begin the file with `version: 1`")
	}
	if defaults == nil {
		return
	}
	f.policy.DefaultRoles = f.names(defaults, "default_roles")
	for _, r := range f.policy.DefaultRoles {
		if f.policy.Roles[r] == nil {
			f.fail(defaults, "default_roles names %q, which is not a role of this file", r)
		}
	}
}

func (f *file) role(name string, key, n ast.Node) {
	r := &Role{Name: name, Line: yamlnode.Line(key)}
	f.policy.Roles[name] = r
	f.mapping(n, "role "+name, map[string]func(ast.Node){
		"description": func(n ast.Node) { r.Description, _ = f.text(n, "description") },
		"grants": func(n ast.Node) {
			f.items(n, "grants", func(g ast.Node) { r.Grants = append(r.Grants, f.grant(g)) })
		},
		"procedures": func(n ast.Node) { r.Procedures = f.patterns(n, "procedures") },
		"limits":     func(n ast.Node) { f.limits(n, &r.Limits) },
	})
}

func (f *file) grant(n ast.Node) Grant {
	g := Grant{Line: yamlnode.Line(n)}
	f.mapping(n, "a grant", map[string]func(ast.Node){
		"connections": func(n ast.Node) { g.Connections = f.patterns(n, "connections") },
		"schemas":     func(n ast.Node) { g.Schemas = f.patterns(n, "schemas") },
		"tables":      func(n ast.Node) { g.Tables = f.patterns(n, "tables") },
		"except":      func(n ast.Node) { g.Except = f.patterns(n, "except") },
		"columns":     func(n ast.Node) { g.Columns = f.patterns(n, "columns") },
		"hide":        func(n ast.Node) { g.Hide = f.patterns(n, "hide") },
		"mask":        func(n ast.Node) { g.Masks = f.masks(n) },
		"rows":        func(n ast.Node) { g.Rows = f.rows(n) },
		"access": func(n ast.Node) {
			switch s, ok := f.text(n, "access"); {
			case !ok:
			case s == "write":
				g.Write = true
			case s != "read":
				f.fail(n, "access is %q; use read or write", s)
			}
		},
	})
	for _, need := range []struct {
		name string
		list []Pattern
	}{{"connections", g.Connections}, {"schemas", g.Schemas}, {"tables", g.Tables}} {
		if len(need.list) == 0 {
			f.fail(n, "the grant names no %s; write `%s: [\"*\"]` for all", need.name, need.name)
		}
	}
	return g
}

var maskNames = map[string]catalog.Mask{
	"null": catalog.MaskNull, "hash": catalog.MaskHash, "partial": catalog.MaskPartial,
}

func (f *file) masks(n ast.Node) []MaskRule {
	var out []MaskRule
	f.each(n, "mask", func(column string, _, v ast.Node) {
		s, ok := yamlnode.Scalar(v)
		if _, null := v.(*ast.NullNode); null {
			s, ok = "null", true
		}
		m, known := maskNames[strings.ToLower(s)]
		if !ok || !known {
			f.fail(v, "the mask of %s must be hash, partial or null", column)
			return
		}
		out = append(out, MaskRule{Column: Pattern(column), Mask: m})
	})
	return out
}

func (f *file) rows(n ast.Node) *Filter {
	s, ok := f.text(n, "rows")
	if !ok {
		// Never nil after a problem: nil means all rows.
		return &Filter{parts: []string{"FALSE"}}
	}
	filter, err := parseFilter(strings.TrimSpace(s))
	if err != nil {
		f.fail(n, "rows: %s", err)
		return &Filter{parts: []string{"FALSE"}}
	}
	return filter
}

func (f *file) limits(n ast.Node, l *Limits) {
	f.mapping(n, "limits", map[string]func(ast.Node){
		"requests_per_second": func(n ast.Node) {
			if v, ok := f.number(n, "requests_per_second", 0.001); ok {
				l.RequestsPerSecond = &v
			}
		},
		"burst":          func(n ast.Node) { l.Burst = whole[int](f, n, "burst") },
		"rows_per_query": func(n ast.Node) { l.RowsPerQuery = whole[int64](f, n, "rows_per_query") },
		"concurrency":    func(n ast.Node) { l.Concurrency = whole[int](f, n, "concurrency") },
		"time":           func(n ast.Node) { l.Time = f.duration(n) },
	})
	if l.Burst != nil && l.RequestsPerSecond == nil {
		f.fail(n, "burst needs requests_per_second beside it")
	}
}

// whole reads a whole number from 1 on, or none.
func whole[T int | int64](f *file, n ast.Node, what string) *T {
	v, ok := f.number(n, what, 1)
	if !ok {
		return nil
	}
	if v != math.Trunc(v) || v > math.MaxInt32 && what != "rows_per_query" {
		f.fail(n, "%s must be a whole number of ordinary size", what)
		return nil
	}
	t := T(v)
	return &t
}

func (f *file) duration(n ast.Node) *time.Duration {
	s, ok := f.text(n, "time")
	if !ok {
		return nil
	}
	var d time.Duration
	if s != "none" {
		var err error
		if d, err = time.ParseDuration(s); err != nil || d <= 0 {
			f.fail(n, "time is %q; use a duration such as 30s or 5m, or none", s)
			return nil
		}
	}
	return &d
}
