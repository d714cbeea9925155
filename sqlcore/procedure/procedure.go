// Package procedure is calls of procedures in SQL: EXECUTE Name @Input = value
// and CALL schema.Name(Input => value). It reads a call, checks it against
// the procedure's declaration and gives its result the form of rows.
//
// What a procedure does stands elsewhere; this package knows neither callers
// nor connections.
package procedure

import (
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Input is a declared input.
type Input struct {
	Name string
	// Type is that of the values. A list is written as JSON, or with commas.
	Type catalog.Type
	// Required inputs must be given, and not as null.
	Required bool
	// Default is what an input that is not given has, as text; "" leaves it
	// null.
	Default string
	// Values are the only texts allowed, letter case ignored; empty for any.
	Values []string
	Doc    string
	// Right is true where giving TRUE needs a right of its own, which is called
	// as the procedure, a point and the input.
	Right bool
}

// Output is a declared column of the result.
type Output struct {
	Name string
	Type catalog.Type
	Doc  string
}

// Procedure is a declared procedure and what it does.
type Procedure struct {
	Name string
	Doc  string
	// Inputs are in the order in which values without names are given.
	Inputs []Input
	// Outputs are the columns of the result. A column Success, true in every
	// row, stands before them.
	Outputs []Output
	// InEnvironment is true for what is done in an environment: that of the
	// schema before the name, or of the default one.
	InEnvironment bool
	// Writes is true for what changes something in the directory.
	Writes bool
	// Run does the work and gives the result's rows, each with one cell for
	// each of Outputs. Errors are of package gwerr and repeat no input.
	Run func(ctx context.Context, in Inputs) ([]Row, error)
}

// Everywhere is the procedure as it is called in the schema of all environments: the
// first input says in which one it is done.
func (p *Procedure) Everywhere() *Procedure {
	out := *p
	out.Inputs = append([]Input{{Name: catalog.EnvironmentID, Type: catalog.GUID, Required: true, Doc: "Environment."}}, p.Inputs...)
	return &out
}

// In is the procedure as it is called in a schema, nil if it is not called there.
func (p *Procedure) In(name, id string) *Procedure {
	switch {
	case p.InEnvironment && strings.EqualFold(name, catalog.AllEnvironments):
		return p.Everywhere()
	case p.InEnvironment == (id != "") && !strings.EqualFold(name, catalog.AllEnvironments):
		return p
	}
	return nil
}

// Row is a row of a result, a cell for each output: nil for null, or a value
// of the Go type that belongs to the output's: string, bool, int64 for both
// integers, float64, time.Time, or []string.
type Row []any

// Set is the procedures of a connection.
type Set []Procedure

// Find returns the procedure that a call names, letter case ignored. The error
// is gwerr.UnknownFunction at the call's place.
func (s Set) Find(c *Call) (*Procedure, error) {
	i := slices.IndexFunc(s, func(p Procedure) bool { return strings.EqualFold(p.Name, c.Name) })
	if i >= 0 {
		return &s[i], nil
	}
	return nil, gwerr.Newf(gwerr.UnknownFunction, "There is no procedure named %s.", clip(c.Name)).
		WithHint(s.hint()).At(c.Position)
}

func (s Set) hint() string {
	names := make([]string, len(s))
	for i, p := range s {
		names[i] = p.Name
	}
	slices.Sort(names)
	if len(names) == 0 {
		return ""
	}
	return "The connection has " + strings.Join(names, ", ") + "."
}

func (p *Procedure) input(name string) int {
	return slices.IndexFunc(p.Inputs, func(i Input) bool { return strings.EqualFold(i.Name, name) })
}

// clip keeps messages short when a name is a whole text.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
