// Package limiter shares PingOne's rate limits.
//
// PingOne counts calls per license and rate-limit group and answers 429 beyond
// the limit. The limiter spends that limit as a budget: callers ask before each
// call, wait their turn, and report the outcome. Replicas of the gateway share
// one budget through a Shared store; without it each keeps its own part. The
// package knows nothing of HTTP or of PingOne's endpoints.
package limiter

import (
	"context"
	"time"
)

// Priority says who waits for a call. Interactive goes first.
type Priority int

const (
	// Interactive calls serve someone who waits for a small answer.
	Interactive Priority = iota
	// Bulk calls belong to scans, exports and background work.
	Bulk
	priorities
)

// Request asks for permission to make one call.
type Request struct {
	// License is the PingOne license (or, where unknown, the environment or
	// connection) that pays for the call.
	License string
	// Group is PingOne's rate-limit group, such as "rlgDirAccessRps".
	Group string
	// Caller is the principal or query on whose behalf the call is made.
	// Callers of a group take turns.
	Caller string
	// Priority is Interactive unless set.
	Priority Priority
}

// Outcome is what became of a call.
type Outcome struct {
	// Status is the HTTP status, or 0 if no answer came.
	Status int
	// RetryAfter is the wait that a 429 asked for, or 0.
	RetryAfter time.Duration
}

// Limiter hands out permits. Its methods are safe for concurrent use.
type Limiter interface {
	// Acquire waits until one call may be made and returns a function that
	// must be called once the call is over; calling it again does nothing.
	// Errors: gwerr.UpstreamLimited when the budget stays closed for longer
	// than the configured wait or the context's deadline, gwerr.Busy when too
	// many callers wait already, and the context's own error.
	Acquire(ctx context.Context, r Request) (release func(), err error)
	// Report tells the outcome of a call, so that a 429 slows every replica
	// down. Reporting other statuses is optional and costs nothing.
	Report(ctx context.Context, license, group string, o Outcome)
	// SetLimit declares PingOne's own limit in calls per second, from the
	// configuration or the environment's capabilities. 0 means unknown: only
	// the number of calls in flight is then bounded, until a 429 teaches more.
	SetLimit(license, group string, perSecond float64)
}
