// Package httpguard hardens HTTP listeners: one middleware a file, each a
// function from a configuration of plain fields, none of which knows what the
// service does. Refusals go to a Fail function, so that every front end gives
// errors in its own form.
package httpguard

import "net/http"

// Fail writes an error answer; err is of package gwerr.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler
