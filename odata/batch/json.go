package batch

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// jsonItem is a request of a JSON batch.
type jsonItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	Group     string            `json:"atomicityGroup"`
	DependsOn []string          `json:"dependsOn"`
	If        json.RawMessage   `json:"if"`
}

// ReadJSON reads an application/json body. The errors are gwerr values for the
// client.
func ReadJSON(body []byte) ([]Item, error) {
	var read struct {
		Requests []jsonItem `json:"requests"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &read); err != nil {
		var other *json.UnmarshalTypeError
		if errors.As(err, &other) && other.Field != "" {
			return nil, broken("the member "+other.Field, "can't be a "+other.Value)
		}
		return nil, broken("the body", "is not a JSON object with requests")
	}
	if len(read.Requests) == 0 {
		return nil, broken("the body", "has no requests")
	}
	if len(read.Requests) > MaxRequests {
		return nil, tooMany()
	}
	items, known := make([]Item, len(read.Requests)), names{}
	for k := range read.Requests {
		if err := read.Requests[k].into(&items[k], ordinal(k+1), known); err != nil {
			return nil, err
		}
		if g := items[k].Group; g != "" && (k == 0 || items[k-1].Group != g) {
			if _, taken := known[g]; taken {
				return nil, broken(ordinal(k+1), "belongs to a group that has ended, or whose name is the id of a request")
			}
		}
		known.add(&items[k])
	}
	return items, nil
}

// names are those of the requests and groups so far. They are told apart by them, and the
// requests of a group follow one another, so that all of it is carried out or nothing.
//
// Source: OData JSON Format 4.01, section 19.1.
type names map[string]struct{}

func (n names) add(i *Item) {
	n[i.ID] = struct{}{}
	if i.Group != "" {
		n[i.Group] = struct{}{}
	}
}

func (j *jsonItem) into(i *Item, place string, known names) error {
	*i = Item{ID: j.ID, Method: strings.ToUpper(j.Method), URL: j.URL, Header: http.Header{}, Group: j.Group, DependsOn: j.DependsOn, Conditional: j.If != nil}
	_, taken := known[j.ID]
	switch {
	case j.ID == "":
		return broken(place, "has no id")
	case taken, j.ID == j.Group:
		return broken(place, "has the id of another one, or the name of a group")
	}
	for _, d := range j.DependsOn {
		if _, ok := known[d]; !ok {
			return broken(place, "depends on something that does not come before it")
		}
	}
	for name, value := range j.Headers {
		i.Header.Set(name, value)
	}
	if err := j.fill(i); err != nil {
		return broken(place, "has a body that does not fit its Content-Type")
	}
	return i.check(place)
}

// fill takes the body over: JSON as it is, anything else out of its text.
func (j *jsonItem) fill(i *Item) error {
	if len(j.Body) == 0 || bytes.Equal(j.Body, []byte("null")) {
		return nil
	}
	kind := i.Header.Get("Content-Type")
	if kind == "" {
		kind = "application/json"
		i.Header.Set("Content-Type", kind)
	}
	if isJSON(kind) {
		i.Body = j.Body
		return nil
	}
	var text string
	if err := json.Unmarshal(j.Body, &text); err != nil {
		return err
	}
	if isText(kind) {
		i.Body = []byte(text)
		return nil
	}
	var err error
	i.Body, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return err
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

func isText(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && strings.HasPrefix(kind, "text/")
}

// jsonAnswers writes application/json. JSON bodies pass as they come; others, which
// are short, are kept until they are whole.
type jsonAnswers struct {
	to   io.Writer
	any  bool
	open *answer
	tail func() error // what comes behind the body of the open answer
	err  error
}

// NewJSON writes answers as JSON.
func NewJSON(to io.Writer) Answers { return &jsonAnswers{to: to} }

// ContentType implements Answers.
func (*jsonAnswers) ContentType() string { return "application/json" }

// Answer implements Answers.
func (j *jsonAnswers) Answer(i *Item) http.ResponseWriter {
	j.finish()
	j.open = &answer{unwrapped: j.to, header: http.Header{}}
	j.open.begin = func(status int) (io.Writer, error) { return j.begin(i, status, j.open.header) }
	return j.open
}

func (j *jsonAnswers) begin(i *Item, status int, header http.Header) (io.Writer, error) {
	headers := map[string]string{}
	for name, values := range sent(header) {
		if name != "Content-Length" {
			headers[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	head, err := json.Marshal(struct {
		ID      string            `json:"id"`
		Group   string            `json:"atomicityGroup,omitempty"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers,omitempty"`
	}{i.ID, i.Group, status, headers})
	if err != nil {
		return nil, err
	}
	before := `{"responses":[`
	if j.any {
		before = ","
	}
	j.any = true
	if _, err := io.WriteString(j.to, before+string(head[:len(head)-1])); err != nil {
		return nil, err
	}
	kind := header.Get("Content-Type")
	if isJSON(kind) {
		j.tail = func() error { return nil }
		return &prefixed{to: j.to, prefix: `,"body":`}, nil
	}
	var kept bytes.Buffer
	j.tail = func() error { return j.keep(kept.Bytes(), isText(kind) || strings.HasSuffix(kind, "xml")) }
	return &kept, nil
}

// keep writes a body that is not JSON.
func (j *jsonAnswers) keep(body []byte, text bool) error {
	if len(body) == 0 {
		return nil
	}
	shown := string(body)
	if !text {
		shown = base64.RawURLEncoding.EncodeToString(body)
	}
	quoted, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	_, err = io.WriteString(j.to, `,"body":`+string(quoted))
	return err
}

func (j *jsonAnswers) finish() {
	if j.open == nil {
		return
	}
	j.open.end()
	if j.err = errors.Join(j.err, j.open.err); j.err == nil {
		j.err = j.tail()
	}
	if j.err == nil {
		_, j.err = io.WriteString(j.to, "}")
	}
	j.open = nil
}

// Close implements Answers.
func (j *jsonAnswers) Close() error {
	j.finish()
	end := "]}"
	if !j.any {
		end = `{"responses":[]}`
	}
	if j.err == nil {
		_, j.err = io.WriteString(j.to, end)
	}
	return j.err
}

// prefixed writes something before the first byte.
type prefixed struct {
	to     io.Writer
	prefix string
}

func (p *prefixed) Write(b []byte) (int, error) {
	if p.prefix != "" && len(b) > 0 {
		if _, err := io.WriteString(p.to, p.prefix); err != nil {
			return 0, err
		}
		p.prefix = ""
	}
	return p.to.Write(b)
}
