package httpguard

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// ParseNetworks reads networks in CIDR form; an address alone stands for
// itself. The error is gwerr.Config.
func ParseNetworks(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, t := range texts {
		t = strings.TrimSpace(t)
		if a, err := netip.ParseAddr(t); err == nil && a.Zone() == "" {
			a = a.Unmap()
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(t)
		if err != nil {
			return nil, gwerr.New(gwerr.Config, fmt.Sprintf("%q is no network.", t), "Write it as 10.0.0.0/8 or 2001:db8::/32.")
		}
		out = append(out, p.Masked())
	}
	return out, nil
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
