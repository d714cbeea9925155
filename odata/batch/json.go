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
	if err := json.Unmarshal(body, &read); err != nil {
		return nil, broken("the body", "is not a JSON object with requests")
	}
	if len(read.Requests) == 0 {
		return nil, broken("the body", "has no requests")
	}
	if len(read.Requests) > MaxRequests {
		return nil, tooMany()
	}
	items, known := make([]Item, len(read.Requests)), map[string]bool{}
	for k := range read.Requests {
		if err := read.Requests[k].into(&items[k], ordinal(k+1), known); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (j *jsonItem) into(i *Item, place string, known map[string]bool) error {
	*i = Item{ID: j.ID, Method: strings.ToUpper(j.Method), URL: j.URL, Header: http.Header{}, Group: j.Group, DependsOn: j.DependsOn}
	switch {
	case j.ID == "":
		return broken(place, "has no id")
	case known[j.ID]:
		return broken(place, "has the id of another one")
	case j.If != nil:
		return broken(place, "has a condition (if), which the gateway does not evaluate")
	}
	for _, d := range j.DependsOn {
		if !known[d] {
			return broken(place, "depends on something that does not come before it")
		}
	}
	known[j.ID] = true
	if j.Group != "" {
		known[j.Group] = true
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
