package reading_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

var schema = arrow.NewSchema([]arrow.Field{{Name: "Id", Type: arrow.BinaryTypes.String}}, nil)

// table is a source of keys, in order, that streams batches of some rows.
type table struct {
	mu      sync.Mutex
	keys    []string
	batch   int
	cursors bool
	// refuse cursors, as a source may do after a while.
	refuse bool
	err    error

	opened, read, closed int
	contexts             []context.Context
}

func numbered(n, batch int, cursors bool) *table {
	t := &table{batch: batch, cursors: cursors}
	for i := range n {
		t.keys = append(t.keys, fmt.Sprintf("k%03d", i))
	}
	return t
}

func (t *table) open(ctx context.Context, s reading.Start) (reading.Stream, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened++
	t.contexts = append(t.contexts, ctx)
	st := &stream{table: t, keys: slices.Clone(t.keys)}
	if s.Cursor != "" {
		if t.refuse {
			st.err = gwerr.New(gwerr.BadContinuation, "The cursor is refused.", "")
		}
		st.at, _ = strconv.Atoi(s.Cursor)
	}
	return reading.Stream{Rows: st, Ordered: true, Path: "list"}, nil
}

// ends is the number of streams that were closed.
func (t *table) ends() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

func (t *table) target(caller string) reading.Target {
	return reading.Target{Scope: func() string { return caller + " reads" }, Caller: caller, Source: t, Key: []int{0}, Open: t.open}
}

type stream struct {
	table  *table
	keys   []string
	at     int
	err    error
	closed bool
}

func (s *stream) Schema() *arrow.Schema { return schema }

func (s *stream) Next(ctx context.Context) (scan.Batch, error) {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return scan.Batch{}, ctx.Err()
	case s.err != nil || s.table.err != nil:
		return scan.Batch{}, errors.Join(s.err, s.table.err)
	case s.at >= len(s.keys):
		return scan.Batch{}, io.EOF
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	to := min(s.at+s.table.batch, len(s.keys))
	for _, k := range s.keys[s.at:to] {
		b.Field(0).(*array.StringBuilder).Append(k)
	}
	s.table.read += to - s.at
	s.at = to
	out := scan.Batch{Record: b.NewRecordBatch()}
	if s.table.cursors && to < len(s.keys) {
		out.Cursor = strconv.Itoa(to)
	}
	return out, nil
}

func (s *stream) Close() {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.table.closed++
	}
}

// page reads one page to its end.
func page(s *reading.Store, t reading.Target, w reading.Want) (keys []string, next *reading.Place, err error) {
	p, err := s.Page(context.Background(), t, w)
	if err != nil {
		return nil, nil, err
	}
	defer p.Close()
	for {
		b, err := p.Next(context.Background())
		if errors.Is(err, io.EOF) {
			if place, ok := p.Rest(); ok {
				next = &place
			}
			return keys, next, nil
		}
		if err != nil {
			return keys, nil, err
		}
		for i := range int(b.Record.NumRows()) {
			keys = append(keys, b.Record.Column(0).ValueStr(i))
		}
		b.Record.Release()
	}
}

func mustPage(t *testing.T, s *reading.Store, of reading.Target, w reading.Want) ([]string, *reading.Place) {
	t.Helper()
	keys, next, err := page(s, of, w)
	if err != nil {
		t.Fatal(err)
	}
	return keys, next
}

// all follows the places; store gives the store that answers a page.
func all(t *testing.T, of reading.Target, size int64, store func(page int) *reading.Store) (keys []string, pages int) {
	t.Helper()
	w := reading.Want{Rows: size, Ending: reading.Linked}
	for {
		got, next := mustPage(t, store(pages), of, w)
		if pages++; len(got) == 0 || int64(len(got)) > size {
			t.Fatalf("page %d has %d rows", pages, len(got))
		}
		keys = append(keys, got...)
		if next == nil {
			return keys, pages
		}
		w.From = next
	}
}

func newStore(t *testing.T, o reading.Options) *reading.Store {
	t.Helper()
	s := reading.NewStore(o)
	t.Cleanup(s.Close)
	return s
}

func TestPagesJoinToTheWhole(t *testing.T) {
	t.Parallel()
	const rows = 23
	for _, size := range []int64{1, 3, 4, 7, 22, 23, 24} {
		for _, batch := range []int{1, 4, 7, 100} {
			for _, cursors := range []bool{false, true} {
				t.Run(fmt.Sprintf("pages of %d, batches of %d, cursors %v", size, batch, cursors), func(t *testing.T) {
					t.Parallel()
					want := numbered(rows, 1, false).keys
					pages := int((rows + size - 1) / size)

					one, of := newStore(t, reading.Options{}), numbered(rows, batch, cursors)
					got, n := all(t, of.target("ann"), size, func(int) *reading.Store { return one })
					if !slices.Equal(got, want) || n != pages || of.opened != 1 || of.read != rows {
						t.Errorf("one store: %v on %d pages, %d streams, %d rows read", got, n, of.opened, of.read)
					}

					two := [2]*reading.Store{newStore(t, reading.Options{}), newStore(t, reading.Options{})}
					of = numbered(rows, batch, cursors)
					got, n = all(t, of.target("ann"), size, func(page int) *reading.Store { return two[page%2] })
					if !slices.Equal(got, want) || n != pages {
						t.Errorf("two stores: %v on %d pages", got, n)
					}
					if !cursors && (of.opened > 2 || of.read > 2*rows) {
						t.Errorf("two stores: %d streams, %d rows read", of.opened, of.read)
					}

					of = numbered(rows, batch, cursors)
					of.refuse = size%2 == 0
					got, n = all(t, of.target("ann"), size, func(int) *reading.Store { return newStore(t, reading.Options{}) })
					if !slices.Equal(got, want) || n != pages {
						t.Errorf("no store: %v on %d pages", got, n)
					}
				})
			}
		}
	}
}

// Rows that come and go between two pages change nothing about the others.
func TestAnotherReadingGoesOnBehindTheRowsSent(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		cursors bool
		change  func(keys []string) []string
		want    string
	}{
		{"unchanged", false, func(k []string) []string { return k }, "k006 k007 k008 k009"},
		{"unchanged, by cursor", true, func(k []string) []string { return k }, "k006 k007 k008 k009"},
		{"the last row sent is deleted", false, without("k005"), "k006 k007 k008 k009"},
		{"three of the last four are deleted", false, without("k002", "k004", "k005"), "k006 k007 k008 k009"},
		{"deleted, by cursor", true, without("k004"), "k006 k007 k008 k009"},
		{"rows at the beginning are deleted", false, without("k000", "k001"), "k006 k007 k008 k009"},
		{"a row comes first", false, func(k []string) []string { return append([]string{"new"}, k...) }, "k006 k007 k008 k009"},
		{"a row comes among the last", false, func(k []string) []string { return slices.Insert(slices.Clone(k), 4, "new") }, "new k006 k007 k008 k009"},
		{"the following row is deleted", false, without("k006"), "k007 k008 k009"},
		{"nothing follows any more", false, without("k006", "k007", "k008", "k009"), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			of := numbered(10, 4, c.cursors)
			_, next := mustPage(t, newStore(t, reading.Options{}), of.target("ann"), reading.Want{Rows: 6, Ending: reading.Linked})
			of.keys = c.change(of.keys)
			got, _ := mustPage(t, newStore(t, reading.Options{}), of.target("ann"), reading.Want{From: next})
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func without(gone ...string) func([]string) []string {
	return func(keys []string) []string {
		return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return slices.Contains(gone, k) })
	}
}

func TestPlaceThatIsGone(t *testing.T) {
	t.Parallel()
	of := numbered(10, 4, false)
	_, next := mustPage(t, newStore(t, reading.Options{}), of.target("ann"), reading.Want{Rows: 6, Ending: reading.Linked})
	of.keys = without("k002", "k003", "k004", "k005")(of.keys)
	if _, _, err := page(newStore(t, reading.Options{}), of.target("ann"), reading.Want{From: next}); !gwerr.Is(err, gwerr.BadContinuation) {
		t.Errorf("error %v", err)
	}
	if of.closed != of.opened-1 { // the first one is parked
		t.Errorf("%d of %d streams are closed", of.closed, of.opened)
	}
}

// Without a key, a place is a number of rows.
func TestRowsWithoutKey(t *testing.T) {
	t.Parallel()
	of := numbered(10, 4, false)
	target := of.target("ann")
	target.Key = nil
	stores := [2]*reading.Store{newStore(t, reading.Options{}), newStore(t, reading.Options{})}
	if got, _ := all(t, target, 3, func(page int) *reading.Store { return stores[page/2%2] }); !slices.Equal(got, of.keys) {
		t.Errorf("got %v", got)
	}
}

func TestSkipping(t *testing.T) {
	t.Parallel()
	of, s := numbered(10, 4, true), newStore(t, reading.Options{})
	var got []string
	for skip := int64(2); skip < 12; skip += 3 {
		keys, next := mustPage(t, s, of.target("ann"), reading.Want{Skip: skip, Rows: 3, Ending: reading.Skipped})
		if got = append(got, keys...); next != nil {
			t.Errorf("a place at %d", skip)
		}
	}
	if !slices.Equal(got, of.keys[2:]) || of.opened != 1 {
		t.Errorf("got %v by %d streams", got, of.opened)
	}
	if again, _ := mustPage(t, s, of.target("ann"), reading.Want{Skip: 5, Rows: 3, Ending: reading.Skipped}); !slices.Equal(again, of.keys[5:8]) || of.opened != 2 {
		t.Errorf("again: %v by %d streams", again, of.opened)
	}
}

func TestOptionalPage(t *testing.T) {
	t.Parallel()
	of := numbered(10, 4, false)
	target := of.target("ann")
	target.Open = func(ctx context.Context, s reading.Start) (reading.Stream, error) {
		st, err := of.open(ctx, s)
		st.Ordered = false
		return st, err
	}
	got, next := mustPage(t, newStore(t, reading.Options{}), target, reading.Want{Rows: 3, Ending: reading.Linked, Optional: true})
	if len(got) != 10 || next != nil {
		t.Errorf("got %v, %v", got, next)
	}
}

// A page that is asked for again doesn't get the stream that has passed it, and
// a caller never gets another's.
func TestWhoGetsTheStream(t *testing.T) {
	t.Parallel()
	of, s := numbered(10, 3, false), newStore(t, reading.Options{})
	_, second := mustPage(t, s, of.target("ann"), reading.Want{Rows: 2, Ending: reading.Linked})
	for i := range 3 {
		got, _ := mustPage(t, s, of.target("ann"), reading.Want{From: second, Rows: 2, Ending: reading.Linked})
		if !slices.Equal(got, of.keys[2:4]) || of.opened != i+1 {
			t.Errorf("try %d: %v by %d streams", i, got, of.opened)
		}
	}
	if got, _ := mustPage(t, s, of.target("bob"), reading.Want{From: second, Rows: 2}); !slices.Equal(got, of.keys[2:4]) || of.opened != 4 {
		t.Errorf("bob: %v by %d streams", got, of.opened)
	}
	if s.Len() != 1 {
		t.Errorf("%d are parked", s.Len())
	}
}
