package pingone

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// inflater is a decompressor with the buffer before it.
type inflater struct {
	in bufio.Reader
	z  gzip.Reader
}

// inflaters keeps decompressors, which are large.
var inflaters = sync.Pool{New: func() any { return &inflater{in: *bufio.NewReaderSize(nil, 16<<10)} }}

// inflated hands on a body, decompressed where the answer says that it is
// compressed. Bounding its size is the reader's business.
func inflated(body io.Reader, resp *http.Response, read func(io.Reader) error) error {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return read(body)
	}
	i := inflaters.Get().(*inflater)
	defer func() {
		i.in.Reset(nil)
		inflaters.Put(i)
	}()
	i.in.Reset(body)
	if err := i.z.Reset(&i.in); err != nil {
		return notEOF(err)
	}
	return read(&i.z)
}
