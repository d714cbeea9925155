package batch

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

const (
	multipartMixed  = "multipart/mixed"
	applicationHTTP = "application/http"
)

// ReadMultipart reads a multipart/mixed body. Parts that are multipart themselves are
// change sets. The errors are gwerr values for the client.
func ReadMultipart(body []byte, boundary string) ([]Item, error) {
	r := partReader{}
	if err := r.read(body, boundary, ""); err != nil {
		return nil, err
	}
	if len(r.items) == 0 {
		return nil, broken("the body", "has no requests")
	}
	return r.items, nil
}

type partReader struct {
	items []Item
	sets  int
}

func (r *partReader) read(body []byte, boundary, group string) error {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken("the part behind "+ordinal(len(r.items)), "is not whole")
		}
		if err := r.part(part, group); err != nil {
			return err
		}
	}
}

func (r *partReader) part(part *multipart.Part, group string) error {
	place := ordinal(len(r.items) + 1)
	text, err := io.ReadAll(part)
	if err != nil {
		return broken(place, "is not whole")
	}
	kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		return broken(place, "has no Content-Type")
	}
	switch {
	case kind == multipartMixed && group == "":
		r.sets++
		before := len(r.items)
		if err := r.read(text, params["boundary"], "change set "+strconv.Itoa(r.sets)); err != nil {
			return err
		}
		if len(r.items) == before {
			return broken("change set "+strconv.Itoa(r.sets), "has no requests")
		}
		return nil
	case kind == applicationHTTP:
		if len(r.items) == MaxRequests {
			return tooMany()
		}
		item, err := readRequest(text, place)
		if err != nil {
			return err
		}
		item.Group = group
		if item.ID = part.Header.Get("Content-ID"); item.ID == "" {
			item.ID = item.Header.Get("Content-ID")
		}
		item.Header.Del("Content-ID")
		r.items = append(r.items, item)
		return nil
	}
	return broken(place, "is neither application/http nor a change set")
}

// readRequest reads a request as HTTP/1.1 has it, with an address that may be
// relative.
func readRequest(text []byte, place string) (Item, error) {
	b := bufio.NewReader(bytes.NewReader(text))
	r := textproto.NewReader(b)
	line, err := r.ReadLine()
	if err == nil && line == "" { // as RFC 9112, section 2.2, suffers before a request
		line, err = r.ReadLine()
	}
	if err != nil {
		return Item{}, broken(place, "is empty")
	}
	method, address, _ := strings.Cut(strings.TrimSpace(line), " ")
	last := strings.LastIndexByte(address, ' ') + 1 // blanks before are the address's
	if protocol := address[last:]; strings.HasPrefix(protocol, "HTTP/") {
		if !strings.HasPrefix(protocol, "HTTP/1.") {
			return Item{}, broken(place, "is not HTTP/1.1")
		}
		address = address[:last]
	}
	address = strings.TrimSpace(address)
	header, err := r.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) { // at its end without a body
		return Item{}, broken(place, "has a broken header")
	}
	body, err := io.ReadAll(b)
	if err != nil {
		return Item{}, broken(place, "is not whole")
	}
	if length := header.Get("Content-Length"); length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > len(body) {
			return Item{}, broken(place, "has another length than its Content-Length")
		}
		body = body[:n]
	}
	item := Item{Method: method, URL: address, Header: http.Header(header), Body: body}
	return item, item.check(place)
}

// multipartAnswers writes multipart/mixed.
type multipartAnswers struct {
	to    io.Writer
	parts *multipart.Writer
	set   *multipart.Writer // the change set that is open, or nil
	open  *answer
	err   error
}

// NewMultipart writes answers as multipart/mixed.
func NewMultipart(to io.Writer) Answers {
	return &multipartAnswers{to: to, parts: multipart.NewWriter(to)}
}

// ContentType implements Answers.
func (m *multipartAnswers) ContentType() string {
	return multipartMixed + "; boundary=" + m.parts.Boundary()
}

// Answer implements Answers.
func (m *multipartAnswers) Answer(i *Item) http.ResponseWriter {
	m.finish()
	m.open = &answer{unwrapped: m.to, header: http.Header{}}
	m.open.begin = func(status int) (io.Writer, error) { return m.begin(i, status, m.open.header) }
	return m.open
}

// begin writes the head of an answer. That of a change set is wrapped as the change
// set was, unless it failed.
func (m *multipartAnswers) begin(i *Item, status int, header http.Header) (io.Writer, error) {
	parts := m.parts
	if i.Group != "" && status < http.StatusBadRequest {
		inner := multipart.NewWriter(io.Discard) // for its boundary
		w, err := m.parts.CreatePart(textproto.MIMEHeader{"Content-Type": {multipartMixed + "; boundary=" + inner.Boundary()}})
		if err != nil {
			return nil, err
		}
		m.set = multipart.NewWriter(w)
		if err := m.set.SetBoundary(inner.Boundary()); err != nil {
			return nil, err
		}
		parts = m.set
	}
	head := textproto.MIMEHeader{"Content-Type": {applicationHTTP}, "Content-Transfer-Encoding": {"binary"}}
	if i.ID != "" {
		head.Set("Content-ID", i.ID)
	}
	w, err := parts.CreatePart(head)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	if err := sent(header).Write(&b); err != nil {
		return nil, err
	}
	b.WriteString("\r\n")
	_, err = w.Write(b.Bytes())
	return w, err
}

// finish ends the answer that is open.
func (m *multipartAnswers) finish() {
	if m.open == nil {
		return
	}
	m.open.end()
	m.err = errors.Join(m.err, m.open.err)
	if m.set != nil {
		m.err = errors.Join(m.err, m.set.Close())
	}
	m.open, m.set = nil, nil
}

// Close implements Answers.
func (m *multipartAnswers) Close() error {
	m.finish()
	return errors.Join(m.err, m.parts.Close())
}
