package scan_test

import (
	"context"
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func TestEachHandsOnRecordsAndReleasesThem(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	ended, end := context.WithCancel(context.Background())
	end()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		failAt int // record that use fails at, from 1; 0: none
		want   error
		used   int
	}{
		{"all", context.Background(), 0, nil, 3},
		{"use fails", context.Background(), 2, broken, 2},
		{"the stream fails", ended, 0, context.Canceled, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := memory.NewCheckedAllocator(memory.NewGoAllocator())
			batches := make([]scan.Batch, 3)
			for i := range batches {
				b := array.NewInt64Builder(pool)
				b.Append(int64(i))
				column := b.NewArray()
				schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
				batches[i].Record = array.NewRecordBatch(schema, []arrow.Array{column}, 1)
				column.Release()
			}
			used := 0
			err := scan.Each(c.ctx, scan.Of(batches...), func(rec arrow.RecordBatch) error {
				numbers, ok := rec.Column(0).(*array.Int64)
				require.True(t, ok)
				assert.EqualValues(t, used, numbers.Value(0))
				if used++; used == c.failAt {
					return broken
				}
				return nil
			})
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, c.used, used)
			pool.AssertSize(t, 0)
		})
	}
}
