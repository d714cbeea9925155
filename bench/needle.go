package main

import "bytes"

// needle counts a text in a stream and keeps nothing else of it.
type needle struct {
	text    []byte
	found   int
	onFirst func() // called at the first one
	carry   []byte // the end of the stream so far, one byte shorter than the text
}

func newNeedle(text string) *needle { return &needle{text: []byte(text)} }

// Write implements io.Writer. What stands across two writes is found where they
// join; the joint is too short on either side to hold the text whole.
func (n *needle) Write(b []byte) (int, error) {
	side := len(n.text) - 1
	joint := append(n.carry, b[:min(side, len(b))]...)
	found := bytes.Count(joint, n.text) + bytes.Count(b, n.text)
	if n.found == 0 && found > 0 && n.onFirst != nil {
		n.onFirst()
	}
	n.found += found
	end := b
	if len(b) < side {
		end = joint
	}
	n.carry = append(n.carry[:0], end[max(0, len(end)-side):]...)
	return len(b), nil
}
