package sqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// body is the JSON form of a request.
type body struct {
	Query      string          `json:"query"`
	Connection string          `json:"connection"`
	Parameters json.RawMessage `json:"parameters"`
}

// maxAge is how old a result the client accepts, 0 for a new one.
//
// Source: RFC 9111, section 5.2.1.
func maxAge(h http.Header) (age time.Duration) {
	for _, item := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(item)), "=")
		switch name {
		case "max-age":
			seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32)
			if err == nil && seconds > 0 {
				age = time.Duration(seconds) * time.Second
			}
		case "no-cache", "no-store":
			return 0
		}
	}
	return age
}

// statement reads the statement of a request: JSON or plain SQL in the body of
// a POST, or the query parameter of a GET; and the connection it is for, "" for
// the default one.
func (h *Handler) statement(w http.ResponseWriter, r *http.Request) (s query.Statement, connection string, err error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s = query.Statement{SQL: r.URL.Query().Get("query"), Safe: true}
		return s, r.URL.Query().Get("connection"), needSQL(s)
	case http.MethodPost:
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.config.MaxBody))
		if err != nil {
			return s, "", bodyError(err, h.config.MaxBody)
		}
		if s, connection, err = parseBody(r.Header.Get("Content-Type"), raw); err == nil {
			err = needSQL(s)
		}
		return s, connection, err
	default:
		return s, "", gwerr.New(gwerr.MethodNotAllowed, "This address takes GET and POST.", "")
	}
}

func bodyError(err error, limit int64) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return gwerr.New(gwerr.TooLarge, fmt.Sprintf("The request body is larger than %d bytes.", limit), "Shorten the statement or use parameters.")
	}
	return gwerr.Wrap(gwerr.BadRequest, err, "The request body could not be read.", "")
}

func needSQL(s query.Statement) error {
	if strings.TrimSpace(s.SQL) == "" {
		return gwerr.New(gwerr.BadRequest, "The request has no query.", `Send {"query": "SELECT …"} as JSON.`).On("query")
	}
	return nil
}

// parseBody takes JSON whatever the content type says, since curl -d calls
// everything a form; a body of type application/sql is the statement itself.
func parseBody(contentType string, raw []byte) (s query.Statement, connection string, err error) {
	if media, _, _ := mime.ParseMediaType(contentType); media == "application/sql" || media == "text/plain" {
		return query.Statement{SQL: string(raw)}, "", nil
	}
	// Editors on Windows begin files with a byte order mark.
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\uFEFF"))))
	d.DisallowUnknownFields()
	var b body
	if err := d.Decode(&b); err != nil {
		return s, "", jsonError(err)
	}
	if d.More() {
		return s, "", gwerr.New(gwerr.BadRequest, "The request body holds more than one JSON value.", "")
	}
	s.SQL = b.Query
	return s, b.Connection, parseParameters(&s, b.Parameters)
}

func jsonError(err error) error {
	e := gwerr.Wrap(gwerr.BadRequest, err, "The request body is not the JSON that this address takes.", `Send {"query": "SELECT …", "parameters": […]}.`)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		e.Message = fmt.Sprintf("The request body is not JSON: byte %d does not fit.", syntax.Offset)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		e.Message = fmt.Sprintf("The request body has an unknown member %s.", field)
	}
	return e
}

// maxValues bounds the values of a request, with those in lists: no text can
// use more, and each takes many times its text.
const maxValues = 30_000

// values reads the parameters of a request and counts them.
type values struct{ read int }

func parseParameters(s *query.Statement, raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var v values
	d := jx.DecodeBytes(raw)
	switch d.Next() {
	case jx.Array:
		return d.Arr(func(d *jx.Decoder) error {
			p, err := v.parameter(d)
			if err != nil {
				return within("parameters["+strconv.Itoa(len(s.Positional))+"]", err)
			}
			s.Positional = append(s.Positional, p)
			return nil
		})
	case jx.Object:
		s.Named = map[string]query.Parameter{}
		return d.Obj(func(d *jx.Decoder, name string) error {
			p, err := v.parameter(d)
			if err != nil {
				return within("parameters."+name, err)
			}
			s.Named[strings.TrimLeft(name, ":@$")] = p
			return nil
		})
	default:
		return gwerr.New(gwerr.BadParameter, "Parameters must be a JSON array or object.", "").On("parameters")
	}
}

// within puts the place of a parameter before that of a value in it.
func within(place string, err error) error {
	e := gwerr.From(err)
	return e.On(place + e.Target)
}

// parameter reads one value or a list of values.
func (v *values) parameter(d *jx.Decoder) (p query.Parameter, err error) {
	if d.Next() != jx.Array {
		return v.single(d)
	}
	p.List = []query.Parameter{}
	err = d.Arr(func(d *jx.Decoder) error {
		one, err := v.single(d)
		if err != nil {
			return within("["+strconv.Itoa(len(p.List))+"]", err)
		}
		p.List = append(p.List, one)
		return nil
	})
	return p, err
}

// single reads one value: a string, a number, a Boolean or null. Whole numbers
// that fit become integers, others floating-point.
func (v *values) single(d *jx.Decoder) (p query.Parameter, err error) {
	if v.read++; v.read > maxValues {
		return p, gwerr.New(gwerr.TooLarge, fmt.Sprintf("The request has more than %d values.", maxValues), "Use a join in place of a long list, or several requests.")
	}
	kind := d.Next()
	raw, err := d.Raw()
	if err != nil {
		return p, jsonError(err)
	}
	switch kind {
	case jx.Null:
		p.Null = true
	case jx.String:
		var text string
		err = json.Unmarshal(raw, &text)
		p.Value = predicate.StringValue(text)
	case jx.Bool:
		p.Value = predicate.BoolValue(raw[0] == 't')
	case jx.Number:
		p.Value, err = number(string(raw))
	default:
		err = gwerr.New(gwerr.BadParameter, "A parameter must be a string, a number, true, false, null, or a list of these.", "")
	}
	return p, err
}

func number(text string) (predicate.Value, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return predicate.IntValue(n), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return predicate.Value{}, gwerr.New(gwerr.BadParameter, "A parameter is a number out of range.", "")
	}
	return predicate.FloatValue(f), nil
}
