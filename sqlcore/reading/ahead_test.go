package reading_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// counted reads a page of three rows, and counts those behind it.
func counted(t *testing.T, s *reading.Store, of reading.Target, w reading.Want) (keys []string, rest int64, next *reading.Place) {
	t.Helper()
	p, err := s.Page(context.Background(), of, w)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for {
		b, err := p.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(b.Record.NumRows()) {
			keys = append(keys, b.Record.Column(0).ValueStr(i))
		}
		b.Record.Release()
	}
	more := p.More()
	if rest, err = p.CountRest(context.Background()); err != nil {
		t.Fatal(err)
	}
	if place, ok := p.Rest(); ok {
		next = &place
	}
	if more != (rest > 0) || more != (next != nil) {
		t.Errorf("more %v, %d behind the page, next %v", more, rest, next)
	}
	return keys, rest, next
}

// TestCountRest: what is read to be counted answers the pages to come, unless it is too
// large to wait; each row comes once in either case.
func TestCountRest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		ahead   int64
		cursors bool
		opened  int
		read    int // rows that the source gave
	}{
		{"there is room", 0, false, 1, 20},
		{"no room, and a cursor", 1, true, 2, 20 + 18},
		{"no room, and no cursor", 1, false, 2, 20 + 20},
		{"room for some", 100, true, 2, 20 + 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, from := newStore(t, reading.Options{Ahead: c.ahead}), numbered(20, 2, c.cursors)
			keys, rest, next := counted(t, s, from.target("ann"), reading.Want{Rows: 3, Ending: reading.Linked})
			if len(keys) != 3 || rest != 17 || from.read != 20 {
				t.Fatalf("%v, %d behind them, %d read", keys, rest, from.read)
			}
			for next != nil {
				var more []string
				more, next = mustPage(t, s, from.target("ann"), reading.Want{From: next, Rows: 4, Ending: reading.Linked})
				keys = append(keys, more...)
			}
			if !slices.Equal(keys, from.keys) || from.opened != c.opened || from.read != c.read || from.ends() != c.opened {
				t.Errorf("%d streams, %d closed, gave %d rows: %v", from.opened, from.ends(), from.read, keys)
			}
		})
	}
}

// TestCountRestOfTheLastPage: nothing is behind it, and nothing is read.
func TestCountRestOfTheLastPage(t *testing.T) {
	t.Parallel()
	s, from := newStore(t, reading.Options{}), numbered(3, 2, true)
	if keys, rest, next := counted(t, s, from.target("ann"), reading.Want{Rows: 3, Ending: reading.Linked}); len(keys) != 3 || rest != 0 || next != nil {
		t.Errorf("%v, %d behind them, next %v", keys, rest, next)
	}
}

// TestRoomIsGivenBack: rows that wait take room until their reading ends.
func TestRoomIsGivenBack(t *testing.T) {
	t.Parallel()
	s, from := newStore(t, reading.Options{Ahead: 1 << 10, PerCaller: 1}), numbered(20, 2, false)
	for i := range 20 {
		// The reading before is crowded out by this one.
		_, _, next := counted(t, s, from.target("ann"), reading.Want{Rows: 3, Ending: reading.Linked})
		if next == nil || next.ID == "" {
			t.Fatalf("the rows of reading %d don't wait: %+v", i, next)
		}
	}
	s.Drop(from)
	if _, _, next := counted(t, s, from.target("ann"), reading.Want{Rows: 3, Ending: reading.Linked}); next == nil || next.ID == "" {
		t.Errorf("no room was given back: %+v", next)
	}
}

// TestCountRestThatFails tells the error and leaves nothing open.
func TestCountRestThatFails(t *testing.T) {
	t.Parallel()
	s, from := newStore(t, reading.Options{}), numbered(9, 2, false)
	p, err := s.Page(context.Background(), from.target("ann"), reading.Want{Rows: 2, Ending: reading.Linked})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = p.Next(context.Background())
	}
	from.err = errors.New("the source broke")
	if _, err := p.CountRest(context.Background()); !errors.Is(err, from.err) {
		t.Errorf("%v", err)
	}
	if p.Close(); from.ends() != 1 || s.Len() != 0 {
		t.Errorf("%d closed, %d parked", from.ends(), s.Len())
	}
}
