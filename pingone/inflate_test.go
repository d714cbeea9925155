package pingone

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packed compresses a body as the API does.
func packed(tb testing.TB, body []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := stdgzip.NewWriter(&b)
	_, err := z.Write(body)
	require.NoError(tb, err)
	require.NoError(tb, z.Close())
	return b.Bytes()
}

func gzipped() *http.Response {
	return &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}}
}

func TestInflated(t *testing.T) {
	t.Parallel()
	body := halPage(40)
	whole := packed(t, body)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6] ^= 1 // of the checksum
	for _, c := range []struct {
		name     string
		response *http.Response
		sent     []byte
		want     []byte
		err      error
	}{
		{"compressed", gzipped(), whole, body, nil},
		{"as it is", &http.Response{Header: http.Header{}}, body, body, nil},
		{"in two parts", gzipped(), append(packed(t, body[:100]), packed(t, body[100:])...), body, nil},
		{"cut short", gzipped(), whole[:len(whole)-20], nil, io.ErrUnexpectedEOF},
		{"cut at the end", gzipped(), whole[:len(whole)-1], nil, io.ErrUnexpectedEOF},
		{"cut in the head", gzipped(), whole[:5], nil, io.ErrUnexpectedEOF},
		{"nothing", gzipped(), nil, nil, errAny},
		{"damaged", gzipped(), damaged, nil, errAny},
		{"not compressed", gzipped(), body, nil, errAny},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // with a new decompressor and a used one
				var got bytes.Buffer
				err := inflated(bytes.NewReader(c.sent), c.response, func(r io.Reader) error {
					_, err := got.ReadFrom(r)
					return err
				})
				switch {
				case c.err == nil:
					require.NoError(t, err)
					assert.Equal(t, c.want, got.Bytes())
				case errors.Is(c.err, errAny):
					require.Error(t, err)
					require.NotErrorIs(t, err, io.EOF, "an end of file may pass for a good one")
				default:
					require.ErrorIs(t, err, c.err)
				}
			}
		})
	}
}

var errAny = errors.New("any error")

// BenchmarkCompressedPage compares what a compressed page costs: to read it, as
// a proxy that looks into it must, and to make columns of it.
func BenchmarkCompressedPage(b *testing.B) {
	table, body := usersTable(b), halPage(200)
	sent := packed(b, body)
	d := newDecoder(newLayout(table, "users", nil, positions(b, table, tenColumns...)), memory.DefaultAllocator)
	var to bytes.Buffer
	read := func(r io.Reader) error {
		to.Reset()
		_, err := to.ReadFrom(r)
		return err
	}
	standard := func() error {
		z, err := stdgzip.NewReader(bytes.NewReader(sent))
		if err != nil {
			return err
		}
		return read(z)
	}
	inflate := func() error { return inflated(bytes.NewReader(sent), gzipped(), read) }
	decode := func() error {
		if err := inflate(); err != nil {
			return err
		}
		p, err := d.decode(to.Bytes())
		p.release()
		return err
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{{"read by the standard library", standard}, {"read", inflate}, {"read and decoded", decode}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
