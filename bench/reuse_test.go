package main

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/query"
)

var _ memory.Allocator = (*reuse)(nil)

func TestMemoryServesAgain(t *testing.T) {
	t.Parallel()
	var r reuse
	first, other := r.Allocate(100), r.Allocate(100)
	require.Len(t, first, 100)
	assert.NotSame(t, &first[0], &other[0], "no piece serves two")
	r.Free(first)
	assert.Same(t, &first[0], &r.Allocate(65)[0])
	assert.NotSame(t, &first[0], &r.Allocate(65)[0])
	r.Free(nil)
	r.Free(make([]byte, 100)) // which is no power of two
	assert.Len(t, r.Allocate(64), 64)

	copy(other, "kept")
	for _, size := range []int{4, 128, 5000} {
		other = r.Reallocate(size, other)
		assert.Len(t, other, size)
		assert.Equal(t, "kept", string(other[:4]))
	}
	assert.Empty(t, r.Allocate(0))
}

// What a released batch has shown is no longer there, so nothing may keep it.
func TestReleasedBatchesGiveTheirMemoryBack(t *testing.T) {
	t.Parallel()
	rows := madePeople(3)
	stream := newPeopleStream(&query.Query{Accesses: []query.Access{{Columns: wholeColumns}}, Plain: &query.Plain{Project: wholeColumns}}, rows)
	batch, err := stream.Next(context.Background())
	require.NoError(t, err)
	column := batch.Record.Column(1)
	assert.Equal(t, rows[2].Username, column.ValueStr(2))
	buffer := column.Data().Buffers()[2]
	batch.Record.Retain()
	batch.Record.Release()
	assert.NotEmpty(t, buffer.Bytes(), "a batch that is kept")
	batch.Record.Release()
	assert.Empty(t, buffer.Bytes())
}
