//go:build duckdb_arrow

package worker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGivenUp: the word that a request is to be given up may come before it, or
// when it is over; it is for that one alone.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(w *worker)
		ends []bool // of the requests 1, 2 and 3
	}{
		"before it comes":      {func(w *worker) { w.giveUp(2) }, []bool{false, true, false}},
		"while it is at work":  {func(w *worker) { w.begin(1); w.giveUp(1) }, []bool{true, false, false}},
		"when another follows": {func(w *worker) { w.begin(1); w.begin(2); w.giveUp(1) }, []bool{true, false, false}},
		"before any":           {func(w *worker) { w.giveUp(0) }, []bool{false, false, false}},
		"two of them":          {func(w *worker) { w.giveUp(1); w.begin(1); w.giveUp(3) }, []bool{false, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &worker{}
			c.do(w)
			for i, want := range c.ends {
				ctx, cancel := w.begin(uint32(i + 1))
				assert.Equal(t, want, ctx.Err() != nil, "request %d", i+1)
				cancel()
			}
		})
	}
}
