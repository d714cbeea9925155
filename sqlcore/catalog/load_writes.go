package catalog

import (
	"net/http"
	"slices"
	"strings"
)

// writes reads how rows are changed. Where a call names no address, it is the
// collection's for an insert and the row's own else.
func (p *problems) writes(m fields, t *Table) {
	if !m.has("writes") {
		return
	}
	w := p.mapping(m.values["writes"], "writes")
	collection, row := m.str("collection"), m.str("one")
	if collection != "" {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Key && !slices.Contains(keysOf(collection), c.Name) {
				row = collection + "/{" + c.Name + "}"
			}
		}
	}
	t.Writes = &Writes{
		Insert: p.write(w, "insert", http.MethodPost, collection), Update: p.write(w, "update", http.MethodPut, row),
		Delete: p.write(w, "delete", http.MethodDelete, row), Only: w.textMap("only"), Refreshes: w.flag("refreshes"),
		Without: w.texts("without"), Secrets: w.textMap("secrets"),
	}
	for _, n := range w.items("parts") {
		f := p.mapping(n, "part")
		part := p.call(f, http.MethodPut, "")
		part.Columns, part.Types, part.Values = f.texts("columns"), f.textMap("types"), f.texts("values")
		part.AfterInsert, part.Unless, part.Whole = f.has("unless"), f.str("unless"), false
		for value := range part.Types {
			part.Values = append(part.Values, value)
		}
		slices.Sort(part.Values)
		t.Writes.Parts = append(t.Writes.Parts, part)
	}
}

func (p *problems) write(m fields, key, method, address string) *Write {
	if !m.has(key) {
		return nil
	}
	f := p.mapping(m.values[key], "write")
	w := p.call(f, method, address)
	w.Listed = f.flag("listed")
	return &w
}

// call reads "PUT environments/…", "PUT" or an address alone.
func (p *problems) call(m fields, method, address string) Write {
	w := Write{Method: method, Address: address, Type: m.str("type"), Allowed: m.str("allowed_by")}
	if verb, rest, _ := strings.Cut(m.str("call"), " "); verb != "" {
		w.Method = verb
		if rest != "" {
			w.Address = rest
		}
	}
	if !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, w.Method) {
		p.at(m.node, `"call" begins with POST, PUT, PATCH or DELETE, not %q`, w.Method)
	}
	if w.Address == "" {
		p.at(m.node, `the table has no collection whose address a call could take; write it into "call"`)
	}
	if m.has("body") {
		w.Body = m.textMap("body")
	}
	w.Whole = w.Method == http.MethodPut && !m.has("body")
	w.Keys = keysOf(w.Address)
	w.Endpoint = endpoint(w.Address)
	return w
}

// endpoint is an address as metrics name it.
func endpoint(address string) string {
	place, _, _ := strings.Cut(address, "?")
	return placeholder.ReplaceAllString(strings.TrimPrefix(place, "environments/{"+environment+"}/"), "{id}")
}

// writable checks that what is declared of writing can be done.
func (c *checker) writable() {
	w := c.table.Writes
	if w == nil {
		return
	}
	all := slices.Clone(w.Parts)
	for _, call := range []*Write{w.Insert, w.Update, w.Delete} {
		if call != nil {
			all = append(all, *call)
		}
	}
	for _, call := range all {
		c.own(c.place("writes"), "an address under writes", call.Keys...)
		if call.Listed && (!call.Whole || len(c.table.Paths) == 0 || c.table.Paths[0].List == "" || len(c.table.Paths[0].Keys) > 0) {
			c.atLine(c.place("writes"), `"listed" is for a row that is sent back as a whole, of a table whose first path lists all rows`)
		}
		c.own(c.place("writes"), "columns of a part", call.Columns...)
		for name := range call.Body {
			c.own(c.place("writes"), "a body under writes", name)
		}
	}
	for i := range w.Parts {
		c.part(&w.Parts[i])
	}
	for name := range w.Only {
		c.own(c.place("writes"), "only", name)
	}
	if (len(w.Without) > 0 || len(w.Secrets) > 0) && (w.Update == nil || !w.Update.Whole) {
		c.atLine(c.place("writes"), `"without" and "secrets" are about rows that an update sends back as a whole, which %s has not`, c.table.Name)
	}
	for i := range c.table.Columns {
		col := &c.table.Columns[i]
		for _, places := range w.Secrets {
			if slices.Contains(strings.Split(places, "|"), col.Source) {
				c.atLine(c.place("writes"), "%s is a secret, so column %s must not show it", col.Source, col.Name)
			}
		}
		c.written(col)
	}
}

func (c *checker) part(part *Write) {
	if len(part.Columns) == 0 {
		c.atLine(c.place("writes"), `a part under writes of %s needs "columns"`, c.table.Name)
	}
	if (len(part.Values) > 0 || part.AfterInsert) && len(part.Columns) != 1 {
		c.atLine(c.place("writes"), "values, types and unless are about one column; give %s a part for each", strings.Join(part.Columns, ", "))
	}
	for _, name := range part.Columns {
		if col := c.table.Column(name); col != nil && (col.Access == ReadOnly || col.Access == OnInsert) {
			c.atLine(c.place("writes"), `column %s has a part that updates it, so its "write" must be both or update`, name)
		}
	}
}

// written checks that a call writes a column that may be written.
func (c *checker) written(col *Column) {
	w := c.table.Writes
	inserted := col.Access == Writable || col.Access == OnInsert
	updated := col.Access == Writable || col.Access == OnUpdate
	switch {
	case col.Needed && !inserted:
		c.atLine(c.place("writes"), `column %s is needed on an insert, so its "write" must be both or insert`, col.Name)
	case inserted && !updated && w.Insert == nil:
		c.atLine(c.place("writes"), "column %s is written by an insert, which the table has not", col.Name)
	case updated && w.Update == nil && w.Part(col.Name) == nil && !(inserted && w.Insert != nil):
		c.atLine(c.place("writes"), "column %s is written by an update, but neither update nor a part writes it", col.Name)
	}
}
