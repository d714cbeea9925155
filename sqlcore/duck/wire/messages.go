package wire

import (
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Argument is the one argument with which a program is started as an engine
// process; the service's end of the socket is its standard input.
const Argument = "engine-worker"

// GiveUp is the file of the process from which it reads which request it has to
// give up: numbers of 4 bytes, the little end first. So a process at work need
// not listen to its socket, which would cost each request a change of threads.
const GiveUp = 3

// The databases to plan in, as Ask names them.
const (
	// Planning is the one that plans first.
	Planning = "planning"
	// Sparing is for the few statements on which the engine stumbles there.
	Sparing = "sparing"
)

// Setup is what an engine process is told at its start.
type Setup struct {
	// Memory bounds what the engine keeps, TempBytes what it puts into TempDir.
	Memory, TempBytes int64
	TempDir           string
	Threads           int
}

// Walls say what an engine process can do no more.
type Walls struct {
	// Files is true where it reaches no file but those of its directory, Calls
	// where the kernel refuses it sockets and programs.
	Files, Calls bool
}

// Table is what the engine has to know of a table.
type Table struct {
	Schema, Name string
	Columns      []Column
}

// Column is one column of a Table.
type Column struct {
	Name string
	Type catalog.Type
	Key  bool `json:",omitempty"`
}

// TableOf describes a table of the catalog.
func TableOf(t *catalog.Table) Table {
	out := Table{Schema: t.Schema.EngineName(), Name: t.Name, Columns: make([]Column, len(t.Columns))}
	for i := range t.Columns {
		c := &t.Columns[i]
		out.Columns[i] = Column{c.Name, c.Type, c.Key}
	}
	return out
}

// Catalog makes a table of the catalog of it.
func (t Table) Catalog() *catalog.Table {
	out := &catalog.Table{Name: t.Name, Schema: &catalog.Schema{Name: t.Schema}, Columns: make([]catalog.Column, len(t.Columns))}
	for i, c := range t.Columns {
		out.Columns[i] = catalog.Column{Name: c.Name, Type: c.Type, Key: c.Key}
	}
	return out
}

// Job is a statement over inputs.
type Job struct {
	SQL        string
	Parameters []predicate.Value
	Tables     []Table
	Inputs     []Input
	// Single asks for one thread.
	Single bool `json:",omitempty"`
	// Window is the number of batches of the result that may come unasked.
	Window int
}

// Input is a stream of rows of a table, by its position in Job.Tables.
type Input struct {
	Table   int
	Stream  uint32
	Columns []int
	Once    bool
	Expect  int64 `json:",omitempty"`
}

// Filter is a condition over columns of a table.
type Filter struct {
	Table   Table
	Columns []int
	SQL     string
}

// Failure is why a request failed. Code is empty where the text is the engine's.
type Failure struct {
	Code, Text, Hint string
	// Cause is for the log alone.
	Cause string `json:",omitempty"`
}

// Error implements error.
func (f *Failure) Error() string { return f.Text }
