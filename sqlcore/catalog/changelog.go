package catalog

import (
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// ChangeLog is a table that tells which rows of others were changed: each of its rows
// names one, by the kind of thing that it is and its key.
type ChangeLog struct {
	Table string
	// Time, Kind and Key are its columns: when a change was recorded, of what kind of
	// thing, and its key.
	Time, Kind, Key string
	// Kinds are the kinds of the tables whose changes it has.
	Kinds map[string]string
	// Kept is how long it keeps them, Late how much later than it was made a change may
	// come to it.
	Kept, Late time.Duration
}

// Tracks reports whether the log has the changes of a schema's table: both are there, and
// a policy hides no row of either, and nothing of the log. It would hide changes, too, or
// they would tell of what it hides.
func (l *ChangeLog) Tracks(s *Schema, table string) bool {
	if l == nil || l.Kinds[table] == "" {
		return false
	}
	log, seen := s.Table(l.Table)
	t, there := s.Table(table)
	return seen && there && len(t.Key()) == 1 && log.shows(l.Time, l.Kind, l.Key) && t.shows(t.Columns[t.Key()[0]].Name)
}

// shows tells whether the table has all its rows, and these columns as they are.
func (t *Table) shows(columns ...string) bool {
	r := t.Restriction
	if r != nil && (r.FilterSQL != "" || r.Where != nil && r.Where != predicate.True) {
		return false
	}
	return !slices.ContainsFunc(columns, func(name string) bool { return t.Column(name) == nil || r.Masked(name) })
}
