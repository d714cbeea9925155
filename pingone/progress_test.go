package pingone

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// What is told adds up, and is told once in so many parents.
func TestProgressOfAFanOut(t *testing.T) {
	t.Parallel()
	var told []observe.FanOut
	p := &progress{table: "Rows", parent: "Parents", sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
		f, _ := e.(observe.FanOut)
		told = append(told, f)
	})}
	p.foundMore(t.Context(), 400)
	for range 249 {
		p.readMore(t.Context(), 1)
	}
	p.foundMore(t.Context(), 200)
	p.readMore(t.Context(), 1)
	p.readMore(t.Context(), 50)
	p.end(t.Context())
	assert.Equal(t, []observe.FanOut{
		{Table: "Rows", Parent: "Parents", Found: 400, NewlyFound: 400},
		{Table: "Rows", Parent: "Parents", Found: 600, Read: 249, NewlyFound: 200, NewlyRead: 249},
		{Table: "Rows", Parent: "Parents", Found: 600, Read: 250, NewlyRead: 1},
		{Table: "Rows", Parent: "Parents", Found: 600, Read: 300, NewlyRead: 50, Ended: true},
	}, told)
}
