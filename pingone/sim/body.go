package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// maxBody bounds a request body, in bytes.
const maxBody = 256 << 10

const mediaJSON = "application/json"

// mediaOf is the media type of a request in small letters, without parameters.
func (c *call) mediaOf() string {
	name, _, err := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// sent reads the JSON object of a call, which must have one of the media types.
// Numbers are json.Number. most bounds its size in bytes; 0 does not.
func (c *call) sent(most int, types ...string) (map[string]any, error) {
	media := c.mediaOf()
	if media == "" || !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, media) }) {
		return nil, unsupportedMedia(c.request.Header.Get("Content-Type"))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.request.Body, maxBody))
	if err != nil {
		return nil, invalidRequest(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is too large or was cut."})
	}
	members, err := decodeObject(raw)
	switch {
	case err != nil:
		return nil, invalidRequest(detail{Code: "INVALID_VALUE", Message: "The body must be one JSON object."})
	case most > 0 && len(raw) > most:
		return nil, invalidData(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is larger than the resource may be."})
	}
	return members, nil
}

// decodeObject reads one JSON object and nothing else.
func decodeObject(raw []byte) (members map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return nil, err
	}
	if members == nil || d.More() {
		return nil, io.ErrUnexpectedEOF
	}
	return members, nil
}

// constraint refuses what contradicts the state of the directory.
func constraint(target, message string) *apiError {
	return invalidData(detail{Code: "CONSTRAINT_VIOLATION", Target: target, Message: message})
}
