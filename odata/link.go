package odata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// querySegment ends the path of a query whose options stand in the body.
const querySegment = "/$query"

// readBody moves the options of a POST to …/$query into the query. It comes
// before everything else, so that nobody waits for a client that sends slowly.
//
// Source: OData 4.01 Part 2, section 4.17.
func (q *request) readBody() (err error) {
	q.query = q.r.URL.RawQuery
	if _, writes := kinds[q.r.Method]; !writes {
		return nil
	}
	if isBatch(q.r) {
		return q.readBatch()
	}
	if !strings.HasSuffix(q.r.URL.EscapedPath(), querySegment) {
		q.body, err = q.take(q.h.cfg.MaxBody)
		return err
	}
	kind, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if err != nil || kind != "text/plain" {
		return gwerr.New(gwerr.UnsupportedMedia, "The body of $query must be query options as text/plain.", "").On("Content-Type")
	}
	limit := q.h.cfg.Limits.URLBytes
	if limit <= 0 {
		limit = uri.DefaultLimits().URLBytes
	}
	body, err := q.take(int64(limit))
	if err != nil {
		return err
	}
	q.query = strings.Trim(string(body)+"&"+q.query, "&")
	return nil
}

// take reads a body of bounded length.
func (q *request) take(limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(q.r.Body, limit+1))
	var cut *http.MaxBytesError // where the server allows less
	if errors.As(err, &cut) {
		return nil, gwerr.Newf(gwerr.TooLarge, "The body is longer than %d bytes.", cut.Limit)
	}
	if err != nil {
		return nil, gwerr.Wrap(gwerr.BadRequest, err, "The body could not be read.", "")
	}
	if int64(len(body)) > limit {
		return nil, gwerr.New(gwerr.TooLarge, fmt.Sprintf("The body is longer than %d bytes.", limit), "")
	}
	return body, nil
}

// statement is the request's address, with options from the body.
func (q *request) statement() string {
	if q.query == "" {
		return q.r.URL.EscapedPath()
	}
	return q.r.URL.EscapedPath() + "?" + q.query
}

// kept are the raw options of the query that a next link repeats: all but
// old tokens and those that OData doesn't define, among which a client's key
// may be.
func kept(rawQuery string) []string {
	var out []string
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		rawName, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || name == "" {
			continue
		}
		plain := strings.ToLower(strings.TrimPrefix(name, "$"))
		switch {
		case plain == "skiptoken", plain == "deltatoken":
		case name[0] == '$' || name[0] == '@' || systemOption(plain):
			out = append(out, pair)
		}
	}
	return out
}

// systemOption tells whether the name, without its dollar sign, is one of
// OData's own.
func systemOption(name string) bool {
	switch name {
	case "filter", "select", "expand", "orderby", "top", "skip", "count", "search", "format", "compute", "apply", "schemaversion":
		return true
	default:
		return false
	}
}

// scope is what a continuation is bound to: the caller, the schema, the path
// and the options, however they are encoded. Each has its length before it, so
// that no other parts make the same text.
func (q *request) scope() string {
	parts := []string{q.h.cfg.Caller(q.r.Context()), q.h.cfg.Prefix, q.schema.ID, q.schema.Name, decoded(strings.Trim(q.rest, "/"))}
	for _, pair := range kept(q.query) {
		parts = append(parts, decoded(strings.ReplaceAll(pair, "+", "%20")))
	}
	var scope []byte
	for _, part := range parts {
		scope = append(binary.AppendUvarint(scope, uint64(len(part))), part...)
	}
	return string(scope)
}

func decoded(s string) string {
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

// nextLink is the absolute address of the page that follows.
func (q *request) nextLink(c continuation) string {
	return q.linkWith("$skiptoken=" + q.h.links.seal(c, q.scope()))
}

// linkWith is the absolute address of the feed with a token.
func (q *request) linkWith(token string) string {
	options := append(kept(q.query), token)
	return q.root + strings.TrimSuffix(q.rest, "/") + "?" + strings.Join(options, "&")
}
