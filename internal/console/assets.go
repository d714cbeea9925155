package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// asset is a file that pages refer to.
type asset struct {
	text []byte
	// tag changes with the file.
	tag string
	// packed is the text as small as gzip makes it, which is done once.
	packed func() []byte
}

// assets are the files by their names.
var assets = func() map[string]asset {
	out := map[string]asset{}
	err := fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		sum := sha256.Sum256(text)
		out[strings.TrimPrefix(name, "assets/")] = asset{text, hex.EncodeToString(sum[:6]), sync.OnceValue(func() []byte { return pack(text) })}
		return err
	})
	if err != nil {
		panic("console: " + err.Error()) // embedded at build time
	}
	return out
}()

func pack(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
	_, _ = w.Write(text)                                  // memory takes it
	_ = w.Close()
	return b.Bytes()
}

// Asset is the address of a file of assets. It changes with the file, which browsers
// keep.
func (p Page) Asset(name string) string { return p.Base + AssetPath + name + "?v=" + assets[name].tag }

// Assets serves the files that pages refer to; they tell nothing of anybody.
func (s *Site) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, AssetPath)
		file, ok := assets[name]
		if !ok {
			s.Fail(w, r, gwerr.New(gwerr.NotFound, "There is no such file.", ""))
			return
		}
		h, text := w.Header(), file.text
		h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		h.Set("Cache-Control", "public, max-age=300")
		if r.URL.Query().Get("v") == file.tag {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		h.Add("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			text = file.packed()
		}
		_, _ = w.Write(text) // a client that is gone reads nothing
	})
}

// takesGzip reports whether the client names gzip, and not to refuse it.
func takesGzip(r *http.Request) bool {
	for _, item := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(item, " ", ""), ";")
		if strings.EqualFold(coding, "gzip") {
			return strings.Trim(weight, "q=.0") != "" || weight == ""
		}
	}
	return false
}
