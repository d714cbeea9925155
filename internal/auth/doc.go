// Package auth finds out who a caller is.
//
// An Authenticator takes credentials, not requests, so that HTTP and the
// PostgreSQL wire share one. Its methods are in sub-packages: apikey, oidc and
// passthrough; what a caller may see is decided by policy, and how much it may
// ask for by quota. The package knows no front end but the small HTTP adapter
// in http.go, and it never logs: it emits observe events, which carry neither
// names nor secrets.
package auth
