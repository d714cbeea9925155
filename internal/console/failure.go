package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// trouble is an error as a page shows it.
type trouble struct {
	Code, Message, Hint, ID, Help string
	// Before, At and After are the text at fault, "" if there is none; At begins where
	// the error is.
	Option, Before, At, After string
}

// failure is the page of an error.
type failure struct {
	Page
	Trouble trouble
	SignIn  bool
}

// troubleOf takes an error apart. The text at fault is the option of the address that
// the error names, or else its statement.
func (s *Site) troubleOf(r *http.Request, e *gwerr.Error) trouble {
	o := optionsOf(r.URL.RawQuery)
	if text := o.get(e.Target); e.Target != "" && text != "" {
		return s.troubleIn(r, e, e.Target, text)
	}
	return s.troubleIn(r, e, "query", o.get("query"))
}

// troubleIn is troubleOf an error in a text, the value of an option.
func (s *Site) troubleIn(r *http.Request, e *gwerr.Error, option, text string) trouble {
	t := trouble{Code: string(e.Code), Message: e.Message, Hint: e.Hint, ID: observe.RequestID(r.Context()), Help: s.base(r) + HelpPath + "#" + string(e.Code)}
	if e.Position < 0 || text == "" || e.Position > len(text) {
		return t
	}
	at := strings.ToValidUTF8(text[e.Position:], "")
	end := strings.IndexAny(at, " ,()'/")
	switch {
	case end < 0:
		end = len(at)
	case end == 0:
		end = 1 // a sign
	}
	t.Option, t.Before, t.At, t.After = option, strings.ToValidUTF8(text[:e.Position], ""), at[:end], at[end:]
	if t.At == "" {
		t.At = " " // the text ends too early
	}
	return t
}

// Fail shows an error as a page.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, e *gwerr.Error) {
	f := failure{Page: s.Page(r, "That did not work", ""), Trouble: s.troubleOf(r, e)}
	if e.Code == gwerr.Unauthenticated {
		f.Title, f.SignIn = "Sign in", true
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter.Milliseconds()+999)/1000)))
	}
	if err := s.Render(w, r, e.Kind().HTTP, "failure", f); err != nil {
		panic(err) // found by any test
	}
}

// option is a query option, decoded.
type option struct{ name, value string }

// options are those of an address, in its order.
type options []option

// optionsOf reads a query. What can't be decoded is left out: the feed refuses it.
func optionsOf(rawQuery string) (out options) {
	for _, pair := range strings.Split(rawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		value, wrong := url.QueryUnescape(rawValue)
		if err == nil && wrong == nil && name != "" {
			out = append(out, option{name, value})
		}
	}
	return out
}

// get is the value of an option, "" without.
func (o options) get(name string) string {
	for _, each := range o {
		if strings.EqualFold(each.name, name) || strings.EqualFold("$"+each.name, name) {
			return each.value
		}
	}
	return ""
}

// all are the values of an option that may be given several times.
func (o options) all(name string) (out []string) {
	for _, each := range o {
		if each.name == name {
			out = append(out, each.value)
		}
	}
	return out
}

// with has another value of an option, at its place or at the end; "" takes it out.
func (o options) with(name, value string) (out options) {
	placed := value == ""
	for _, each := range o {
		switch {
		case !strings.EqualFold(strings.TrimPrefix(each.name, "$"), strings.TrimPrefix(name, "$")):
			out = append(out, each)
		case !placed:
			out, placed = append(out, option{name, value}), true
		}
	}
	if !placed {
		out = append(out, option{name, value})
	}
	return out
}

// odata are the options that OData knows, without those of a page of the feed.
func (o options) odata() (out options) {
	for _, each := range o {
		plain := strings.ToLower(strings.TrimPrefix(each.name, "$"))
		switch plain {
		case "skip", "skiptoken", "format":
			continue
		case "filter", "select", "expand", "orderby", "top", "count", "search", "compute", "apply":
			out = append(out, option{"$" + plain, each.value})
		default:
			if each.name[0] == '@' {
				out = append(out, each)
			}
		}
	}
	return out
}

// String writes the options as a query, as people read it.
func (o options) String() string {
	parts := make([]string, len(o))
	for i, each := range o {
		parts[i] = readable(each.name)
		if each.value != "" {
			parts[i] += "=" + readable(each.value)
		}
	}
	return strings.Join(parts, "&")
}

// readable escapes what has to be in a query, and leaves what people read: $, commas,
// brackets, quotes and the like.
func readable(s string) string {
	return strings.NewReplacer("+", "%20", "%24", "$", "%2C", ",", "%28", "(", "%29", ")", "%27", "'", "%3A", ":", "%40", "@", "%2F", "/").Replace(url.QueryEscape(s))
}
