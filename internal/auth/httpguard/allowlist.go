package httpguard

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Allowed reports whether a client's address is in the networks; an empty list
// lets all in.
func Allowed(networks []netip.Prefix, a netip.Addr) bool {
	return len(networks) == 0 || within(networks, a)
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsValid() && slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Networks refuses clients outside of the networks; an empty list lets all in.
// It looks at the address that Proxies.Middleware found.
func Networks(allowed []netip.Prefix, fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		if len(allowed) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !within(allowed, ClientIP(r)) {
				fail(w, r, gwerr.New(gwerr.Forbidden, "Your network is not allowed here.", "Ask the administrator to add it to the allowed networks."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
