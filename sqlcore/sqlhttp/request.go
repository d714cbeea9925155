package sqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

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
		return e.At(int(syntax.Offset))
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		e.Message = fmt.Sprintf("The request body has an unknown member %s.", field)
	}
	return e
}

func parseParameters(s *query.Statement, raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for i, v := range list {
			p, err := parameter(v, fmt.Sprintf("parameters[%d]", i))
			if err != nil {
				return err
			}
			s.Positional = append(s.Positional, p)
		}
		return nil
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(raw, &named) != nil {
		return gwerr.New(gwerr.BadParameter, "Parameters must be a JSON array or object.", "").On("parameters")
	}
	s.Named = make(map[string]query.Parameter, len(named))
	for name, v := range named {
		p, err := parameter(v, "parameters."+name)
		if err != nil {
			return err
		}
		s.Named[strings.TrimLeft(name, ":@$")] = p
	}
	return nil
}

// parameter reads one value or a list of values.
func parameter(raw json.RawMessage, place string) (query.Parameter, error) {
	if !bytes.HasPrefix(raw, []byte("[")) {
		return single(raw, place)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return query.Parameter{}, jsonError(err)
	}
	p := query.Parameter{List: make([]query.Parameter, len(list))}
	for i, v := range list {
		var err error
		if p.List[i], err = single(v, fmt.Sprintf("%s[%d]", place, i)); err != nil {
			return query.Parameter{}, err
		}
	}
	return p, nil
}

// single reads one value: a string, a number, a Boolean or null. Whole numbers
// that fit become integers, others floating-point.
func single(raw json.RawMessage, place string) (query.Parameter, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return query.Parameter{}, jsonError(err)
	}
	switch v := v.(type) {
	case nil:
		return query.Parameter{Null: true}, nil
	case string:
		return query.Parameter{Value: predicate.StringValue(v)}, nil
	case bool:
		return query.Parameter{Value: predicate.BoolValue(v)}, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return query.Parameter{Value: predicate.IntValue(n)}, nil
		}
		f, err := v.Float64()
		if err != nil {
			return query.Parameter{}, gwerr.New(gwerr.BadParameter, "A parameter is a number out of range.", "").On(place)
		}
		return query.Parameter{Value: predicate.FloatValue(f)}, nil
	default:
		return query.Parameter{}, gwerr.New(gwerr.BadParameter, "A parameter must be a string, a number, true, false, null, or a list of these.", "").On(place)
	}
}
