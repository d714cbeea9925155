package server

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// gzipLevel is fast: most clients are near, and rows compress well anyhow.
const gzipLevel = 1

var gzipped = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzipLevel), gzhttp.MinSize(1024),
		gzhttp.EnableZstd(false), gzhttp.ContentTypeFilter(compressible))
	if err != nil {
		panic("server: " + err.Error()) // the options are constants
	}
	return wrap
}()

// compressible tells texts from Arrow and Parquet, which compress themselves.
func compressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	switch media = strings.ToLower(strings.TrimSpace(media)); {
	case strings.HasPrefix(media, "text/"):
		return true
	case strings.HasSuffix(media, "json"), strings.HasSuffix(media, "xml"), strings.HasSuffix(media, "yaml"):
		return true
	}
	return false
}

// compress sends texts with gzip to clients that ask for it. When a front end
// breaks an answer off, the compressed stream ends without its last block.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		below := &cuttable{ResponseWriter: w}
		gzipped(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if p := recover(); p != nil {
					below.cut = true
					panic(p)
				}
			}()
			next.ServeHTTP(w, r)
		})).ServeHTTP(below, r)
	})
}

// cuttable drops everything once it is cut.
type cuttable struct {
	http.ResponseWriter
	cut bool
}

// WriteHeader implements http.ResponseWriter.
func (w *cuttable) WriteHeader(status int) {
	if !w.cut {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *cuttable) Write(b []byte) (int, error) {
	if w.cut {
		return 0, http.ErrAbortHandler
	}
	return w.ResponseWriter.Write(b)
}

// FlushError passes on a flush, but not after a cut.
func (w *cuttable) FlushError() error {
	if w.cut {
		return http.ErrAbortHandler
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher, which the compressor asks for.
func (w *cuttable) Flush() { _ = w.FlushError() }

// Unwrap gives http.ResponseController the writer underneath.
func (w *cuttable) Unwrap() http.ResponseWriter { return w.ResponseWriter }
