package observe_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/observe"
)

func TestRequestCollects(t *testing.T) {
	t.Parallel()
	ctx, r := observe.WithRequest(context.Background())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			observe.RequestOf(ctx).AddRows(2)
			observe.RequestOf(ctx).SetRoute("entity_set")
		})
	}
	wg.Wait()
	r.SetFrontEnd("odata")
	assert.Equal(t, int64(16), r.Rows())
	assert.Equal(t, "entity_set", r.Route())
	assert.Equal(t, "odata", r.FrontEnd())
}

func TestNoRequest(t *testing.T) {
	t.Parallel()
	r := observe.RequestOf(context.Background())
	assert.Nil(t, r)
	r.SetRoute("x")
	r.AddRows(1)
	assert.Empty(t, r.Route())
	assert.Zero(t, r.Rows())
}

func TestPerRequest(t *testing.T) {
	t.Parallel()
	var seen []observe.Event
	sink := observe.PerRequest(observe.SinkFunc(func(_ context.Context, e observe.Event) { seen = append(seen, e) }))
	finished := observe.RequestFinished{FrontEnd: "odata", Route: "entity_set", Rows: 3, Status: 200}
	ctx, r := observe.WithRequest(context.Background())
	sink.Observe(ctx, finished)
	sink.Observe(ctx, observe.TokenServed{})
	assert.Equal(t, []observe.Event{observe.TokenServed{}}, seen)
	assert.Equal(t, "entity_set", r.Route())
	assert.Equal(t, int64(3), r.Rows())
	sink.Observe(context.Background(), finished)
	assert.Len(t, seen, 2, "without a server it is reported")
}
