package server

import (
	"net/http"
	"net/netip"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
)

// ClientIP returns the caller's address: that of the connection, or the one
// that trusted proxies give.
func ClientIP(r *http.Request) netip.Addr { return httpguard.ClientIP(r) }

// BaseURL returns the public base of the service for links in an answer,
// without a final slash, such as https://data.example.org.
func BaseURL(r *http.Request) string { return httpguard.OriginOf(r).BaseURL() }
