package httpguard

import (
	"net"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Hosts refuses requests for other hosts than the listed ones; an empty list
// lets all in. It protects against DNS rebinding, and against links to a host
// that the client made up. Entries are names or addresses without port;
// *.example.com stands for every name below example.com.
func Hosts(allowed []string, fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		if len(allowed) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The host that a trusted proxy says the client asked for counts,
			// for it is what links are made of.
			if !allowedHost(allowed, OriginOf(r).Host) {
				fail(w, r, gwerr.New(gwerr.BadRequest, "The service does not answer under this host name.", "Use the address that the administrator published."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// InnerHosts refuses requests for other hosts than those that the service has
// within a network: addresses, names without a dot such as localhost, which
// nobody can register, and the listed ones, written as for Hosts.
func InnerHosts(allowed []string, fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if host := hostName(r.Host); net.ParseIP(host) == nil && strings.Contains(host, ".") && !allowedHost(allowed, r.Host) {
				fail(w, r, gwerr.New(gwerr.BadRequest, "The service does not answer under this host name.", "Ask for its address, or add the name to admin.allowed_hosts."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hostName is the host without its port.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(strings.TrimSuffix(host, "."), "[]"))
}

func allowedHost(allowed []string, host string) bool {
	host = hostName(host)
	for _, a := range allowed {
		a = strings.ToLower(strings.Trim(a, "[]"))
		if suffix, wild := strings.CutPrefix(a, "*"); wild {
			if strings.HasPrefix(suffix, ".") && strings.HasSuffix(host, suffix) && len(host) > len(suffix) {
				return true
			}
			continue
		}
		if host == a {
			return true
		}
	}
	return false
}
