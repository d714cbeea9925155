package exec

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// decision says in sentences how a read gets its rows and why.
func decision(r *plan.Read) string {
	if r.Empty {
		return "Nothing is read: no row can fulfil the condition."
	}
	out := []string{way(r)}
	if len(r.DrivenBy) > 0 && !shared(r) {
		out = append(out, fmt.Sprintf("%s is known first, so that only what belongs to it is read.", strings.Join(r.DrivenBy, " and ")))
	}
	switch {
	case r.Exact || len(r.DrivenBy) > 0:
	case r.Pushed == predicate.True:
		out = append(out, "The API can't test the condition; it is tested here.")
	default:
		out = append(out, "The API's answer may hold more, so the condition is tested again here.")
	}
	return strings.Join(out, " ")
}

// shared reports whether the rows come from answers that another read gets.
func shared(r *plan.Read) bool { return r.Request.Shared && r.Estimate.Calls == 0 }

// way says which way rows are read.
func way(r *plan.Read) string {
	q := r.Request
	switch path := q.Path; {
	case shared(r):
		return fmt.Sprintf("The rows stand in the answers that give %s, so that no further call is made.", strings.Join(r.DrivenBy, " and "))
	case r.CountOnly:
		return "Only the number of rows is needed."
	case path.Get != "" && len(path.Keys) == 0:
		return "There is one row, which is read."
	case path.Get != "":
		return numbered(len(q.Keys), "One row is read by its key.", "%d rows are read by their keys, which takes no more calls than a listing.")
	case path.Parent != nil && path.Parent.Rows != "":
		return fmt.Sprintf("%s is listed first, then its rows are asked for what belongs to them, but those that have nothing.", path.Parent.Table)
	case path.Parent != nil:
		return fmt.Sprintf("%s is listed first, then each of its rows is asked for what belongs to it.", path.Parent.Table)
	case len(path.Keys) > 0:
		return numbered(len(q.Keys), "The rows of one "+strings.Join(path.Keys, " and ")+" are listed.", "The rows of %d values of "+strings.Join(path.Keys, " and ")+" are listed, many side by side.")
	case len(q.CountBy) > 0:
		return "Nothing but " + strings.Join(q.CountBy, " and ") + " is wanted, by which the API can count: rows are counted, unless reading them takes fewer calls."
	case q.Partition:
		return "The listing is read; where its first page tells of so many rows that it pays, in parts side by side."
	case len(q.Filters) > 1:
		return fmt.Sprintf("The condition is too long for one address and is sent in %d parts.", len(q.Filters))
	case q.Limit > 0:
		return "The listing is read until enough rows are there."
	}
	return "The listing is read."
}

func numbered(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
