package resource

import (
	"maps"
	"slices"
	"strings"
)

// Store holds collections of rows by their address, such as
// gateways/3f…/instances. It has no lock of its own.
type Store struct{ collections map[string]*Collection }

// Collection holds rows in the order in which they came. A deleted row leaves a
// gap, so that the place of a row never changes.
type Collection struct {
	rows []*Row
	byID map[string]int
}

// Row is a row of a resource. Members are not changed once it is stored.
type Row struct {
	ID      string
	Members map[string]any
}

// NewCollection makes a collection of rows.
func NewCollection(rows ...*Row) *Collection {
	c := &Collection{byID: make(map[string]int)}
	for _, row := range rows {
		c.Put(row)
	}
	return c
}

// NewStore makes an empty store.
func NewStore() *Store { return &Store{make(map[string]*Collection)} }

// At is the collection at an address, made if need be.
func (s *Store) At(address string) *Collection {
	c := s.collections[address]
	if c == nil {
		c = NewCollection()
		s.collections[address] = c
	}
	return c
}

// Read is the collection at an address; an empty one when nothing was put there.
func (s *Store) Read(address string) *Collection {
	if c := s.collections[address]; c != nil {
		return c
	}
	return &Collection{}
}

// Forget drops all collections below an address.
func (s *Store) Forget(address string) {
	maps.DeleteFunc(s.collections, func(at string, _ *Collection) bool { return strings.HasPrefix(at, address+"/") })
}

// Len is the number of places, gaps included.
func (c *Collection) Len() int { return len(c.rows) }

// Row is the row in a place; nil in a gap.
func (c *Collection) Row(place int) *Row { return c.rows[place] }

// Find is the row of an id; nil when there is none.
func (c *Collection) Find(id string) *Row {
	if k, ok := c.byID[id]; ok {
		return c.rows[k]
	}
	return nil
}

// Place is where the row of an id is.
func (c *Collection) Place(id string) (int, bool) {
	k, ok := c.byID[id]
	return k, ok
}

// Only is the first row; nil when there is none.
func (c *Collection) Only() *Row {
	for _, row := range c.rows {
		if row != nil {
			return row
		}
	}
	return nil
}

// Put stores a row: in the place of the one with its id, or at the end.
func (c *Collection) Put(row *Row) {
	if k, ok := c.byID[row.ID]; ok {
		c.rows[k] = row
		return
	}
	c.byID[row.ID] = len(c.rows)
	c.rows = append(c.rows, row)
}

// Delete removes a row.
func (c *Collection) Delete(id string) {
	if k, ok := c.byID[id]; ok {
		c.rows[k] = nil
		delete(c.byID, id)
	}
}

// All are the rows without gaps.
func (c *Collection) All() []*Row {
	return slices.DeleteFunc(slices.Clone(c.rows), func(r *Row) bool { return r == nil })
}

// Clash finds a row with the value of a unique member, whatever its case unless
// case counts.
func (c *Collection) Clash(t *Type, row *Row) *Detail {
	for _, m := range t.Shape(row.Members).Children {
		value, ok := row.Members[m.Name].(string)
		if !m.Unique || !ok {
			continue
		}
		for _, other := range c.All() {
			elsewhere := m.Within != "" && !slices.Equal(Values(other.Members, m.Within), Values(row.Members, m.Within))
			if text, _ := other.Members[m.Name].(string); other.ID != row.ID && !elsewhere && (text == value || !m.Exact && strings.EqualFold(text, value)) {
				return NotUnique(m.Name, other.ID)
			}
		}
	}
	return nil
}

// NotUnique refuses a value that a row has already.
func NotUnique(target, existing string) *Detail {
	return &Detail{
		Code: "UNIQUENESS_VIOLATION", Target: target, Message: "is unique but a non-unique value was specified",
		InnerError: &InnerError{ExistingID: existing},
	}
}

// Yield makes a row the only one that an exclusive member is true in.
func (c *Collection) Yield(t *Type, row *Row) {
	for _, m := range t.Shape(row.Members).Children {
		if !m.Exclusive || row.Members[m.Name] != true {
			continue
		}
		for k, other := range c.rows {
			if other != nil && other.ID != row.ID && other.Members[m.Name] == true {
				members := maps.Clone(other.Members)
				members[m.Name] = false
				c.rows[k] = &Row{other.ID, members}
			}
		}
	}
}
