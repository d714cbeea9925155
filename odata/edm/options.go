package edm

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Options shape a model.
type Options struct {
	// Namespace of the types; "" means "Gateway".
	Namespace string
	// Expand says that $expand is answered.
	Expand bool
	// Writable says that entities are changed where their tables declare it.
	Writable bool
	// Async says that clients need not wait for answers.
	Async bool
	// Changes tells which entity sets have delta links; nil for none.
	Changes *catalog.ChangeLog
	// Changed is the column that tells when an entity was last changed, in the
	// tables that have one; "" for none.
	Changed string
	// Later writes terms too that readers of 4.0 alone may not know.
	Later bool
}

// Container is the name of the entity container.
const Container = "Container"

// DefaultNamespace is the namespace of a model that names none.
const DefaultNamespace = "Gateway"

func (o Options) namespace() string {
	if o.Namespace == "" {
		return DefaultNamespace
	}
	return o.Namespace
}

// TypeName returns the qualified name of the table's entity type.
func (o Options) TypeName(t *catalog.Table) string { return o.namespace() + "." + t.Entity }

// describe is the text of Core.Description of a column.
func describe(c *catalog.Column) string {
	var parts []string
	if c.Doc != "" {
		parts = append(parts, sentence(c.Doc))
	}
	if c.Type == catalog.JSON {
		parts = append(parts, "JSON text.")
	}
	if len(c.Values) > 0 {
		parts = append(parts, "Known values: "+strings.Join(c.Values, ", ")+".")
	}
	return strings.Join(parts, " ")
}

func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
