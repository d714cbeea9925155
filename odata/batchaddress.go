package odata

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/batch"
)

// inner makes the request that an item stands for. The caller, the deadline and
// the connection are those of the batch.
func (b *batchRun) inner(item *batch.Item) (*http.Request, error) {
	u, err := b.address(item.URL)
	if err != nil {
		return nil, err
	}
	r := b.r.Clone(b.r.Context())
	r.Method, r.URL, r.RequestURI = item.Method, u, ""
	r.Header = b.headers(item)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(item.Body)), int64(len(item.Body))
	if isBatch(r) {
		return nil, gwerr.New(gwerr.BadRequest, "A batch has no batches in it.", "")
	}
	if !slices.Contains(methods, r.Method) {
		return nil, gwerr.New(gwerr.NotImplemented, "The service has no such HTTP method.", "Methods are "+allowed+", in capitals.").On("method")
	}
	return r, nil
}

// methods are those of HTTP. Which of them an address takes is its own matter.
//
// Source: RFC 9110, section 9.1; RFC 5789.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions, http.MethodTrace, http.MethodConnect,
}

// address is that of a request in the batch, below this service.
func (b *batchRun) address(sent string) (*url.URL, error) {
	if strings.ContainsFunc(sent, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return nil, gwerr.New(gwerr.BadRequest, "The address of a request in a batch has a character that no address has.", "Write it percent-encoded, such as %09 for a tab.").On("url")
	}
	address := escaped(sent)
	if name, rest, found := b.reference(address); found {
		target, err := b.entity(name)
		if err != nil {
			return nil, err.On("url")
		}
		address = target + rest
	}
	scheme, _, absolute := strings.Cut(address, "://")
	if absolute && !strings.ContainsAny(scheme, "/?('") || strings.HasPrefix(address, "/") {
		address = b.path(address)
	} else {
		address = b.root + address
	}
	u, err := url.Parse(address)
	if broken := url.EscapeError(""); errors.As(err, &broken) {
		return nil, gwerr.New(gwerr.Syntax, "A percent escape in the path is broken.", "Write % itself as %25.").On("url")
	}
	if err != nil || !strings.HasPrefix(u.EscapedPath(), b.h.cfg.Prefix) {
		return nil, gwerr.New(gwerr.BadRequest, "The address of a request in a batch is not one of this service.", "Write it relative to the batch, such as Users?$top=1.").On("url")
	}
	return u, nil
}

// entity is the address that an earlier request stands for, by its id.
func (b *batchRun) entity(id string) (string, *gwerr.Error) {
	target, known := b.entities[id]
	if !known {
		return "", gwerr.Newf(gwerr.BadRequest, "No request before this one has the id %q.", id)
	}
	return target, nil
}

// referenced turns an address in a body, or in an option, that begins with the id of an
// earlier request of the batch into that of the entity which the request has made or
// named.
//
// Source: OData 4.01 Part 1, section 11.7.4.
func (q *request) referenced(address string) (string, error) {
	w, inBatch := q.w.(*watched)
	if !inBatch {
		return address, nil
	}
	name, rest, found := w.batch.reference(address)
	if !found {
		return address, nil
	}
	target, err := w.batch.entity(name)
	if err != nil {
		return "", err
	}
	return q.h.cfg.BaseURL(q.r) + target + rest, nil
}

// escaped percent-encodes what stands in an address as it is: blanks, letters beyond
// ASCII, and # too, since a request has no fragment.
func escaped(address string) string {
	var out strings.Builder
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"#<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
