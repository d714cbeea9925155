package safely

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Group is an errgroup.Group whose functions may panic: that is the group's
// error then, as Do returns it.
type Group struct {
	group  *errgroup.Group
	ctx    context.Context
	cancel context.CancelFunc
	sink   observe.Sink
	where  observe.Place
	// exited says that a function left by runtime.Goexit, so that its work is
	// not done though it returned no error.
	exited atomic.Bool
}

// NewGroup returns a group, and a context that ends with the first error or
// with Wait.
func NewGroup(ctx context.Context, sink observe.Sink, where observe.Place) (*Group, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	group, inner := errgroup.WithContext(ctx)
	return &Group{group: group, ctx: ctx, cancel: cancel, sink: sink, where: where}, inner
}

// SetLimit bounds the functions that run at once; call it before Go.
func (g *Group) SetLimit(n int) { g.group.SetLimit(n) }

// Go runs f in a goroutine, once there is room.
func (g *Group) Go(f func() error) {
	g.group.Go(func() error {
		returned := false
		defer func() {
			if !returned {
				g.exited.Store(true)
				g.cancel()
			}
		}()
		err := Do(g.ctx, g.sink, g.where, f)
		returned = true
		return err
	})
}

// Wait returns once all functions have ended, with the first error.
func (g *Group) Wait() error {
	defer g.cancel()
	err := g.group.Wait()
	if g.exited.Load() && err == nil {
		err = gwerr.New(gwerr.Internal, "A part of the work ended early.", "")
	}
	return err
}
