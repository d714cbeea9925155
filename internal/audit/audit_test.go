package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
)

// sink keeps lines; it fails or stalls when told to.
type sink struct {
	mu     sync.Mutex
	lines  [][]byte
	err    error
	stall  chan struct{} // Write waits until it is closed; nil for not at all
	closed bool
}

func (s *sink) Write(line []byte) error {
	if s.stall != nil {
		<-s.stall
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.lines = append(s.lines, bytes.Clone(line))
	return nil
}

func (s *sink) Close() error { s.closed = true; return nil }

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

// events counts what the log reports.
type events struct {
	mu     sync.Mutex
	lost   int64
	states []bool
}

func (e *events) Observe(_ context.Context, ev observe.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch ev := ev.(type) {
	case observe.AuditLost:
		e.lost += ev.Records
	case observe.AuditState:
		e.states = append(e.states, ev.Up)
	}
}

func newLog(t *testing.T, cfg audit.Config) *audit.Log {
	t.Helper()
	l, err := audit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func query(statement string) audit.Record {
	return audit.Record{
		Action: "query", FrontEnd: "sql", Remote: "192.0.2.1", TraceID: "t1", Connection: "pingone",
		Principal: &auth.Principal{
			Name: "anna", Kind: auth.PassThrough, ID: "k1", Roles: []string{"reader"},
			Attributes: map[string]auth.Attribute{"email": auth.Text("anna@example.com")},
			Upstream:   auth.NewUpstreamToken([]byte("key"), tokens.NewSecret("s3cret")),
		},
		Language: audit.SQL, Statement: statement, Schemas: []string{"Administrators"}, Tables: []string{"Users"},
		Rows: 3, Calls: 2, Started: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC), Duration: 1500 * time.Microsecond,
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	s := &sink{}
	l := newLog(t, audit.Config{Sink: s})
	ctx := observe.WithRequestID(t.Context(), "r1")
	r := query("SELECT Id FROM Users WHERE Email = 'anna@example.com'\n\"outcome\":\"forged\"")
	if err := l.Record(ctx, r); err != nil {
		t.Fatal(err)
	}
	r.Err = gwerr.New(gwerr.Timeout, "The query about anna@example.com took too long.", "")
	r.Language = "other"
	if err := l.Record(ctx, r); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil || !s.closed {
		t.Fatal(err)
	}
	want := `{"time":"2026-01-02T03:04:05.678Z","action":"query","outcome":"ok","front_end":"sql",` +
		`"principal":{"name":"anna","kind":"pass_through","id":"k1","roles":["reader"]},"remote":"192.0.2.1","request_id":"r1","trace_id":"t1",` +
		`"connection":"pingone","language":"sql","statement":"SELECT Id FROM Users WHERE Email = ? \"outcome\":\"forged\"",` +
		`"schemas":["Administrators"],"tables":["Users"],"rows":3,"calls":2,"duration_ms":1.5}` + "\n"
	if got := string(s.lines[0]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	second := string(s.lines[1])
	if strings.Contains(second, "anna@example.com") || !strings.Contains(second, `"outcome":"timeout"`) || !strings.Contains(second, `"statement":"?"`) {
		t.Errorf("got %s", second)
	}
	for _, line := range s.lines {
		if bytes.Count(line, []byte("\n")) != 1 || bytes.Contains(line, []byte("s3cret")) || !json.Valid(line) {
			t.Errorf("bad line %s", line)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	statement := func(form audit.Statements, text string) string {
		s := &sink{}
		l := newLog(t, audit.Config{Sink: s, Statements: form})
		if err := l.Record(t.Context(), query(text)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		var line struct{ Statement string }
		if err := json.Unmarshal(s.lines[0], &line); err != nil {
			t.Fatal(err)
		}
		return line.Statement
	}
	if got := statement(audit.Omitted, "a = 'x'"); got != "" {
		t.Errorf("omitted: %q", got)
	}
	if got := statement(audit.Verbatim, "a = 'x'"); got != "a = 'x'" {
		t.Errorf("verbatim: %q", got)
	}
	x, y, z := statement(audit.Hashed, "a = 'x'"), statement(audit.Hashed, "a = 'y'"), statement(audit.Hashed, "b = 'x'")
	if x != y || x == z || len(x) != 32 {
		t.Errorf("hashes %q, %q and %q: equal shapes must be equal, others not", x, y, z)
	}
	if _, err := audit.New(audit.Config{Sink: &sink{}, Statements: "all"}); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("unknown form: %v", err)
	}
}

func TestVerbatimStatementsAreCut(t *testing.T) {
	t.Parallel()
	s := &sink{}
	l := newLog(t, audit.Config{Sink: s, Statements: audit.Verbatim})
	if err := l.Record(t.Context(), query("a = 'é"+strings.Repeat("é", 20_000))); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var line struct{ Statement string }
	if err := json.Unmarshal(s.lines[0], &line); err != nil || !strings.HasPrefix(line.Statement, "a = 'é") || len(line.Statement) > 8200 || strings.ContainsRune(line.Statement, '\ufffd') {
		t.Errorf("%d bytes, %v", len(line.Statement), err)
	}
}

func TestStalledSink(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, e := &sink{stall: make(chan struct{})}, &events{}
			l := newLog(t, audit.Config{Sink: s, Queue: 2, Patience: time.Second, Required: required, Observe: e})
			for range 2 {
				if err := l.Record(t.Context(), query("")); err != nil {
					t.Fatal(err)
				}
			}
			begun := time.Now()
			err := l.Record(t.Context(), query(""))
			if time.Since(begun) != time.Second {
				t.Errorf("waited %v", time.Since(begun))
			}
			if required && (!gwerr.Is(err, gwerr.Busy) || gwerr.From(err).RetryAfter == 0 || e.lost != 0) {
				t.Errorf("required: %v, %d lost", err, e.lost)
			}
			if !required && (err != nil || e.lost != 1) {
				t.Errorf("not required: %v, %d lost", err, e.lost)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := l.Begin(ctx); !gwerr.Is(err, gwerr.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			close(s.stall)
			if err := l.Close(t.Context()); err != nil || s.count() != 2 {
				t.Errorf("%d lines, %v", s.count(), err)
			}
		})
	}
}

func TestRequiredTrailRefusesWhileTheSinkFailsAndLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := &sink{err: errors.New("disk full")}, &events{}
		l := newLog(t, audit.Config{Sink: s, Required: true, Observe: e})
		if err := l.Record(t.Context(), query("first")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := l.Begin(t.Context()); !gwerr.Is(err, gwerr.Busy) || l.Healthy() {
			t.Errorf("while the sink fails: %v", err)
		}
		s.fail(nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if err := l.Record(t.Context(), query("second")); err != nil || !l.Healthy() {
			t.Errorf("after it recovered: %v", err)
		}
		if err := l.Close(t.Context()); err != nil || s.count() != 2 || e.lost != 0 {
			t.Errorf("%d lines, %d lost, %v", s.count(), e.lost, err)
		}
		if len(e.states) != 2 || e.states[0] || !e.states[1] {
			t.Errorf("states %v, want down and up", e.states)
		}
	})
}

func TestAFailingSinkIsCounted(t *testing.T) {
	t.Parallel()
	s, e := &sink{err: errors.New("disk full")}, &events{}
	l := newLog(t, audit.Config{Sink: s, Observe: e})
	for range 3 {
		if err := l.Record(t.Context(), query("")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(t.Context()); err != nil || e.lost != 3 {
		t.Errorf("%d lost, %v", e.lost, err)
	}
	if err := l.Record(t.Context(), query("late")); err != nil || e.lost != 4 {
		t.Errorf("after Close: %d lost, %v", e.lost, err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestCloseGivesUpInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := &sink{err: errors.New("disk full")}, &events{}
		l := newLog(t, audit.Config{Sink: s, Required: true, Observe: e})
		if err := l.Record(t.Context(), query("")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.Close(ctx); !gwerr.Is(err, gwerr.Timeout) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if e.lost != 1 {
			t.Errorf("%d lost", e.lost)
		}
	})
}

func TestFinishCountsOnce(t *testing.T) {
	t.Parallel()
	s := &sink{}
	l := newLog(t, audit.Config{Sink: s})
	e, err := l.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.Finish(t.Context(), query("a"))
	e.Finish(t.Context(), query("b"))
	if err := l.Close(t.Context()); err != nil || s.count() != 1 {
		t.Errorf("%d lines, %v", s.count(), err)
	}
	if _, err := audit.New(audit.Config{}); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("without a sink: %v", err)
	}
}
