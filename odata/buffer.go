package odata

import "sync"

// maxKeptBytes bounds the buffers that wait for another answer.
const maxKeptBytes = 256 << 10

// buffers are reused by answers.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, writeBytes+flushBytes); return &b }}

// keepBuffer gives a buffer back with the bytes that it has grown to.
func keepBuffer(buffer *[]byte, grown []byte) {
	if cap(grown) <= maxKeptBytes {
		*buffer = grown[:0]
		buffers.Put(buffer)
	}
}
