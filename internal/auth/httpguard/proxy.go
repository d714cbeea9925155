package httpguard

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Origin is where a request came from and under which address the client
// reached the service.
type Origin struct {
	// Client is the client's address; invalid if it can't be told.
	Client netip.Addr
	// Scheme is "http" or "https", Host the host with its port if it isn't the
	// scheme's own, Prefix the path that a proxy cut off, without a slash at
	// its end.
	Scheme, Host, Prefix string
}

// BaseURL is the public address of the service's root, without a slash at its
// end.
func (o Origin) BaseURL() string { return o.Scheme + "://" + o.Host + o.Prefix }

// ProxyConfig says whom to believe about clients.
type ProxyConfig struct {
	// Trusted are the networks of proxies. What others say of clients is
	// ignored.
	Trusted []netip.Prefix
	// Forwarded reads the header of RFC 7239; otherwise X-Forwarded-For,
	// -Proto, -Host and -Prefix are read. Never both: a proxy that sets one
	// lets the other through as the client wrote it.
	Forwarded bool
	// PublicURL is the service's public address, such as
	// https://data.example.com/pingone; it overrides what requests say.
	PublicURL string
}

// Proxies finds the origin of requests.
type Proxies struct {
	cfg    ProxyConfig
	public *Origin
	// met is the last host that requests named; most name the same one.
	met atomic.Pointer[metHost]
}

// metHost is a host as it was written, and as it can stand in an address.
type metHost struct{ written, clean string }

// NewProxies returns a finder of origins. The error is gwerr.Config for a
// public address that is none.
func NewProxies(cfg ProxyConfig) (*Proxies, error) {
	p := &Proxies{cfg: cfg}
	if cfg.PublicURL == "" {
		return p, nil
	}
	u, err := url.Parse(cfg.PublicURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || cleanHost(u.Host) == "" {
		return nil, gwerr.Newf(gwerr.Config, "The public address %q is none.", cfg.PublicURL).WithHint("Write it as https://data.example.com or with a path after it.")
	}
	p.public = &Origin{Scheme: u.Scheme, Host: cleanHost(u.Host), Prefix: strings.TrimRight(u.EscapedPath(), "/")}
	return p, nil
}

// hop is what one proxy says of whom it got the request from.
type hop struct{ client, proto, host string }

// Resolve finds the origin of a request from the address of the connection,
// its host, whether it is encrypted, and the headers. The same ones give the same
// origin.
//
// The client is the last address of the chain that is no trusted proxy; scheme,
// host and prefix are as the outermost trusted proxy gives them.
func (p *Proxies) Resolve(connection netip.Addr, host string, encrypted bool, h http.Header) Origin {
	o := Origin{Client: connection.Unmap(), Scheme: "http", Host: p.host(host)}
	if encrypted {
		o.Scheme = "https"
	}
	if within(p.cfg.Trusted, connection) {
		if p.cfg.Forwarded {
			p.follow(&o, parseForwarded(h.Values("Forwarded")))
		} else {
			p.follow(&o, legacyHops(h))
			if prefix := last(h.Values("X-Forwarded-Prefix")); prefix != "" {
				o.Prefix = cleanPrefix(prefix)
			}
		}
	}
	if p.public != nil {
		o.Scheme, o.Host, o.Prefix = p.public.Scheme, p.public.Host, p.public.Prefix
	}
	return o
}

// host is cleanHost of what a request names, which is looked at once.
func (p *Proxies) host(written string) string {
	if met := p.met.Load(); met != nil && met.written == written {
		return met.clean
	}
	met := &metHost{strings.Clone(written), cleanHost(written)}
	p.met.Store(met)
	return met.clean
}

// follow goes back through the hops as long as proxies are trusted.
func (p *Proxies) follow(o *Origin, hops []hop) {
	for i := len(hops) - 1; i >= 0; i-- {
		if hops[i].proto == "http" || hops[i].proto == "https" {
			o.Scheme = hops[i].proto
		}
		if host := cleanHost(hops[i].host); host != "" {
			o.Host = host
		}
		if hops[i].client == "" {
			return
		}
		a, ok := nodeAddress(hops[i].client)
		o.Client = a
		if !ok || !within(p.cfg.Trusted, a) {
			return
		}
	}
}

// legacyHops pairs the X-Forwarded headers from their ends: each proxy adds at
// the end of -For, and some do so of -Proto and -Host.
func legacyHops(h http.Header) []hop {
	clients, protos, hosts := values(h, "X-Forwarded-For"), values(h, "X-Forwarded-Proto"), values(h, "X-Forwarded-Host")
	out := make([]hop, max(len(clients), min(len(protos), 1), min(len(hosts), 1)))
	for i := range out {
		fromEnd := len(out) - 1 - i
		out[i] = hop{client: fromRight(clients, fromEnd), proto: strings.ToLower(fromRight(protos, fromEnd)), host: fromRight(hosts, fromEnd)}
	}
	return out
}

func fromRight(list []string, n int) string {
	if i := len(list) - 1 - n; i >= 0 {
		return list[i]
	}
	return ""
}

// values returns the members of a list header, empty ones included.
func values(h http.Header, name string) []string {
	lines := h.Values(name)
	if len(lines) == 0 {
		return nil
	}
	var out []string
	for _, v := range strings.Split(strings.Join(lines, ","), ",") {
		out = append(out, strings.TrimSpace(v))
	}
	return out
}

func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	v := lines[len(lines)-1]
	return strings.TrimSpace(v[strings.LastIndexByte(v, ',')+1:])
}

// nodeAddress reads an address with or without port and brackets; ok is false
// for hidden and unknown nodes.
func nodeAddress(s string) (a netip.Addr, ok bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err == nil
}

// hostForm is a name or an IPv4 address, or an IPv6 address in brackets, with
// or without a port.
var hostForm = regexp.MustCompile(`^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)

// cleanHost returns a host that can stand in an address, "" for anything else.
func cleanHost(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, ":")) // an empty port is none (RFC 3986 section 3.2.3)
	if len(s) > 260 || !hostForm.MatchString(s) {
		return ""
	}
	if u, err := url.Parse("//" + s); err != nil || u.Host != s {
		return ""
	}
	return s
}

// cleanPrefix returns a path that can be put in front of others, "" for
// anything else.
func cleanPrefix(s string) string {
	s = strings.TrimRight(s, "/")
	if !strings.HasPrefix(s, "/") || len(s) > 256 || strings.Contains(s, "//") || strings.Contains(s, "..") {
		return ""
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("/-._~", c) < 0 {
			return ""
		}
	}
	return s
}

type originKey struct{}

// Middleware finds the origin of each request and keeps it in its context.
func (p *Proxies) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := p.Resolve(connectionIP(r), r.Host, r.TLS != nil, r.Header)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), originKey{}, o)))
	})
}

func connectionIP(r *http.Request) netip.Addr {
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	return ap.Addr().Unmap()
}

// OriginOf returns the origin that Middleware found, or what the connection
// itself says.
func OriginOf(r *http.Request) Origin {
	if o, ok := r.Context().Value(originKey{}).(Origin); ok {
		return o
	}
	return (&Proxies{}).Resolve(connectionIP(r), r.Host, r.TLS != nil, nil)
}

// ClientIP returns the client's address; it fits auth.HTTPConfig.ClientIP.
func ClientIP(r *http.Request) netip.Addr { return OriginOf(r).Client }
