package scan_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// shelf reads answers and counts how often.
type shelf struct {
	mu    sync.Mutex
	reads int
	size  int
	err   error
}

func (s *shelf) read() (string, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return "answer", s.size, s.err
}

func TestOnce(t *testing.T) {
	t.Parallel()
	failed := errors.New("refused")
	for name, c := range map[string]struct {
		plain bool // no memo
		fresh bool
		size  int
		err   error
		names []string
		reads int
	}{
		"the same twice":      {size: 9, names: []string{"a", "a"}, reads: 1},
		"two":                 {size: 9, names: []string{"a", "b", "a", "b"}, reads: 2},
		"too large":           {size: 5 << 20, names: []string{"a", "a"}, reads: 2},
		"room for one":        {size: 3 << 20, names: []string{"a", "b", "a", "b"}, reads: 3},
		"failed":              {err: failed, names: []string{"a", "a"}, reads: 2},
		"for a second look":   {fresh: true, names: []string{"a", "a"}, reads: 2},
		"outside of requests": {plain: true, names: []string{"a", "a"}, reads: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, s := t.Context(), &shelf{size: c.size, err: c.err}
			if !c.plain {
				ctx = scan.WithMemo(ctx)
			}
			if c.fresh {
				ctx = scan.Fresh(ctx)
			}
			for _, n := range c.names {
				if got, _, err := scan.Once(ctx, n, s.read); got != "answer" || !errors.Is(err, c.err) {
					t.Errorf("%s: %q, %v", n, got, err)
				}
			}
			if s.reads != c.reads {
				t.Errorf("read %d times, want %d", s.reads, c.reads)
			}
		})
	}
}

func TestOnceSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := scan.WithMemo(t.Context())
		gate, reads := make(chan struct{}), 0
		var shared int
		var mu sync.Mutex
		for range 5 {
			go func() {
				_, s, err := scan.Once(ctx, "a", func() (int, int, error) {
					reads++
					<-gate
					return 1, 1, nil
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if s {
					shared++
				}
			}()
		}
		ended, stop := context.WithCancel(ctx)
		synctest.Wait()
		stop()
		if _, _, err := scan.Once(ended, "a", func() (int, int, error) { return 0, 0, nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("one that is given up waits on: %v", err)
		}
		close(gate)
		synctest.Wait()
		if reads != 1 || shared != 4 {
			t.Errorf("%d reads, %d shared", reads, shared)
		}
	})
}
