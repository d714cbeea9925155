package main

import (
	"math/bits"
	"sync"
)

// maxIdle bounds the pieces of a size that wait for another batch.
const maxIdle = 64

// reuse is memory for batches: what a batch had serves another one when it has been
// released. It implements memory.Allocator.
type reuse struct {
	mu   sync.Mutex
	idle [bits.UintSize][][]byte // by the binary logarithm of their size
}

// Allocate gives memory with whatever stood in it.
func (p *reuse) Allocate(size int) []byte {
	class := bits.Len(uint(max(size, 1) - 1))
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle[class]) - 1; last >= 0 {
		piece := p.idle[class][last]
		p.idle[class] = p.idle[class][:last]
		return piece[:size]
	}
	return make([]byte, size, 1<<class)
}

// Reallocate gives a piece of another size with the same content.
func (p *reuse) Reallocate(size int, piece []byte) []byte {
	if size <= cap(piece) {
		return piece[:size]
	}
	grown := p.Allocate(size)
	copy(grown, piece)
	p.Free(piece)
	return grown
}

// Free takes a piece back.
func (p *reuse) Free(piece []byte) {
	if cap(piece) == 0 {
		return
	}
	class := bits.Len(uint(cap(piece))) - 1
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle[class]) < maxIdle {
		p.idle[class] = append(p.idle[class], piece)
	}
}
