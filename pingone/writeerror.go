package pingone

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// succeeds reports whether a status says that the call was carried out.
func (q call) succeeds(status int) bool {
	return status == http.StatusOK || q.change != nil && status > 200 && status < 300
}

// unclear reports whether a change may have been carried out although no answer
// says so. A connection that was never made carried nothing.
func (q call) unclear(out outcome) bool {
	if q.change == nil || out.err == nil {
		return false
	}
	var dial *net.OpError
	if out.network && errors.As(out.err, &dial) && dial.Op == "dial" {
		return false
	}
	return out.network || out.cut || out.status >= 500 || out.status == http.StatusRequestTimeout
}

// gone reports whether a row to be deleted was deleted by an attempt before, the
// answer to which was lost.
func (w *changing) gone(out outcome, before int) bool {
	return w != nil && w.method == http.MethodDelete && before > 0 && out.status == http.StatusNotFound
}

func unknownOutcome(q call, cause error) error {
	if q.change.procedure {
		return gwerr.Wrap(gwerr.OutcomeUnknown, cause, "PingOne was asked for "+q.change.table.Name+", but no answer came: it may have been done or not.",
			"Look at what it is about before you try again; the gateway does not.")
	}
	switch {
	case q.change.method == http.MethodDelete:
		return gwerr.Wrap(gwerr.OutcomeUnknown, cause, "PingOne was asked to delete a row of "+q.change.table.Name+", but no answer came: it may be there or not.",
			"Try again: a row that is gone is passed over.")
	case !q.change.creates:
		return gwerr.Wrap(gwerr.OutcomeUnknown, cause, "PingOne was asked to change a row of "+q.change.table.Name+", but no answer came: it may be changed or not.",
			"Look at it with a SELECT, or try again: the same change twice is no other one.")
	}
	return gwerr.Wrap(gwerr.OutcomeUnknown, cause, "PingOne was asked for a new row of "+q.change.table.Name+", but no answer came: it may be there or not.",
		"Look for it with a SELECT before you try again; the gateway does not.")
}

// alike are the statuses that mean the same for every call.
var alike = map[int]bool{http.StatusUnauthorized: true, http.StatusRequestTimeout: true, http.StatusTooManyRequests: true}

// faults say of a member what the codes of an error's details (PingOne platform API,
// "Error codes") mean, by their names.
var faults = map[string]string{
	"CONSTRAINT_VIOLATION": "breaks a rule of PingOne's",
	"EMPTY_VALUE":          "must not be empty",
	"INVALID_VALUE":        "is not valid",
	"OUT_OF_RANGE":         "is out of range",
	"REQUIRED_VALUE":       "is needed",
	"SIZE_LIMIT_EXCEEDED":  "is too long or has too many items",
	"UNIQUENESS_VIOLATION": "must be unique, and another row has this value",
}

// refused is an answer that refuses a change. Values of the request are not
// repeated: they may be personal data.
func (w *changing) refused(resp *http.Response, a apiAnswer) error {
	act, row := "the change of "+w.table.Name, "The row of "+w.table.Name+" to be changed"
	if w.procedure {
		act, row = w.table.Name, "What "+w.table.Name+" is about"
	}
	switch resp.StatusCode {
	case http.StatusForbidden:
		return gwerr.New(gwerr.UpstreamForbidden, "PingOne refused "+act+": the worker application has no role that covers it, or it can't be done there."+traceID(resp),
			"Check the roles of the worker application.")
	case http.StatusMethodNotAllowed:
		return gwerr.Wrap(gwerr.NotImplemented, refusal(resp.StatusCode), "PingOne does not support "+act+" in this way."+traceID(resp), "")
	case http.StatusNotFound, http.StatusGone:
		return gwerr.Wrap(gwerr.NotFound, refusal(resp.StatusCode), row+", or one that it refers to, is not there (any more)."+traceID(resp), "Read it again.")
	}
	code := gwerr.InvalidValue
	if resp.StatusCode == http.StatusConflict {
		code = gwerr.Conflict
	}
	text, target, hint := "PingOne refused "+act, "", ""
	var found []string
	for i, d := range a.Details {
		column := cmp.Or(w.column(d.Target), words([]string{d.Target}), "a value")
		if i == 0 {
			target = w.column(d.Target)
		}
		if d.Code == "UNIQUENESS_VIOLATION" {
			code, hint = gwerr.Conflict, "Give another value, or change the row that has it."
		}
		if codeForm.MatchString(d.Code) {
			found = append(found, strings.Join(strings.Fields(column+" "+faults[d.Code]+" ("+d.Code+")"), " "))
		}
	}
	switch {
	case len(found) > 0:
		text += ": " + strings.Join(found, "; ")
	case codeForm.MatchString(a.Code):
		text += " (" + a.Code + ")"
	}
	text += "."
	if own := withoutValues(a.Message); own != "" && len(own) < 200 && len(found) == 0 && !w.procedure { // whose inputs are secrets
		text += " It says: " + own
	}
	return gwerr.Wrap(code, refusal(resp.StatusCode), text+traceID(resp), hint).On(target)
}

// column names the column of a member; "" if there is none.
func (w *changing) column(member string) string {
	i := slices.IndexFunc(w.table.Columns, func(c catalog.Column) bool { return member != "" && c.Source == member })
	if i < 0 {
		i = slices.IndexFunc(w.table.Columns, func(c catalog.Column) bool { return member != "" && strings.HasPrefix(c.Source, member+".") })
	}
	if i < 0 {
		return ""
	}
	return w.table.Columns[i].Name
}
