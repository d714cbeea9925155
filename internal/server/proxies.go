package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies knows which proxies to believe about who calls, and by which
// address. The zero value believes none.
type Proxies struct {
	// Trusted are the proxies whose Forwarded and X-Forwarded headers count.
	Trusted []netip.Prefix
	// PublicURL, if set, is the base of every link, without a final slash.
	PublicURL string
}

type originKey struct{}

// origin is what is known of a request's way.
type origin struct {
	client netip.Addr
	base   string
}

// middleware works the way out once for each request.
func (p Proxies) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := origin{client: p.client(r), base: p.base(r)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), originKey{}, o)))
	})
}

// ClientIP returns the caller's address: that of the connection, or the one
// that trusted proxies give. It is the zero Addr outside a server.
func ClientIP(r *http.Request) netip.Addr {
	if o, ok := r.Context().Value(originKey{}).(origin); ok {
		return o.client
	}
	return peer(r)
}

// BaseURL returns the public base of the service for links in an answer,
// without a final slash, such as https://data.example.org.
func BaseURL(r *http.Request) string {
	if o, ok := r.Context().Value(originKey{}).(origin); ok {
		return o.base
	}
	return Proxies{}.base(r)
}

func peer(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

func (p Proxies) trusts(a netip.Addr) bool { return contains(p.Trusted, a) }

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, x := range prefixes {
		if x.Contains(a) {
			return true
		}
	}
	return false
}

// client walks the list of hops from the near end and stops at the first one
// that no trusted proxy vouches for.
func (p Proxies) client(r *http.Request) netip.Addr {
	at := peer(r)
	hops := forwardedFor(r.Header)
	for i := len(hops) - 1; i >= 0 && p.trusts(at); i-- {
		a, err := netip.ParseAddr(hostOf(hops[i]))
		if err != nil {
			break
		}
		at = a.Unmap()
	}
	return at
}

// base gives the configured base, what a trusted proxy says, or the request's
// own.
func (p Proxies) base(r *http.Request) string {
	if p.PublicURL != "" {
		return p.PublicURL
	}
	scheme, host, prefix := "http", r.Host, ""
	if r.TLS != nil {
		scheme = "https"
	}
	if p.trusts(peer(r)) {
		f := forwarded(r.Header)
		if s := strings.ToLower(f["proto"]); s == "http" || s == "https" {
			scheme = s
		}
		if h := f["host"]; isHost(h) {
			host = h
		}
		if x := r.Header.Get("X-Forwarded-Prefix"); isPrefix(x) {
			prefix = strings.TrimRight(x, "/")
		}
	}
	if !isHost(host) {
		host = "localhost"
	}
	return scheme + "://" + host + prefix
}

// forwarded returns host and proto as the nearest proxy gives them.
func forwarded(h http.Header) map[string]string {
	out := map[string]string{"host": last(h.Values("X-Forwarded-Host")), "proto": last(h.Values("X-Forwarded-Proto"))}
	for _, pair := range strings.Split(last(h.Values("Forwarded")), ";") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			out[strings.ToLower(strings.TrimSpace(name))] = unquote(value)
		}
	}
	return out
}

// forwardedFor returns the hops, the nearest last.
func forwardedFor(h http.Header) []string {
	var hops []string
	for _, element := range list(h.Values("Forwarded")) {
		for _, pair := range strings.Split(element, ";") {
			if name, value, ok := strings.Cut(pair, "="); ok && strings.EqualFold(strings.TrimSpace(name), "for") {
				hops = append(hops, unquote(value))
			}
		}
	}
	if len(hops) > 0 {
		return hops
	}
	return list(h.Values("X-Forwarded-For"))
}

func list(values []string) []string {
	var out []string
	for _, v := range values {
		for _, x := range strings.Split(v, ",") {
			if x = strings.TrimSpace(x); x != "" {
				out = append(out, x)
			}
		}
	}
	return out
}

func last(values []string) string {
	if l := list(values); len(l) > 0 {
		return l[len(l)-1]
	}
	return ""
}

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), `"`) }

func hostOf(hop string) string {
	if h, _, err := net.SplitHostPort(hop); err == nil {
		hop = h
	}
	return strings.Trim(hop, "[]")
}

// isHost keeps out what would turn a link into another one.
func isHost(h string) bool {
	return h != "" && len(h) <= 255 && strings.IndexFunc(h, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_:[]", r))
	}) < 0
}

func isPrefix(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//") && len(p) <= 255 && strings.IndexFunc(p, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/.-_~", r))
	}) < 0 && !strings.Contains(p, "..")
}
