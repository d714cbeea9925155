package pool_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/pool"
)

// door is something that can be open.
type door struct{ opened, closed atomic.Int32 }

func (d *door) open() (*door, func(), error) {
	d.opened.Add(1)
	return d, func() { d.closed.Add(1) }, nil
}

func TestEvictedItemClosesAfterItsLastUser(t *testing.T) {
	t.Parallel()
	p := pool.New[*door](1)
	var a, b door
	item, first, err := p.Use("a", a.open)
	require.NoError(t, err)
	second, ok := item.Use() // as a reading that outlives its request
	require.True(t, ok)
	_, other, err := p.Use("b", b.open) // takes the only place
	require.NoError(t, err)
	defer other()
	first()
	first()
	assert.Zero(t, a.closed.Load(), "closed under its second user")
	third, ok := item.Use()
	require.True(t, ok, "who uses it may go on doing so")
	second()
	assert.Zero(t, a.closed.Load())
	third()
	assert.EqualValues(t, 1, a.closed.Load())
	_, ok = item.Use()
	assert.False(t, ok, "it is closed")
}

func TestReplacedItem(t *testing.T) {
	t.Parallel()
	p := pool.New[string](3)
	var closed []string
	closing := func(name string) func() { return func() { closed = append(closed, name) } }
	require.NoError(t, p.Put("k", "idle", closing("idle")))
	require.NoError(t, p.Put("k", "used", closing("used")))
	assert.Equal(t, []string{"idle"}, closed)
	item, ok := p.Peek("k")
	require.True(t, ok)
	release, _ := item.Use()
	require.NoError(t, p.Put("k", "new", closing("new")))
	assert.Equal(t, []string{"idle"}, closed)
	release()
	assert.Equal(t, []string{"idle", "used"}, closed)
	assert.Equal(t, []string{"k"}, p.Keys())
}

func TestCloseEndsAll(t *testing.T) {
	t.Parallel()
	p := pool.New[*door](1)
	var a, b, late door
	_, release, err := p.Use("a", a.open)
	require.NoError(t, err)
	_, _, err = p.Use("b", b.open)
	require.NoError(t, err)
	p.Close()
	assert.EqualValues(t, 1, a.closed.Load(), "one that left the pool and is still used")
	assert.EqualValues(t, 1, b.closed.Load())
	release()
	assert.EqualValues(t, 1, a.closed.Load(), "closed twice")
	_, _, err = p.Use("late", late.open)
	require.ErrorIs(t, err, pool.ErrClosed)
	assert.Equal(t, late.opened.Load(), late.closed.Load())
}

func TestFailedOpeningIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := pool.New[*door](1)
	broken := errors.New("broken")
	_, _, err := p.Use("a", func() (*door, func(), error) { return nil, nil, broken })
	require.ErrorIs(t, err, broken)
	var a door
	_, release, err := p.Use("a", a.open)
	require.NoError(t, err)
	release()
}

// While one key's item opens or closes, others are served.
func TestNoLockWhileOpeningAndClosing(t *testing.T) {
	t.Parallel()
	p := pool.New[*door](2)
	entered, leave, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, release, err := p.Use("slow", func() (*door, func(), error) {
			close(entered)
			<-leave
			return &door{}, func() {}, nil
		})
		assert.NoError(t, err)
		release()
	}()
	<-entered
	var quick door
	_, release, err := p.Use("quick", func() (*door, func(), error) {
		d, _, err := quick.open()
		return d, func() { // whoever asks while it closes is served
			_, again, err := p.Use("third", (&door{}).open)
			if err == nil {
				again()
			} else {
				t.Error(err)
			}
		}, err
	})
	require.NoError(t, err)
	require.NoError(t, p.Put("quick", &door{}, func() {}))
	release()
	close(leave)
	<-done
	p.Close()
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	p := pool.New[*door](3)
	var open atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range 200 {
				item, release, err := p.Use(fmt.Sprint(i%8), func() (*door, func(), error) {
					open.Add(1)
					d, closing, err := (&door{}).open()
					return d, func() { open.Add(-1); closing() }, err
				})
				if err != nil {
					t.Error(err)
					return
				}
				assert.Zero(t, item.Value.closed.Load(), "used while it is closed")
				release()
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 3, open.Load())
	p.Close()
	assert.Zero(t, open.Load())
}
