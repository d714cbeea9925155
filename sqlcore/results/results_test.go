package results_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/results"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

var began = time.Unix(1_700_000_000, 0)

// meter adds up what a store says of its size.
type meter struct {
	mu    sync.Mutex
	bytes int64
}

func (m *meter) Observe(_ context.Context, e observe.Event) {
	if b, ok := e.(observe.ResultBytes); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.bytes += b.Delta
	}
}

// source gives batches of a text each, then fails with err if there is one.
type source struct {
	texts []string
	err   error
}

func batchOf(text string) arrow.RecordBatch {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(text)
	return array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "A", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{b.NewArray()}, 1)
}

func (*source) Schema() *arrow.Schema { return batchOf("").Schema() }
func (*source) Close()                {}

func (s *source) Next(context.Context) (scan.Batch, error) {
	switch {
	case len(s.texts) > 0:
		b := batchOf(s.texts[0])
		s.texts = s.texts[1:]
		return scan.Batch{Record: b}, nil
	case s.err != nil:
		return scan.Batch{}, s.err
	}
	return scan.Batch{}, io.EOF
}

// read reads so many batches, or all with -1.
func read(t *testing.T, rows scan.Rows, most int) (texts []string, err error) {
	t.Helper()
	defer rows.Close()
	for most < 0 || len(texts) < most {
		b, err := rows.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return texts, nil
		}
		if err != nil {
			return texts, err
		}
		texts = append(texts, strings.Clone(b.Record.Column(0).ValueStr(0)))
		b.Record.Release()
	}
	return texts, nil
}

func none() []string { return nil }

func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	for name, c := range map[string]struct {
		rows *source
		read int // batches, -1 for all
		kept bool
	}{
		"a whole result":     {&source{texts: []string{"a", "b"}}, -1, true},
		"one without rows":   {&source{}, -1, true},
		"a part of one":      {&source{texts: []string{"a", "b"}}, 1, false},
		"all but its end":    {&source{texts: []string{"a", "b"}}, 2, false},
		"one that failed":    {&source{texts: []string{"a"}, err: errors.New("lost")}, -1, false},
		"one too large":      {&source{texts: []string{long, long}}, -1, false},
		"as large as may be": {&source{texts: []string{long}}, -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m meter
			s := results.New(4*4000, &m)
			want := append([]string(nil), c.rows.texts...)
			_, _ = read(t, s.Keep(c.rows, results.Target{Key: "k"}, began, func() []string { return []string{"note"} }), c.read)
			found, ok := s.Find(t.Context(), "k", began)
			require.Equal(t, c.kept, ok)
			if !ok {
				assert.Zero(t, m.bytes, "nothing is counted that is not there")
				return
			}
			assert.Equal(t, []string{"note"}, found.Notes)
			for range 2 {
				got, err := read(t, found.Rows(), -1)
				require.NoError(t, err)
				assert.Equal(t, want, got)
			}
		})
	}
}

func TestWhatIsFound(t *testing.T) {
	t.Parallel()
	s := results.New(1<<20, observe.Discard)
	_, err := read(t, s.Keep(&source{texts: []string{"a"}}, results.Target{Key: "k", Group: "g"}, began, none), -1)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		key   string
		since time.Time
		found bool
	}{
		"as old as may be": {"k", began, true},
		"too old":          {"k", began.Add(time.Nanosecond), false},
		"another one":      {"K", began, false},
	} {
		_, ok := s.Find(t.Context(), c.key, c.since)
		assert.Equal(t, c.found, ok, name)
	}
	s.Forget("other")
	_, ok := s.Find(t.Context(), "k", began)
	assert.True(t, ok)
	s.Forget("g")
	_, ok = s.Find(t.Context(), "k", began)
	assert.False(t, ok, "forgotten")
}

// What was being read when its group was forgotten may be older than the change.
func TestWhatIsReadDuringAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	var m meter
	s := results.New(1<<20, &m)
	for name, forget := range map[string]int{"before its first row": 0, "among its rows": 1, "before its end": 2} {
		rows := s.Keep(&source{texts: []string{"a", "b"}}, results.Target{Key: "k", Group: "g"}, began, none)
		for i := range 3 {
			if i == forget {
				s.Forget("g")
			}
			b, err := rows.Next(t.Context())
			if err == nil {
				b.Record.Release()
			}
		}
		rows.Close()
		_, ok := s.Find(t.Context(), "k", began)
		assert.False(t, ok, name)
	}
	assert.Zero(t, m.bytes)
}

func TestTheLastUsedStay(t *testing.T) {
	t.Parallel()
	var m meter
	s := results.New(10_000, &m)
	text := strings.Repeat("x", 2000) // four of them fit
	for _, key := range []string{"a", "b", "c", "d"} {
		_, err := read(t, s.Keep(&source{texts: []string{text}}, results.Target{Key: key}, began, none), -1)
		require.NoError(t, err)
	}
	_, ok := s.Find(t.Context(), "a", began)
	require.True(t, ok)
	_, err := read(t, s.Keep(&source{texts: []string{text}}, results.Target{Key: "e"}, began, none), -1)
	require.NoError(t, err)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true, "e": true} {
		_, ok := s.Find(t.Context(), key, began)
		assert.Equal(t, want, ok, key)
	}
	assert.LessOrEqual(t, m.bytes, int64(10_000))
}

func TestAnEmptyStoreKeepsNothing(t *testing.T) {
	t.Parallel()
	s := results.New(0, observe.Discard)
	got, err := read(t, s.Keep(&source{texts: []string{"a"}}, results.Target{Key: "k"}, began, none), -1)
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, got)
	_, ok := s.Find(t.Context(), "k", began)
	assert.False(t, ok)
}
