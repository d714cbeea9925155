package service

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/fair"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// Request is one request of a caller, from its admission to its account. However
// many queries it takes, it has one turn, counts once against the caller's
// quota, ends at one deadline and leaves one record. Its methods may be called
// by several goroutines, under the context of Begin.
type Request struct {
	// Provider is the caller's view of the connection's catalog.
	catalog.Provider
	session    *Session
	connection *Database
	catalog    *system.Catalog
	ctx        context.Context
	// held is given back in the end, the last one first; turn gives back the
	// turn, and is nil while the request has none.
	held  []func()
	turn  func()
	keep  func(context.Context, audit.Record)
	calls *observe.Calls
	stats *exec.Stats
	limit int64

	mu     sync.Mutex
	record audit.Record
	tables []*catalog.Table
	notes  []string // of system tables
	// ran is true once the request did more than look at the catalog.
	ran bool
	// running is the query whose progress may be asked for, and expected the
	// number of its calls once it is planned for that.
	running  *query.Query
	planned  sync.Once
	expected int64
	// paged is what streams took that may outlive the request.
	paged tally
	pages []*exec.Stats
}

// tally is what reading took.
type tally struct {
	calls, fetched   int64
	pushed, residual int
}

func newRequest(s *Session, statement string) *Request {
	r := &Request{
		session: s, keep: func(context.Context, audit.Record) {}, stats: &exec.Stats{},
		record: audit.Record{
			Action: "query", FrontEnd: s.frontEnd, Connection: s.connection, Statement: statement,
			Started: s.service.config.Now(), Principal: s.caller,
		},
	}
	about, explained := system.Explained(statement)
	if explained && about == "" {
		r.record.Statement = "EXPLAIN" // of who knows what
	}
	if procedure.Is(statement) || procedure.Is(about) {
		r.record.Action, r.record.Statement = "call", "" // it may hold passwords and tokens
	}
	return r
}

// admit takes what the request needs. A caller who waits for its own turn keeps
// nobody else waiting.
func (r *Request) admit(ctx context.Context) (context.Context, error) {
	s, caller := r.session.service, r.session.caller
	if caller == nil {
		return ctx, gwerr.New(gwerr.Unauthenticated, "No caller is known.", "Send credentials.")
	}
	limits := s.limits(caller)
	if s.config.Quota != nil {
		release, err := s.config.Quota.Acquire(ctx, caller.Identity(), limits)
		if err != nil {
			return ctx, err
		}
		r.held = append(r.held, release)
	}
	if err := r.Resume(ctx); err != nil {
		return ctx, err
	}
	ctx, cancel := withTime(ctx, limits.Time)
	r.held = append(r.held, cancel)
	var err error
	if r.connection, r.Provider, err = s.connection(ctx, r.session.connection, caller); err != nil {
		return ctx, err
	}
	r.held = append(r.held, r.connection.release)
	if r.session.schema != "" {
		r.Provider = &within{r.Provider, r.session.schema}
	}
	r.record.Connection = r.connection.Name
	r.limit = tighter(limits.RowsPerQuery, r.connection.MaxRows)
	ctx, r.calls = observe.WithCalls(fair.WithCaller(ctx, caller.Identity()))
	r.catalog = r.described()
	r.ctx, r.stats = exec.WithStats(scan.WithMemo(system.With(ctx, r.catalog)))
	return r.ctx, nil
}

func withTime(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if most <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, most, gwerr.New(gwerr.Timeout, "The query took longer than "+most.String()+".",
		"Ask for fewer rows or columns, or raise limits.query_time."))
}

// acts notes what the request is about, as audit.Record.Action has it.
func (r *Request) acts(action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Action = action
}

// reads notes what a bound query reads.
func (r *Request) reads(q *query.Query) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = true
	for _, t := range q.Tables() {
		if !slices.ContainsFunc(r.tables, func(known *catalog.Table) bool { return fullName(known) == fullName(t) }) {
			r.tables = append(r.tables, t)
		}
	}
}

func fullName(t *catalog.Table) string {
	if t.Schema == nil {
		return t.Name
	}
	return t.Schema.Name + "." + t.Name
}

// Returned counts n rows of the answer before they are sent. The error is
// gwerr.LimitExceeded where the answer would have more than the caller may read.
func (r *Request) Returned(n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit > 0 && r.record.Rows+n > r.limit {
		return gwerr.New(gwerr.LimitExceeded, fmt.Sprintf("The result has more than %d rows.", r.limit), "Narrow the query, or ask for it in pages.")
	}
	r.ran, r.record.Rows = true, r.record.Rows+n
	return nil
}

// End gives back what the request holds and accounts for it, once; err is nil
// for a whole answer. What was read must have been closed.
func (r *Request) End(err error) {
	if ended := r.ctx.Err(); ended != nil && err != nil && gwerr.From(err).Code == gwerr.Internal {
		err = ended // an answer can't be written any more
	}
	err = gwerr.Because(r.ctx, err)
	r.release()
	r.account(r.ctx, err)
}

// Pause gives the turn back while the caller asks for nothing, such as between
// two parts of a result. The deadline stays.
func (r *Request) Pause() {
	if r.turn != nil {
		r.turn()
		r.turn = nil
	}
}

// Resume waits for a turn, unless the request has one.
func (r *Request) Resume(ctx context.Context) (err error) {
	if r.turn == nil {
		r.turn, err = r.session.service.turns.take(ctx, r.session.caller.Identity())
	}
	return err
}

func (r *Request) release() {
	defer r.Pause()
	for _, give := range slices.Backward(r.held) {
		give()
	}
}

// account writes the record, even when the client has gone.
func (r *Request) account(ctx context.Context, err error) {
	ctx = context.WithoutCancel(ctx)
	r.mu.Lock()
	if err == nil && !r.ran {
		r.record.Action = "metadata"
	}
	for _, t := range r.tables {
		r.record.Tables = append(r.record.Tables, fullName(t))
	}
	r.record.Duration, r.record.Err = r.session.service.config.Now().Sub(r.record.Started), err
	r.record.Calls = r.calls.Made() + r.paged.calls
	record, event := r.record, r.finished()
	r.mu.Unlock()
	if record.Action != "metadata" {
		r.session.service.config.Sink.Observe(ctx, event)
	}
	r.keep(ctx, record)
}

func (r *Request) finished() observe.QueryFinished {
	e := observe.QueryFinished{
		FrontEnd: r.record.FrontEnd, Caller: counted(r.record.Principal), RowsFetched: r.stats.Fetched() + r.paged.fetched, RowsReturned: r.record.Rows, Calls: r.record.Calls,
		Pushed: r.stats.Pushed() + r.paged.pushed, Residual: r.stats.Residual() + r.paged.residual, Duration: r.record.Duration,
	}
	for _, t := range r.tables {
		e.Tables = append(e.Tables, t.Name)
	}
	if r.record.Err != nil {
		e.Code = string(gwerr.From(r.record.Err).Code)
	}
	return e
}

// counted is what metrics may tell of a caller: the id of its key, which is not a name, or
// else how it signed in.
func counted(p *auth.Principal) string {
	switch {
	case p == nil:
		return string(auth.Anonymous)
	case p.Kind == auth.Key:
		return p.ID
	}
	return string(p.Kind)
}

// limits are the bounds of one request of the caller.
func (s *Service) limits(p *auth.Principal) quota.Limits {
	var l quota.Limits
	if s.config.Policy != nil {
		l = s.config.Policy.Limits(p)
	}
	if perSecond := float64(s.config.RequestsPerMinute) / 60; perSecond > 0 && (l.RequestsPerSecond == 0 || l.RequestsPerSecond > perSecond) {
		// A minute's requests may come at once: feed readers ask in bursts.
		l.RequestsPerSecond, l.Burst = perSecond, s.config.RequestsPerMinute
	}
	l.Time = tighter(l.Time, s.config.MaxTime)
	l.RowsPerQuery = tighter(l.RowsPerQuery, s.config.MaxRows)
	return l
}

// tighter is the smaller of two bounds, of which 0 means none.
func tighter[T int64 | time.Duration](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
