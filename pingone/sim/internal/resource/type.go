// Package resource is the part of the simulated API that is data: resources
// declared in YAML files, and a store that lists, creates, replaces, patches and
// deletes their rows. It knows nothing of HTTP.
package resource

import (
	"slices"
	"strings"
)

// Type is a declared resource: a collection of rows, or a single one.
type Type struct {
	Path     string   // such as /environments/{env}/gateways/{gateway}/instances
	Key      string   // of a list's rows in _embedded; empty for a single row
	One      string   // what messages call a row
	Methods  []string // of list, read, create, replace, patch, delete
	Group    string   // rate-limit group of reads
	Writes   string   // rate-limit group of writes
	Read     []string // whose roles may read: configuration, directory, organization, everyone
	Write    []string // whose roles may write
	Default  int      // rows of a page when the caller names no limit
	Most     int      // rows of the largest page; 0: the whole collection at once
	Count    bool     // whether lists tell how many members there are
	IDFrom   string   // the member that a client's rows go by; empty: the service gives UUIDs
	Closed   bool     // whether members that are not declared are refused, not ignored
	Bytes    int      // longest body; 0: any
	Imports  string   // media type of creations besides plain JSON
	Strict   bool     // whether a fraction given for an integer is refused, not cut
	Filters  map[string][]string
	Or       bool     // whether filters may use or
	Whole    []string // attributes with which a filter makes limit mean nothing
	Order    []string // such as -beginsAt
	Links    []Link
	Embeds   []Embed
	Variant  string // the member that tells which of Variants a row is; empty: all alike
	Variants map[string]*Member
	Members  *Member // what all rows have
	Parts    []Part
	Actions  []Action
	Rows     []Seed

	name   string   // gateways/instances, or /organizations/licenses
	owners []string // collections of the path's parameters: environments, gateways
	file   *source
}

// Link is a relation beyond self, the environment and declared children.
type Link struct {
	Name string
	Path string // from the API's base, with {env} and members such as {license.id}; . stands for the row
}

// Embed is a row of another resource that expand=Name puts into _embedded.
type Embed struct {
	Name     string
	Resource string
	Member   string // with its id
}

// Part is an address below a row that shows and sets some of its members.
type Part struct {
	Name    string
	Of      string // the object whose members they are; empty: the row
	Members []string
	Methods []string // of read, replace
	Whole   bool     // answers with the whole row
	Group   string   // rate-limit group; empty: that of the row
}

// Action is what code does on a row, by a media type.
type Action struct {
	Name   string
	Method string // POST or PUT
	Media  string // that chooses it
}

// Name is the path without its parameters and, in environments, without that:
// gateways/instances or /organizations/licenses.
func (t *Type) Name() string { return t.name }

// InEnvironment reports whether there is one collection in each environment.
func (t *Type) InEnvironment() bool { return strings.HasPrefix(t.Path, "/environments/{") }

// Single reports whether the resource is one row rather than a collection.
func (t *Type) Single() bool { return t.Key == "" }

// Can reports whether a method is declared.
func (t *Type) Can(method string) bool { return slices.Contains(t.Methods, method) }

// Owners are the collections that the parameters of the path stand for.
func (t *Type) Owners() []string { return t.owners }

// Shape is the tree of members of a row.
func (t *Type) Shape(row map[string]any) *Member {
	if kind, ok := row[t.Variant].(string); ok {
		if m := t.Variants[kind]; m != nil {
			return m
		}
	}
	return t.Members
}

// split takes a path apart into its fixed name and the owners of its parameters.
func (t *Type) split() {
	var fixed []string
	segments := strings.Split(strings.TrimPrefix(t.Path, "/"), "/")
	for k, s := range segments {
		if !strings.HasPrefix(s, "{") {
			fixed = append(fixed, s)
		} else if k > 0 {
			t.owners = append(t.owners, segments[k-1])
		}
	}
	if t.name = "/" + strings.Join(fixed, "/"); t.InEnvironment() {
		t.name = strings.Join(fixed[1:], "/")
	}
}

// Parent is the name of the collection whose rows own this one; empty: none.
func (t *Type) Parent() string {
	at := strings.LastIndex(t.Path, "}/")
	if at < 0 {
		return ""
	}
	above := &Type{Path: t.Path[:strings.LastIndex(t.Path[:at], "/")]}
	if above.split(); above.Path == "/environments" {
		return ""
	}
	return above.name
}
