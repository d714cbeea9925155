package auth

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// CheckOpen reports whether listeners at the addresses may run without
// authentication: only where every one is reachable from the machine itself
// alone. Addresses are as for net.Listen. The error is gwerr.Config and names
// the first address that is not on loopback.
func CheckOpen(addresses ...string) error {
	for _, a := range addresses {
		if !loopback(a) {
			return gwerr.New(gwerr.Config, fmt.Sprintf("`auth: none` is not possible while listening on %q, which other machines can reach.", a),
				"Configure API keys, OIDC or pass-through, or listen on 127.0.0.1.")
		}
	}
	return nil
}

// loopback accepts names and addresses that are always the machine itself. A
// name that DNS resolves is not one of them.
func loopback(address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return true // of this machine, by its file's rights
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
