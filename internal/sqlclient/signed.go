package sqlclient

import (
	"mime"
	"net/http"
)

// Signed is a transport to a gateway that sends a key, and makes errors of answers
// that say one.
type Signed struct {
	// Key is an API key; "" for none.
	Key string
	// Next is the transport below; nil means http.DefaultTransport.
	Next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s Signed) RoundTrip(r *http.Request) (*http.Response, error) {
	next := s.Next
	if next == nil {
		next = http.DefaultTransport
	}
	if s.Key != "" {
		r = r.Clone(r.Context())
		r.Header.Set("X-API-Key", s.Key)
	}
	resp, err := next.RoundTrip(r)
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, answerError(resp.Body)
}
