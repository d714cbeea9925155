package pingone

import (
	"encoding/hex"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// maxRemembered bounds the rows that a scan remembers to tell repeated ones,
// some 100 MB.
const maxRemembered = 4 << 20

// distinct remembers the keys of rows. Keys that are UUIDs take 16 bytes.
type distinct struct {
	mu    sync.Mutex
	ids   map[[16]byte]struct{}
	other map[string]struct{}
	room  int
	full  bool
}

func newDistinct() *distinct {
	return &distinct{ids: map[[16]byte]struct{}{}, other: map[string]struct{}{}, room: maxRemembered}
}

// fresh gives the ranges of rows of a page, as pairs from and to, whose keys
// were not seen before, and the number of their rows. Once the memory is full
// every row counts as fresh.
func (d *distinct) fresh(p page, key []int) (ranges [][2]int, rows int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := -1
	for i := range p.rows {
		if d.add(p, key, i) {
			rows++
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			ranges = append(ranges, [2]int{from, i})
			from = -1
		}
	}
	if from >= 0 {
		ranges = append(ranges, [2]int{from, p.rows})
	}
	return ranges, rows
}

// add remembers a row; it is false for one that was seen.
func (d *distinct) add(p page, key []int, row int) bool {
	if len(key) == 1 {
		var id [16]byte
		if text, ok := p.arrays[key[0]].(*array.String); ok && compactID(&id, text.Value(row)) {
			_, seen := d.ids[id]
			if !seen && d.grow() {
				d.ids[id] = struct{}{}
			}
			return !seen
		}
	}
	k := keyText(p.arrays, key, row)
	_, seen := d.other[k]
	if !seen && d.grow() {
		d.other[k] = struct{}{}
	}
	return !seen
}

func (d *distinct) grow() bool {
	if d.room == 0 {
		d.full = true
		return false
	}
	d.room--
	return true
}

func (d *distinct) overflowed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.full
}

// compactID turns a UUID's usual form, which decoding ensures, into its bytes.
func compactID(to *[16]byte, s string) bool {
	if len(s) != 36 {
		return false
	}
	var digits [32]byte
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '-' {
			continue
		}
		if n == len(digits) {
			return false
		}
		digits[n] = s[i]
		n++
	}
	_, err := hex.Decode(to[:], digits[:])
	return n == len(digits) && err == nil
}

func keyText(arrays []arrow.Array, key []int, row int) string {
	out := ""
	for _, k := range key {
		out += arrays[k].ValueStr(row) + "\x00"
	}
	return out
}
