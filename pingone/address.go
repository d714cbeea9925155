package pingone

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// address is the place of a call relative to the API's base: a path and a raw
// query, both encoded.
type address struct {
	path, query string
}

func (a address) String() string {
	if a.query == "" {
		return a.path
	}
	return a.path + "?" + a.query
}

// addressOf fills a template of a path, and of a query if it has one, with keys.
func addressOf(template string, values map[string]string) address {
	path, query, _ := strings.Cut(template, "?")
	for name, v := range values {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(v))
		query = strings.ReplaceAll(query, "{"+name+"}", url.QueryEscape(v))
	}
	return address{path: path, query: query}
}

// with adds a query parameter whose value is to be encoded.
func (a address) with(name, value string) address {
	return a.withRaw(name + "=" + url.QueryEscape(value))
}

// withLimit asks for so many rows a page; 0 leaves it to the service.
func (a address) withLimit(n int) address {
	if n <= 0 {
		return a
	}
	return a.withRaw("limit=" + strconv.Itoa(n))
}

// withRaw adds encoded parameters.
func (a address) withRaw(query string) address {
	if a.query != "" {
		query = a.query + "&" + query
	}
	return address{path: a.path, query: query}
}

// has reports whether the query has a parameter of that name.
func (a address) has(name string) bool {
	for part := range strings.SplitSeq(a.query, "&") {
		if key, _, _ := strings.Cut(part, "="); key == name {
			return true
		}
	}
	return false
}

// resolve gives the absolute form of an address of this API.
func (c *client) resolve(a address) string { return c.base.String() + a.String() }

// relative turns a next link into an address. A link that leaves the API's own
// scheme, host and base path is refused: following it would send the access
// token elsewhere.
func (c *client) relative(link string) (address, error) {
	bad := func() (address, error) {
		return address{}, gwerr.New(gwerr.UpstreamRejected, "PingOne's answer continues at an address outside its API; it was not followed.",
			"Check that ApiUrl is the address under which the API itself answers.")
	}
	u, err := url.Parse(link)
	if err != nil || u.User != nil || u.Opaque != "" {
		return bad()
	}
	u = c.base.ResolveReference(u)
	path := u.EscapedPath()
	rest, ok := strings.CutPrefix(path, c.base.EscapedPath())
	if !ok || !sameOrigin(u, c.base) || !cleanPath(rest) {
		return bad()
	}
	return address{path: rest, query: u.RawQuery}, nil
}

// sameOrigin compares scheme, host and port, where a port that is left out is
// the scheme's own (RFC 6454, section 4).
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	default:
		return "80"
	}
}

// cleanPath reports whether no part of a path could lead out of its base.
func cleanPath(p string) bool {
	if p == "" || strings.ContainsAny(p, "\\#?") {
		return false
	}
	decoded, err := url.PathUnescape(p)
	if err != nil || strings.Contains(decoded, "\\") {
		return false
	}
	parts := strings.Split(decoded, "/")
	return !slices.Contains(parts, ".") && !slices.Contains(parts, "..")
}
