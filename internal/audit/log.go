package audit

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Sink writes lines of the trail. It is used by one goroutine.
type Sink interface {
	// Write writes one whole line, which ends in a line feed.
	Write(line []byte) error
	Close() error
}

// Config configures a Log. Zero values take the defaults named.
type Config struct {
	Sink Sink
	// Required makes requests fail when their record can't be kept: no place
	// in the queue, or a sink that fails. Otherwise such records are counted as
	// lost and requests go on.
	Required bool
	// Statements says how query texts appear.
	Statements Statements
	// Queue is the number of records under way (10,000).
	Queue int
	// Patience is how long a request waits for a place in the queue (1 s).
	Patience time.Duration
	// Retry is the wait before a failed write is tried again with Required
	// (200 ms); it doubles up to 5 s.
	Retry time.Duration
	// Observe receives observe.AuditLost and AuditState; nil discards them.
	Observe observe.Sink
}

// Log is an audit trail.
type Log struct {
	cfg Config
	// places has one element for each record that is promised or queued, and
	// queue has room for all of them, so that a promised record never waits.
	places chan struct{}
	queue  chan queued
	stop   chan struct{} // closed by Close: stop retrying
	done   chan struct{} // closed when the writer has ended
	down   atomic.Bool

	mu     sync.RWMutex // held for reading while entering the queue
	closed bool
}

type queued struct {
	record   Record
	promised bool
}

// New starts a log. Close ends it.
func New(cfg Config) (*Log, error) {
	if cfg.Sink == nil {
		return nil, gwerr.New(gwerr.Config, "The audit log has nowhere to write to.", "Choose stdout, file or syslog.")
	}
	switch cfg.Statements {
	case Redacted, Verbatim, Hashed, Omitted:
	default:
		return nil, gwerr.Newf(gwerr.Config, "Statements can't appear as %q in the audit log; use text, hash or none, or nothing for redacted texts.", cfg.Statements)
	}
	if cfg.Queue <= 0 {
		cfg.Queue = 10_000
	}
	if cfg.Patience <= 0 {
		cfg.Patience = time.Second
	}
	if cfg.Retry <= 0 {
		cfg.Retry = 200 * time.Millisecond
	}
	cfg.Observe = cmp.Or(cfg.Observe, observe.Discard)
	l := &Log{
		cfg: cfg, places: make(chan struct{}, cfg.Queue), queue: make(chan queued, cfg.Queue),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go l.write()
	return l, nil
}

// Entry is a promise to keep one record.
type Entry struct {
	log      *Log
	promised bool
	once     sync.Once
}

// Begin takes a place in the queue for a record, before the work that it is
// about. The error is gwerr.Busy when the trail is required and no record can
// be kept, so that nothing happens without one. Finish must follow.
func (l *Log) Begin(ctx context.Context) (*Entry, error) {
	if l.cfg.Required && l.down.Load() {
		return nil, l.refused()
	}
	select {
	case l.places <- struct{}{}:
		return &Entry{log: l, promised: true}, nil
	default:
	}
	timer := time.NewTimer(l.cfg.Patience)
	defer timer.Stop()
	select {
	case l.places <- struct{}{}:
		return &Entry{log: l, promised: true}, nil
	case <-ctx.Done():
		return nil, gwerr.From(ctx.Err())
	case <-timer.C:
	}
	if l.cfg.Required {
		return nil, l.refused()
	}
	return &Entry{log: l}, nil
}

func (l *Log) refused() error {
	return gwerr.New(gwerr.Busy, "The audit log can't be written, and requests are not answered without it.",
		"Try again later; the administrator finds the cause in the gateway's log.").After(5 * time.Second)
}

// Finish hands over the record. Only the first call counts.
func (e *Entry) Finish(ctx context.Context, r Record) {
	e.once.Do(func() {
		l := e.log
		l.mu.RLock()
		defer l.mu.RUnlock()
		if !e.promised || l.closed {
			l.lost(ctx, 1)
			return
		}
		r.RequestID = cmp.Or(r.RequestID, observe.RequestID(ctx))
		l.queue <- queued{record: r, promised: true}
	})
}

// Record keeps a record of something that has happened already. The error is
// as with Begin.
func (l *Log) Record(ctx context.Context, r Record) error {
	e, err := l.Begin(ctx)
	if err != nil {
		return err
	}
	e.Finish(ctx, r)
	return nil
}

// Healthy reports whether the last write succeeded, for /readyz.
func (l *Log) Healthy() bool { return !l.down.Load() }

// Close writes what is queued and closes the sink. When the context ends
// first, what is left is counted as lost.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	if first {
		close(l.queue)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		if first {
			close(l.stop)
		}
		return gwerr.From(ctx.Err())
	}
	if !first {
		return nil
	}
	return l.cfg.Sink.Close()
}

// write is the writer's goroutine. It ends after Close.
func (l *Log) write() {
	defer close(l.done)
	ctx := context.Background()
	for q := range l.queue {
		text, err := q.record.encode(l.cfg.Statements)
		if err == nil {
			err = l.deliver(ctx, text)
		}
		if err != nil {
			l.lost(ctx, 1)
		}
		<-l.places
	}
}

// deliver writes one line; when the trail is required it tries until it
// succeeds or the log is closed.
func (l *Log) deliver(ctx context.Context, text []byte) error {
	wait := l.cfg.Retry
	for {
		err := l.cfg.Sink.Write(text)
		l.health(ctx, err == nil)
		if err == nil || !l.cfg.Required {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			wait = min(2*wait, 5*time.Second)
		case <-l.stop:
			timer.Stop()
			return err
		}
	}
}

func (l *Log) health(ctx context.Context, up bool) {
	if l.down.Swap(!up) == up {
		l.cfg.Observe.Observe(ctx, observe.AuditState{Up: up})
	}
}

func (l *Log) lost(ctx context.Context, n int64) {
	l.cfg.Observe.Observe(ctx, observe.AuditLost{Records: n})
}
