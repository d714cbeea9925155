package model

import "strings"

// Context returns the fragment of the context address, without its leading
// "#". Answers of version 4.0 name expanded properties only where they are
// restricted themselves, which old readers need.
//
// Source: OData 4.01 Part 1, section 10.
func (r *Resource) Context(version401 bool) string {
	switch {
	case r.Ref && r.Kind == Feed:
		return "Collection($ref)"
	case r.Ref:
		return "$ref"
	}
	switch r.Kind {
	case Feed:
		if r.sets != nil {
			return r.place
		}
		return r.Table.Name + r.projection(version401)
	case Entity:
		return r.Table.Name + r.projection(version401) + "/$entity"
	default:
		return r.place
	}
}

func (r *Resource) projection(version401 bool) string {
	items := append([]string(nil), r.selected...)
	for _, x := range r.Expand {
		if x.CountOnly {
			continue
		}
		inner := x.Target.projection(version401)
		if inner == "" && version401 {
			inner = "()"
		}
		if inner == "" {
			continue
		}
		items = replaceName(items, x.Navigation.Name, x.Navigation.Name+inner)
	}
	for _, n := range r.Nested { // each tells its own context
		if version401 {
			items = replaceName(items, n.Name, n.Name+"()")
		}
	}
	for _, j := range r.Joined {
		inner := j.Target.projection(version401)
		if inner == "" && version401 {
			inner = "()"
		}
		if inner != "" {
			items = replaceName(items, j.Name, j.Name+inner)
		}
	}
	if len(items) == 0 {
		return ""
	}
	return "(" + strings.Join(items, ",") + ")"
}

// replaceName puts the longer form in the place of the plain name, or at the
// end.
func replaceName(items []string, name, with string) []string {
	for i := range items {
		if items[i] == name {
			items[i] = with
			return items
		}
	}
	return append(items, with)
}
