// Package batch reads the requests that one $batch request carries, and writes
// their answers, in multipart and in JSON. It knows no HTTP server: what a request
// means is its caller's business.
//
// Source: OData 4.01 Part 1, section 11.7; OData JSON Format 4.01, section 19.
package batch

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Item is one request of a batch.
type Item struct {
	// ID is the Content-ID of a multipart request, or the id of a JSON one; ""
	// where a multipart request has none.
	ID     string
	Method string
	// URL is absolute, or relative to the host or the batch. Characters that no URL has
	// may stand in it as they are.
	URL    string
	Header http.Header
	Body   []byte
	// Group is the change set or atomicity group, "" for none.
	Group string
	// DependsOn are ids of requests and groups.
	DependsOn []string
	// Conditional says that the request has a condition of its own (if), which nobody
	// evaluates.
	Conditional bool
}

// Answers writes the answers of a batch in their order.
type Answers interface {
	// ContentType is the media type of the whole.
	ContentType() string
	// Answer begins the answer of an item. What is written to it becomes its status,
	// headers and body; the answer is whole when the next one begins.
	Answer(i *Item) http.ResponseWriter
	// Close ends the last answer and the batch.
	Close() error
}

// MaxRequests is the most requests of a batch.
const MaxRequests = 200

func tooMany() error {
	return gwerr.Newf(gwerr.TooLarge, "A batch has at most %d requests.", MaxRequests).WithHint("Send several batches.")
}

// check refuses what no request can be. A method that the address doesn't take is
// refused by the answer of the request alone.
func (i *Item) check(place string) error {
	if !isToken(i.Method) {
		return broken(place, "has no method")
	}
	if i.URL == "" {
		return broken(place, "has no address")
	}
	return nil
}

// isToken tells whether the text may be the name of a method.
//
// Source: RFC 9110, sections 5.6.2 and 9.1.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

func broken(place, what string) error {
	return gwerr.New(gwerr.BadRequest, "The batch can't be read: "+place+" "+what+".", "See OData 4.01 Part 1, section 11.7.")
}

func ordinal(n int) string { return "request " + strconv.Itoa(n) }
