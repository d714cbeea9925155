package sqlhttp

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// format is a representation of rows.
type format struct {
	name        string
	contentType string
	media       []string
	encoder     func(out *writer, a *query.Answer) encoder
}

var formats = []format{
	{"json", "application/json", []string{"application/json"}, newJSON},
	{"ndjson", "application/x-ndjson", []string{"application/x-ndjson", "application/jsonl", "application/ndjson"}, newNDJSON},
	{"csv", "text/csv; charset=utf-8", []string{"text/csv"}, newCSV},
	{"arrow", "application/vnd.apache.arrow.stream", []string{"application/vnd.apache.arrow.stream"}, newArrow},
}

// negotiate picks the format: by ?format=, else by Accept (RFC 9110, section
// 12.5.1), JSON where anything goes. The error is gwerr.NotAcceptable.
func negotiate(r *http.Request) (format, error) {
	if name := r.URL.Query().Get("format"); name != "" {
		for _, f := range formats {
			if f.name == strings.ToLower(name) {
				return f, nil
			}
		}
		return format{}, notAcceptable("format")
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return formats[0], nil
	}
	best, quality := -1, 0.0
	for _, part := range strings.Split(accept, ",") {
		media, q, ok := acceptRange(part)
		if !ok {
			continue
		}
		for i, f := range formats {
			if q > quality && f.answers(media) {
				best, quality = i, q
				break
			}
		}
	}
	if best < 0 {
		return format{}, notAcceptable("Accept")
	}
	return formats[best], nil
}

func acceptRange(part string) (media string, quality float64, ok bool) {
	media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
	if err != nil {
		return "", 0, false
	}
	quality = 1
	if q, has := params["q"]; has {
		if quality, err = strconv.ParseFloat(q, 64); err != nil {
			return "", 0, false
		}
	}
	return media, quality, true
}

func (f format) answers(media string) bool {
	if media == "*/*" {
		return true
	}
	for _, m := range f.media {
		if m == media || media == m[:strings.IndexByte(m, '/')]+"/*" {
			return true
		}
	}
	return false
}

func notAcceptable(target string) error {
	return gwerr.New(gwerr.NotAcceptable, "None of the formats asked for can be produced.",
		"Ask for application/json, application/x-ndjson, text/csv or application/vnd.apache.arrow.stream.").On(target)
}
