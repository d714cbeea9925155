package pingone

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// tooLong is an answer to an address or header that is longer than something
// on the way takes; its filter is what makes an address long.
func tooLong(q call, resp *http.Response) error {
	return gwerr.Wrap(gwerr.UpstreamRejected, &scan.Refused{TooLong: true, Err: refusal(resp.StatusCode)},
		fmt.Sprintf("The filter %s on %s is too long for PingOne (status %d).%s", withoutValues(q.filter), q.endpoint, resp.StatusCode, traceID(resp)),
		"Compare with shorter values or fewer of them.")
}

// filterRefused is an answer that names the filter as its cause.
func filterRefused(q call, resp *http.Response, d apiDetail) error {
	hint := ""
	if in := d.InnerError; len(in.SupportedAttributes)+len(in.SupportedOperators) > 0 {
		hint = fmt.Sprintf("PingOne supports there the attributes %s with the operators %s.",
			words(in.SupportedAttributes), words(in.SupportedOperators))
	}
	message := "PingOne rejected the filter " + withoutValues(q.filter) + " on " + q.endpoint + "." + traceID(resp)
	if q.filter == "" {
		return gwerr.New(gwerr.UpstreamRejected, message, hint)
	}
	why := &scan.Refused{Err: fmt.Errorf("the filter is refused with status %d", resp.StatusCode)}
	if d.Code == "INVALID_FILTER" { // else it is the value that is refused
		why.Attribute, why.Operator = culprit(comparisons(q.filter), d)
	}
	return gwerr.Wrap(gwerr.UpstreamRejected, why, message, hint)
}

// order is the attribute by which a call asks for rows in an order; "" for none.
func (q call) order() string {
	query, _ := url.ParseQuery(q.address.query)
	return strings.TrimPrefix(query.Get("order"), "-")
}

// orderRefused is an answer that names the order as its cause.
func orderRefused(q call, resp *http.Response) error {
	why := &scan.Refused{Attribute: q.order(), Operator: scan.Order, Err: fmt.Errorf("the order is refused with status %d", resp.StatusCode)}
	return gwerr.Wrap(gwerr.UpstreamRejected, why, "PingOne refused to sort "+q.endpoint+" by "+q.order()+"."+traceID(resp), "")
}

// comparison is an attribute and an operator that a filter holds.
type comparison struct{ attribute, operator string }

var (
	valuePath = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_.-]*)\[[^\]]*\]`)
	compared  = regexp.MustCompile(`(?i)([A-Z][A-Z0-9_.-]*)\s+(eq|ne|co|sw|ew|gt|ge|lt|le|pr)\b`)
)

// comparisons lists what a filter compares, each once. A value path counts as
// its attribute.
func comparisons(filter string) (out []comparison) {
	filter = valuePath.ReplaceAllString(withoutValues(filter), "$1 eq …")
	for _, m := range compared.FindAllStringSubmatch(filter, -1) {
		if c := (comparison{m[1], strings.ToLower(m[2])}); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// culprit finds out which attribute, and which operator on it, an answer
// refuses; "" where it doesn't tell. An attribute that is not supported at all
// is told without an operator.
func culprit(all []comparison, d apiDetail) (attribute, operator string) {
	in := d.InnerError
	if bad := where(all, func(c comparison) bool { return !supports(in.SupportedAttributes, c.attribute) }); len(in.SupportedAttributes) > 0 && len(bad) > 0 {
		return common(bad), ""
	}
	suspects := where(all, func(c comparison) bool { return strings.EqualFold(d.Target, c.attribute) })
	if len(suspects) == 0 {
		suspects = where(all, func(c comparison) bool { return mentions(d.Message, c.attribute) })
	}
	if len(suspects) == 0 {
		suspects = all
	}
	if bad := where(suspects, func(c comparison) bool { return !supports(in.SupportedOperators, c.operator) }); len(in.SupportedOperators) > 0 && len(bad) > 0 {
		suspects = bad
	}
	if attribute = common(suspects); attribute != "" && len(suspects) == 1 {
		operator = suspects[0].operator
	}
	return attribute, operator
}

func where(all []comparison, keep func(comparison) bool) []comparison {
	return slices.DeleteFunc(slices.Clone(all), func(c comparison) bool { return !keep(c) })
}

// common is the attribute of all comparisons, "" if they differ.
func common(all []comparison) string {
	if len(all) == 0 || slices.ContainsFunc(all, func(c comparison) bool { return c.attribute != all[0].attribute }) {
		return ""
	}
	return all[0].attribute
}

// supports reports whether a list names a word, perhaps with sub-attributes.
func supports(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		head, _, _ := strings.Cut(s, "[")
		return strings.EqualFold(s, word) || strings.EqualFold(head, word)
	})
}

// mentions reports whether a message names an attribute as a word of its own.
func mentions(message, attribute string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(message, func(r rune) bool {
		return !strings.ContainsRune("._-", r) && (r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z')
	}), func(w string) bool { return strings.EqualFold(strings.Trim(w, "._-"), attribute) })
}
