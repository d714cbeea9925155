// Package server is the HTTP service around the front ends.
//
// It owns the listeners (public and admin), the routers, everything that each
// request passes before and after its front end (one middleware per file),
// readiness, and an end in which no answer looks complete that is not. It
// knows the front ends only as http.Handlers and decides nothing about data.
package server
