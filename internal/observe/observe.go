// Package observe defines everything the gateway reports about itself as
// typed events.
//
// Components emit facts; logs, metrics, traces and the audit trail subscribe
// as sinks and decide what to show. Events hold closed sets and numbers, never
// tokens, query texts, predicate values or rows, unless a field's comment says
// so. The package knows no other package of the gateway.
package observe

import (
	"context"
	"time"
)

// Event is one observed fact. Its implementations are the types of this
// package.
type Event interface{ event() }

// Sink receives events. Observe must not block and must be safe for
// concurrent use.
type Sink interface {
	Observe(ctx context.Context, e Event)
}

// SinkFunc is a function as a Sink.
type SinkFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f SinkFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Discard is a Sink that drops every event.
var Discard Sink = SinkFunc(func(context.Context, Event) {})

// Join returns a Sink that hands each event to all sinks, in order.
func Join(sinks ...Sink) Sink {
	return SinkFunc(func(ctx context.Context, e Event) {
		for _, s := range sinks {
			s.Observe(ctx, e)
		}
	})
}

// RequestFinished is one answered request of a front end.
type RequestFinished struct {
	FrontEnd string // "odata", "sql", "oauth", "console", "pgwire", "mcp"
	Route    string // a pattern from a closed set, such as "entity_set"
	// Method is that of an HTTP request, Caller the name of who asked, where that
	// is known, and Code the gwerr code of a request that failed.
	Method, Caller, Code string
	Status               int
	Duration             time.Duration
	Rows                 int64
	Bytes                int64
}

// QueryPhase is the time one phase of a query took: "parse", "plan", "scan",
// "load", "residual" or "encode".
type QueryPhase struct {
	Phase    string
	Duration time.Duration
}

// QueryFinished sums up the queries of one request.
type QueryFinished struct {
	FrontEnd string
	// Caller is the id of the caller's API key, or else the way of signing in; never a
	// name.
	Caller       string
	Tables       []string
	RowsFetched  int64
	RowsReturned int64
	Calls        int64
	Pushed       int // predicates handed to PingOne
	Residual     int // predicates evaluated here
	Duration     time.Duration
	Code         string // "" or the gwerr code
}

// UpstreamCall is one HTTP exchange with PingOne.
type UpstreamCall struct {
	Group    string // rate-limit group, such as "directory"
	Endpoint string // template from a closed set, such as "users"
	Method   string
	Status   int // 0 if no answer came
	Attempt  int // from 1
	Duration time.Duration
	// Waited is the time for which the call waited for its turn in the rate budget.
	Waited time.Duration
	Bytes  int64
}

// UpstreamRetry is a decision to repeat a call.
type UpstreamRetry struct {
	Group  string
	Reason string // "429", "408", "5xx", "network", "cut_short", "401"
	Wait   time.Duration
}

// ReadAgain is a collection, or a part of one, that is read again because its
// first reading could not be proved complete.
type ReadAgain struct {
	Table string
	// Reason is "changed" (rows changed meanwhile), "cursor" (PingOne ended the
	// reading), "split" (the pieces did not add up) or "moved" (rows went from
	// one part to another).
	Reason string
}

// FanOut is how far a scan is that reads rows of a table for each row of another
// one, the parent: told for parents found, and now and then for those read.
type FanOut struct {
	Table, Parent string
	// Found and Read are parents so far, the others those since the last event.
	Found, Read, NewlyFound, NewlyRead int64
	// Ended is true of the last event; less is read than was found where the scan
	// had enough, or failed.
	Ended bool
}

// FilterRefused is a filter that PingOne did not take, so that the query goes
// on without it.
type FilterRefused struct {
	Table string
	// Attribute and Operator are PingOne's words; "" where it doesn't tell.
	Attribute, Operator string
	TooLong             bool
}

// LimitWait is time spent waiting for the rate budget.
type LimitWait struct {
	Group string
	Wait  time.Duration
}

// BudgetChanged reports the rate in force for a group, calls per second.
type BudgetChanged struct {
	Group string
	Rate  float64
}

// TokenFetch is one request to an authorization server's token endpoint.
type TokenFetch struct {
	Grant    string // "client_credentials", "refresh_token", …
	Outcome  string // "ok", "rejected", "failed"
	Duration time.Duration
}

// TokenServed says where a token came from: "memory", "store" or "fetched".
type TokenServed struct{ Source string }

// StoreState is a change in the health of a token store or rate budget store.
type StoreState struct {
	Store string // "redis", "file", "memory"
	Up    bool
}

// EngineMemory is the embedded engine's use of memory and temporary disk.
type EngineMemory struct {
	UsedBytes  int64
	LimitBytes int64
	SpillBytes int64
}

// InFlight changes a gauge of running work: "requests"; "queries", which are
// requests that have a turn; "queued", which wait for one; "bodies" that are
// read, and "bodies_queued", which wait for it; "scans"; "readings", which wait
// for the request of their next page; "wire_connections", which are clients of
// the PostgreSQL protocol.
type InFlight struct {
	What  string
	Delta int
}

// ReadingEnded is the end of a reading's wait for the request of its next page.
type ReadingEnded struct{ How string }

// How a wait ends.
const (
	ReadingContinued  = "continued"   // the request came
	ReadingExpired    = "expired"     // none came in time
	ReadingCrowdedOut = "crowded_out" // another one needed the room
	ReadingReplaced   = "replaced"    // another one is at the same place
	ReadingClosed     = "closed"      // with its connection, or its answer did not arrive
)

// ResultAsked is a statement whose caller accepts a result that is not new.
type ResultAsked struct{ Hit bool }

// ResultBytes changes the size of the results kept, and being read, for that.
type ResultBytes struct{ Delta int64 }

// Authenticated is one decision about a caller's credentials.
type Authenticated struct {
	Method  string // "api_key", "oidc", "pass_through", "certificate", "none", "" if none knew them
	Outcome string // "ok", "challenged", "rejected", "damped", "failed"
}

// CallerLimited is a request refused or held back by the caller's own limits.
type CallerLimited struct {
	Limit string // "rate", "concurrency", "share"
}

// AuditLost counts audit records that could not be written.
type AuditLost struct{ Records int64 }

// AuditState is a change in the health of the audit log.
type AuditState struct{ Up bool }

func (Authenticated) event()   {}
func (CallerLimited) event()   {}
func (AuditLost) event()       {}
func (AuditState) event()      {}
func (RequestFinished) event() {}
func (QueryPhase) event()      {}
func (QueryFinished) event()   {}
func (UpstreamCall) event()    {}
func (UpstreamRetry) event()   {}
func (FilterRefused) event()   {}
func (ReadAgain) event()       {}
func (FanOut) event()          {}
func (LimitWait) event()       {}
func (BudgetChanged) event()   {}
func (TokenFetch) event()      {}
func (TokenServed) event()     {}
func (StoreState) event()      {}
func (EngineMemory) event()    {}
func (InFlight) event()        {}
func (ReadingEnded) event()    {}
func (ResultAsked) event()     {}
func (ResultBytes) event()     {}

type contextKey int

const requestIDKey contextKey = iota

// WithRequestID returns a context that carries the id of the request being
// served.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// RequestID returns the id of the request being served, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}
