package sqlhttp

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/format"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// form is a representation of rows.
type form struct {
	name        string
	contentType string
	media       []string
	encoder     func(out *writer, a *query.Answer) (format.Writer, error)
}

var forms = []form{
	{"json", "application/json", []string{"application/json"}, newJSON},
	{"ndjson", "application/x-ndjson", []string{"application/x-ndjson", "application/jsonl", "application/ndjson"}, newNDJSON},
	file(format.CSV), file(format.Arrow), file(format.Parquet), file(format.XLSX),
}

func file(k format.Kind) form {
	return form{k.Name, k.ContentType, k.Media, func(out *writer, a *query.Answer) (format.Writer, error) {
		return k.New(out, format.Options{Schema: schemaOf(a), Style: style})
	}}
}

// schemaOf is that of the rows, under the names of the answer.
func schemaOf(a *query.Answer) *arrow.Schema {
	fields := a.Rows.Schema().Fields()
	for i := range fields {
		fields[i].Name = a.Columns[i].Name
	}
	return arrow.NewSchema(fields, nil)
}

// negotiate picks the format: by ?format=, else by Accept (RFC 9110, section
// 12.5.1), JSON where anything goes. The error is gwerr.NotAcceptable.
func negotiate(r *http.Request) (form, error) {
	if name := r.URL.Query().Get("format"); name != "" {
		for _, f := range forms {
			if f.name == strings.ToLower(name) {
				return f, nil
			}
		}
		return form{}, notAcceptable("format")
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return forms[0], nil
	}
	best, quality := -1, 0.0
	for _, part := range strings.Split(accept, ",") {
		media, q, ok := acceptRange(part)
		if !ok {
			continue
		}
		for i, f := range forms {
			if q > quality && f.answers(media) {
				best, quality = i, q
				break
			}
		}
	}
	if best < 0 {
		return form{}, notAcceptable("Accept")
	}
	return forms[best], nil
}

func acceptRange(part string) (media string, quality float64, ok bool) {
	media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
	if err != nil {
		return "", 0, false
	}
	quality = 1
	if q, has := params["q"]; has {
		if quality, err = strconv.ParseFloat(q, 64); err != nil || !(quality >= 0 && quality <= 1) { // NaN is neither
			return "", 0, false
		}
	}
	return media, quality, true
}

func (f form) answers(media string) bool {
	return media == "*/*" || slices.ContainsFunc(f.media, func(m string) bool {
		return m == media || media == m[:strings.IndexByte(m, '/')]+"/*"
	})
}

func notAcceptable(target string) error {
	var names []string
	for _, f := range forms {
		names = append(names, f.name)
	}
	return gwerr.New(gwerr.NotAcceptable, "None of the formats asked for can be produced.",
		"Ask for one of "+strings.Join(names, ", ")+" in ?format=, or for its media type.").On(target)
}
