package odata

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// mediaRange is one item of an Accept header or of $format.
type mediaRange struct {
	name    string // "application/json", "*/*", in lower case
	params  map[string]string
	quality float64
	// except are the types that a wildcard doesn't cover: those refused by name.
	except []string
}

// format is a media type that was agreed on, with its JSON options.
type format struct {
	name     string // "application/json", "application/xml", "text/plain", a file's
	metadata encode.Metadata
	// The parameters that were asked for and are echoed.
	ieee754, streaming, charset bool
}

// contentType is the header of the answer. The prefix of the metadata
// parameter depends on the version.
//
// Source: OData JSON Format 4.01, section 3.
func (f format) contentType(v version) string {
	switch f.name {
	case "text/plain": // whose default is not UTF-8
		return "text/plain;charset=utf-8"
	case "application/json":
	default:
		return f.name
	}
	prefix := "odata."
	if v == version401 {
		prefix = ""
	}
	s := f.name + ";" + prefix + "metadata=" + f.metadata.String()
	if f.streaming {
		s += ";" + prefix + "streaming=true"
	}
	if f.ieee754 {
		s += ";IEEE754Compatible=true"
	}
	if f.charset {
		s += ";charset=utf-8"
	}
	return s
}

// ranges returns what the client accepts, best first: $format instead of the
// header where it is given.
func ranges(h http.Header, option *uri.Text) []mediaRange {
	if option != nil {
		return []mediaRange{formatRange(option.Value)}
	}
	var out []mediaRange
	var refused []string
	given := false
	for _, line := range h.Values("Accept") {
		for _, item := range splitList(line, ',') {
			r, ok := parseRange(item)
			given = given || r.name != ""
			switch {
			case ok && r.quality > 0:
				out = append(out, r)
			case ok && len(r.params) == 0:
				refused = append(refused, r.name)
			}
		}
	}
	if !given {
		out = []mediaRange{{name: "*/*", quality: 1}}
	}
	for i := range out {
		out[i].except = refused
	}
	slices.SortStableFunc(out, func(a, b mediaRange) int { return cmp.Compare(b.quality, a.quality) })
	return out
}

func formatRange(value string) mediaRange {
	switch strings.ToLower(value) {
	case "json":
		value = "application/json"
	case "xml":
		value = "application/xml"
	case "atom":
		value = "application/atom+xml"
	}
	r, ok := parseRange(value)
	if !ok {
		return mediaRange{} // which nothing answers
	}
	return r
}

func parseRange(item string) (mediaRange, bool) {
	parts := splitList(item, ';')
	r := mediaRange{name: strings.ToLower(strings.TrimSpace(parts[0])), quality: 1}
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)
		if name == "q" {
			if r.quality = weight(value); r.quality < 0 {
				return r, false
			}
			continue
		}
		if name == "" {
			continue
		}
		if r.params == nil {
			r.params = map[string]string{}
		}
		r.params[name] = value
	}
	return r, r.name != ""
}

// weight reads the weight of a range, which is negative where it is none.
//
// Source: RFC 9110, section 12.4.2.
func weight(text string) float64 {
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.") != "" || q > 1 {
		return -1
	}
	return q
}

// json reads a range as JSON with its parameters. A range with a parameter
// that means nothing here can't be served.
//
// Source: OData 4.01 Part 1, section 8.2.1.
func (r mediaRange) json() (format, bool) {
	f := format{name: "application/json"}
	for name, value := range r.params {
		var ok bool
		switch strings.TrimPrefix(name, "odata.") {
		case "metadata":
			f.metadata, ok = metadataLevel(value)
		case "streaming":
			f.streaming, ok = parseFlag(value)
		case "ieee754compatible":
			f.ieee754, ok = parseFlag(value)
		case "exponentialdecimals":
			_, ok = parseFlag(value)
		case "charset":
			f.charset, ok = true, strings.EqualFold(value, "utf-8")
		default:
			ok = false
		}
		if !ok {
			return format{}, false
		}
	}
	return f, true
}

func metadataLevel(value string) (encode.Metadata, bool) {
	for _, m := range []encode.Metadata{encode.Minimal, encode.Full, encode.None} {
		if strings.EqualFold(value, m.String()) {
			return m, true
		}
	}
	return 0, false
}

func parseFlag(value string) (flag, ok bool) {
	switch strings.ToLower(value) {
	case "true":
		return true, true
	case "false":
		return false, true
	default:
		return false, false
	}
}

// any tells whether the range is a wildcard that covers the type.
func (r mediaRange) any(name string) bool {
	major, _, _ := strings.Cut(name, "/")
	return (r.name == "*/*" || r.name == major+"/*") && !slices.Contains(r.except, name)
}

// negotiateJSON finds the best range that is JSON.
func negotiateJSON(accepted []mediaRange) (format, error) {
	for _, r := range accepted {
		if r.any("application/json") {
			return format{name: "application/json"}, nil
		}
		if r.name == "application/json" {
			if f, ok := r.json(); ok {
				return f, nil
			}
		}
	}
	return format{}, notAcceptable("application/json")
}

// negotiateMetadata chooses XML wherever it is acceptable: readers that accept
// both, Excel among them, understand XML only.
func negotiateMetadata(accepted []mediaRange) (format, error) {
	for _, r := range accepted {
		if r.any("application/xml") || r.name == "application/xml" || r.name == "text/xml" {
			return format{name: "application/xml"}, nil
		}
	}
	f, err := negotiateJSON(accepted)
	if err != nil {
		return f, notAcceptable("application/xml or application/json")
	}
	return format{name: "application/json", charset: f.charset}, nil
}

func notAcceptable(offer string) error {
	return gwerr.New(gwerr.NotAcceptable, "None of the media types asked for can be produced.", "Accept "+offer+".").On("Accept")
}
