package uri

// NestedName is the name behind `as` of a sequence of nest.
type NestedName struct {
	Offset int
	Name   string
}

// nest reads sequences, each with a name.
//
// Source: OData Data Aggregation 4.0, section 3.5.2.
func (p *parser) nest(t *Transformation) error {
	for {
		branch, err := p.transformations()
		if err != nil {
			return err
		}
		if !p.keyword("as") {
			return p.expected("`as` and a name")
		}
		name := NestedName{Offset: p.at(p.pos)}
		if name.Name, err = p.name("a name after `as`"); err != nil {
			return err
		}
		t.Branches, t.Names = append(t.Branches, branch), append(t.Names, name)
		if more, err := p.comma(len(t.Branches)); !more {
			return err
		}
	}
}
