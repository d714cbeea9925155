package edm

import (
	"fmt"
	"regexp"
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

// identifier follows odataIdentifier of the OData ABNF.
var identifier = regexp.MustCompile(`^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}$`)

// Check reports the first name of the schema that OData can't spell, or that
// differs from another one only by letter case. A schema that fails makes
// clients reject the whole model.
func Check(s *catalog.Schema) error {
	seen := map[string]bool{}
	for _, t := range s.Tables {
		for _, name := range []string{t.Name, t.Entity} {
			if !identifier.MatchString(name) {
				return fmt.Errorf("table %q: %q is no OData identifier", t.Name, name)
			}
		}
		if seen[strings.ToLower(t.Name)] {
			return fmt.Errorf("table %q stands twice in schema %q", t.Name, s.Name)
		}
		seen[strings.ToLower(t.Name)] = true
		if err := checkColumns(t); err != nil {
			return err
		}
	}
	return nil
}

func checkColumns(t *catalog.Table) error {
	if len(t.Key()) == 0 {
		return fmt.Errorf("table %q has no key", t.Name)
	}
	seen := map[string]bool{}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch lower := strings.ToLower(c.Name); {
		case !identifier.MatchString(c.Name):
			return fmt.Errorf("table %q: column %q is no OData identifier", t.Name, c.Name)
		case seen[lower]:
			return fmt.Errorf("table %q: column %q stands twice", t.Name, c.Name)
		default:
			seen[lower] = true
		}
	}
	return nil
}

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
