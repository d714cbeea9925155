package pingone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// apiAnswer is the body of an error.
type apiAnswer struct {
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Details []apiDetail `json:"details"`
}

type apiDetail struct {
	Code   string `json:"code"`
	Target string `json:"target"`
	// Message may repeat values of the request and is not shown.
	Message    string `json:"message"`
	InnerError struct {
		SupportedAttributes []string `json:"supportedAttributes"`
		SupportedOperators  []string `json:"supportedOperators"`
	} `json:"innerError"`
}

// apiError turns an answer that is not 200 into an error with the API's own
// words where they are safe to show.
func apiError(q call, resp *http.Response, body []byte) error {
	var a apiAnswer
	_ = json.Unmarshal(withoutToken(resp, body), &a) // gateways and proxies in between answer in other forms
	switch status := resp.StatusCode; {
	case q.atCursor() && (status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone):
		return cursorRefused(q, resp)
	case q.change != nil && status >= 400 && status < 500 && !alike[status]:
		return q.change.refused(resp, a)
	case status == http.StatusUnauthorized:
		return gwerr.New(gwerr.UpstreamAuth, "PingOne refused the access token."+traceID(resp), "Check the worker application, its secret and its environment.")
	case status == http.StatusForbidden:
		return forbidden(q, resp, a)
	case status == http.StatusTooManyRequests:
		return gwerr.New(gwerr.UpstreamLimited, "PingOne's rate limit is reached.", "Try again later.")
	case status >= 300 && status < 400:
		return gwerr.Newf(gwerr.UpstreamRejected, "PingOne answered with a redirect (status %d), which is not followed.", status).
			WithHint("Set ApiUrl to the API's own address.")
	case status >= 500 || status == http.StatusRequestTimeout:
		return gwerr.Newf(gwerr.UpstreamFailed, "PingOne failed to answer for %s (status %d).%s", q.endpoint, status, traceID(resp)).WithHint("Try again later.")
	case q.filter != "" && (status == http.StatusRequestURITooLong || status == http.StatusRequestHeaderFieldsTooLarge):
		return tooLong(q, resp)
	default:
		return rejected(q, resp, a)
	}
}

// errCursor is the cause of an error that refuses a place in a collection: the
// cursor is too old, or belongs to another access token.
var errCursor = errors.New("the cursor is refused")

func cursorRefused(q call, resp *http.Response) error {
	if q.resumed {
		return gwerr.Wrap(gwerr.BadContinuation, errCursor, "PingOne no longer accepts the place where this reading stopped.", "Start reading again from the first page.")
	}
	return gwerr.Wrap(gwerr.UpstreamRejected, errCursor,
		fmt.Sprintf("PingOne no longer accepts its own link to the next page of %s (status %d).%s", q.endpoint, resp.StatusCode, traceID(resp)), "Read again.")
}

// forbidden is an answer of status 403. PingOne gives it as well for an
// environment that does not exist, so it never means that there are no rows.
func forbidden(q call, resp *http.Response, a apiAnswer) error {
	for _, d := range a.Details {
		if d.Code == "LICENSE_EXCEEDED" {
			return gwerr.New(gwerr.UpstreamForbidden, "PingOne refused to read "+q.endpoint+": the license does not cover it."+traceID(resp), "Check the license of the environment.")
		}
	}
	why, hint := "the worker application has no role that covers it", "Check the roles of the worker application."
	if strings.Contains(q.address.path, "environments/") {
		why = "the environment does not exist, or " + why
		hint = "Check the environment's id and the roles of the worker application."
	}
	if q.permission != "" {
		hint += " Reading it needs " + q.permission + "."
	}
	return gwerr.New(gwerr.UpstreamForbidden, "PingOne refused to read "+q.endpoint+": "+why+"."+traceID(resp), hint)
}

// rejected is an answer of the class 400: a defect of the request.
func rejected(q call, resp *http.Response, a apiAnswer) error {
	for _, d := range a.Details {
		switch {
		case d.Code == "INVALID_FILTER" || d.Target == "filter":
			return filterRefused(q, resp, d)
		case d.Target == "order" && q.order() != "":
			return orderRefused(q, resp)
		}
	}
	text := fmt.Sprintf("PingOne rejected the call for %s (status %d", q.endpoint, resp.StatusCode)
	if codeForm.MatchString(a.Code) {
		text += ", " + a.Code
	}
	text += ")."
	if own := withoutSecrets(withoutValues(a.Message)); own != "" && len(own) < 200 {
		text += " It says: " + own
	}
	cause := error(refusal(resp.StatusCode))
	if resp.StatusCode == http.StatusBadRequest && (q.filter != "" || q.order() != "") && len(a.Details) == 0 {
		cause = &scan.Refused{Err: cause} // it may be the filter, or the order
	}
	return gwerr.Wrap(gwerr.UpstreamRejected, cause, text+traceID(resp), "")
}

// refusal is the status of an answer that refused a call, as a cause.
type refusal int

func (r refusal) Error() string { return "status " + strconv.Itoa(int(r)) }

// refusedWith reports whether the API refused a call with the status.
func refusedWith(err error, status int) bool {
	var r refusal
	return errors.As(err, &r) && int(r) == status
}

var (
	codeForm  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,63}$`)
	wordForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.\[\]]{0,63}$`)
	traceForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	opaque    = regexp.MustCompile(`[A-Za-z0-9._~+/=-]{20,}`)
	quoted    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?|'[^']*'?`)
)

// withoutValues replaces what stands in quotes: values may be personal data.
func withoutValues(s string) string { return quoted.ReplaceAllString(s, "…") }

// withoutSecrets replaces what could be a token or a secret, or a part of one,
// whosever it is: long runs of their characters with digits among them. Ids may
// stay.
func withoutSecrets(s string) string {
	return opaque.ReplaceAllStringFunc(s, func(run string) string {
		if isID(run) || !strings.ContainsAny(run, "0123456789") {
			return run
		}
		return "…"
	})
}

// withoutToken takes the token of the request out of its answer, however short
// it is.
func withoutToken(resp *http.Response, body []byte) []byte {
	if token := tokenOf(resp); token != "" {
		return bytes.ReplaceAll(body, []byte(token), []byte("…"))
	}
	return body
}

func tokenOf(resp *http.Response) string {
	if resp.Request == nil {
		return ""
	}
	_, token, _ := strings.Cut(resp.Request.Header.Get("Authorization"), " ")
	return token
}

func words(list []string) string {
	kept := make([]string, 0, len(list))
	for _, w := range list {
		if wordForm.MatchString(w) && withoutSecrets(w) == w {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, ", ")
}

// traceID quotes the number by which Ping's support finds a call.
func traceID(resp *http.Response) string {
	if id := resp.Header.Get("Correlation-Id"); traceForm.MatchString(id) && !strings.Contains(tokenOf(resp), id) {
		return " (PingOne's correlation id is " + id + ".)"
	}
	return ""
}
