package safely_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// seen keeps the panics observed.
type seen struct {
	mu     sync.Mutex
	panics []observe.PanicRecovered
}

func (s *seen) Observe(_ context.Context, e observe.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := e.(observe.PanicRecovered); ok {
		s.panics = append(s.panics, p)
	}
}

func explode() error {
	none := []error{}
	return none[len(none)]
}

func TestDo(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	cases := []struct {
		name  string
		f     func() error
		check func(t *testing.T, err error)
		value string // of the event; "" for none
	}{
		{"no error", func() error { return nil }, func(t *testing.T, err error) { assert.NoError(t, err) }, ""},
		{"an error", func() error { return own }, func(t *testing.T, err error) { assert.Equal(t, own, err) }, ""},
		{"a panic of the runtime", explode, internal, "index out of range"},
		{"a panic with a text", func() error { panic("secret of a caller") }, internal, "value of type string"},
		{"a panic with nil", func() error { panic(nil) }, internal, "panic called with nil argument"},
		{"an answer broken off", func() error { panic(http.ErrAbortHandler) }, func(t *testing.T, err error) {
			require.ErrorIs(t, err, http.ErrAbortHandler)
			assert.True(t, gwerr.Is(err, gwerr.Canceled))
		}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s seen
			c.check(t, safely.Do(t.Context(), &s, observe.InScan, c.f))
			if c.value == "" {
				assert.Empty(t, s.panics)
				return
			}
			require.Len(t, s.panics, 1)
			p := s.panics[0]
			assert.Equal(t, observe.InScan, p.Where)
			assert.Contains(t, p.Value, c.value)
			assert.NotContains(t, p.Value, "secret")
			assert.Contains(t, p.Stack, "safely_test")
		})
	}
}

func internal(t *testing.T, err error) {
	t.Helper()
	assert.True(t, gwerr.Is(err, gwerr.Internal), "%v", err)
	for _, private := range []string{"secret", ".go", "goroutine", "index"} {
		assert.NotContains(t, err.Error(), private)
	}
}

func TestDoLetsGoexitThrough(t *testing.T) {
	t.Parallel()
	var s seen
	returned, ended := false, make(chan struct{})
	go func() {
		defer close(ended)
		_ = safely.Do(t.Context(), &s, observe.InScan, func() error { runtime.Goexit(); return nil })
		returned = true
	}()
	<-ended
	assert.False(t, returned)
	assert.Empty(t, s.panics)
}

func TestGroup(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		f     func() error
		fails bool
	}{
		{"work", func() error { return nil }, false},
		{"an error", func() error { return gwerr.New(gwerr.Internal, "x", "") }, true},
		{"a panic", explode, true},
		{"Goexit", func() error { runtime.Goexit(); return nil }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s seen
			g, ctx := safely.NewGroup(t.Context(), &s, observe.InCount)
			g.SetLimit(2)
			if c.fails { // the others are told, and waited for
				g.Go(func() error { <-ctx.Done(); return nil })
			}
			g.Go(c.f)
			err := g.Wait()
			if !c.fails {
				assert.NoError(t, err)
				return
			}
			assert.True(t, gwerr.Is(err, gwerr.Internal), "%v", err)
			assert.Error(t, ctx.Err())
		})
	}
}
