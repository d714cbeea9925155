//go:build duckdb_arrow

package duck

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/duck/pool"
)

// page is a batch of rows, numbered from first, with a text of the size in each.
func page(t *testing.T, first, rows, size int) arrow.RecordBatch {
	t.Helper()
	list := make([]string, rows)
	for i := range list {
		list[i] = fmt.Sprintf(`{"n": %d, "text": %q, "list": ["a", null], "on": %t}`, first+i, strings.Repeat("x", size), i%2 == 0)
		if i%3 == 0 {
			list[i] = fmt.Sprintf(`{"n": %d}`, first+i)
		}
	}
	s := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "list", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
		{Name: "on", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader("["+strings.Join(list, ",")+"]"))
	require.NoError(t, err)
	return rec
}

func newFeed() *feed {
	return &feed{r: &Result{lease: &pool.Lease{}}, room: make(chan struct{}, 1), work: make(chan struct{}, 1)}
}

// fillUp reads as many batches as may be read.
func (f *feed) fillUp(rec arrow.RecordBatch) {
	for f.mayRead() {
		f.ready = append(f.ready, rec)
		f.read++
		f.ahead += sizeOf(rec)
	}
}

// giveAll sends what is not kept back, and returns the batches of each frame.
func (f *feed) giveAll() (frames []int) {
	for {
		batches, size, err := f.group()
		if err != nil || len(batches) == 0 {
			return frames
		}
		f.sending(frame{len(batches), size})
		frames = append(frames, len(batches))
	}
}

// TestReadAhead takes one frame after the other: the first ones are read one by
// one, and more later, but never more than half of what was taken nor than the
// bounds.
func TestReadAhead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		rows, size int
		most, join int // batches ahead, and in a frame
	}{
		{"small pages", 200, 10, mostAhead, frameRows / 200},
		{"large pages", 200, 5000, fewAhead, 1},
		{"single rows", 1, 10, mostAhead, mostAhead},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, rec := newFeed(), page(t, 0, c.rows, c.size)
			f.fillUp(rec)
			assert.Zero(t, f.read, "read before anything is wanted")
			most, join := 0, 0
			for n := range 600 {
				require.True(t, f.wanted())
				f.fillUp(rec)
				frames := f.giveAll()
				require.GreaterOrEqual(t, f.sent, f.asked, "what is wanted is not sent")
				for _, batches := range frames {
					join = max(join, batches)
				}
				if n < 2 {
					assert.Equal(t, n+1, f.read)
				}
				require.LessOrEqual(t, f.read, f.taken+1+f.taken/2)
				most = max(most, f.read-f.taken)
			}
			assert.Equal(t, c.most, most)
			assert.LessOrEqual(t, join, c.join)
			assert.Greater(t, join, c.join/3)
		})
	}
}

// TestAskingTooMuch has a process ask for what it may not: what is not sent yet,
// and what is behind the end.
func TestAskingTooMuch(t *testing.T) {
	t.Parallel()
	f, rec := newFeed(), page(t, 0, 3, 1)
	require.True(t, f.wanted())
	assert.False(t, f.wanted(), "two at a time")
	f.fillUp(rec)
	assert.Equal(t, []int{1}, f.giveAll())
	require.True(t, f.wanted())
	f.err = io.EOF
	_, _, err := f.group()
	require.ErrorIs(t, err, io.EOF)
	f.sending(frame{})
	assert.False(t, f.wanted(), "behind the end")
}

// TestMergedBatches makes one batch of several, some of them parts of others: it
// has their rows in order, also in memory that was used before.
func TestMergedBatches(t *testing.T) {
	t.Parallel()
	whole := page(t, 0, 1000, 7)
	var buffers recycler
	for range 3 {
		parts := []arrow.RecordBatch{whole.NewSlice(0, 1), whole.NewSlice(1, 500), page(t, 500, 0, 7), whole.NewSlice(500, 1000)}
		got, err := merged(&buffers, parts)
		require.NoError(t, err)
		assert.True(t, array.RecordEqual(whole, got), "%v", got)
		got.Release()
		release(parts)
	}
	assert.NotEmpty(t, buffers.free)
}
