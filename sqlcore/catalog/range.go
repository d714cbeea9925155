package catalog

import "time"

// Range is a span of time that every request of a path names: in its Filter,
// {Column.from} stands for the first moment and {Column.to} for the one after the
// last.
type Range struct {
	Column string
	// Days is the length of the window that is read where no condition says from
	// when; DaysFor that for a value of an Each key.
	Days    int64
	DaysFor map[string]int64
	// Option names the connection's option that sets Days; "" for none.
	Option string
	// WholeDays widens the span to the days that it touches.
	WholeDays bool
	// Slices is true where parts of the span can be read side by side: each
	// moment from the first on and before the last belongs to it.
	Slices bool
}

// The placeholders for the bounds of a Range's column.
const (
	FromSuffix = ".from"
	ToSuffix   = ".to"
)

// Window gives the span to read for the times that a condition allows, of which
// zero ones are open. each are values of the path's Each keys.
func (r *Range) Window(from, to, now time.Time, each ...string) (time.Time, time.Time) {
	days := r.Days
	for _, value := range each {
		if n := r.DaysFor[value]; n > 0 {
			days = n
		}
	}
	window := time.Duration(days) * day
	if latest := now.Add(clockSlack); to.IsZero() || to.After(latest) {
		to = latest
	}
	switch {
	case !from.IsZero():
	case to.Before(now.Add(-window)):
		from = to.Add(-window)
	default:
		from = now.Add(-window)
	}
	if r.WholeDays {
		from, to = from.Truncate(day), to.Add(day-1).Truncate(day)
	}
	return from, to
}

const (
	day = 24 * time.Hour
	// clockSlack is how far the service's clock may be ahead of ours.
	clockSlack = 10 * time.Minute
)
