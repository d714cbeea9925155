// Package batch reads the requests that one $batch request carries, and writes
// their answers, in multipart and in JSON. It knows no HTTP server: what a request
// means is its caller's business.
//
// Source: OData 4.01 Part 1, section 11.7; OData JSON Format 4.01, section 19.
package batch

import (
	"net/http"
	"strconv"

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

// check refuses what no request can be.
func (i *Item) check(place string) error {
	switch i.Method {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
	default:
		return broken(place, "has no method that OData knows")
	}
	if i.URL == "" {
		return broken(place, "has no address")
	}
	return nil
}

func broken(place, what string) error {
	return gwerr.New(gwerr.BadRequest, "The batch can't be read: "+place+" "+what+".", "See OData 4.01 Part 1, section 11.7.")
}

func ordinal(n int) string { return "request " + strconv.Itoa(n) }
