package odata

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/batch"
)

const batchSegment = "/$batch"

// batchRun is a batch on its way. Each of its requests is one of the caller's, with
// a turn, a quota and a record of its own, one after the other.
//
// Source: OData 4.01 Part 1, section 11.7.
type batchRun struct {
	*request
	items []batch.Item
	json  bool // the form of the request
	// root is the path of the schema, with a slash at its end.
	root string

	answers  batch.Answers
	onError  bool              // goes on behind a failed request
	entities map[string]string // by the id of a request: the address it stands for
	failed   map[string]bool   // ids and groups
}

// isBatch reports whether the request carries others.
func isBatch(r *http.Request) bool {
	path := r.URL.EscapedPath()
	return r.Method == http.MethodPost && (strings.HasSuffix(path, batchSegment) || strings.HasSuffix(path, "/%24batch"))
}

// readBatch reads the requests of a batch.
func (q *request) readBatch() error {
	body, err := q.take(q.h.cfg.MaxBody)
	if err != nil {
		return err
	}
	path := q.r.URL.EscapedPath()
	b := &batchRun{request: q, root: path[:strings.LastIndexByte(path, '/')+1], entities: map[string]string{}, failed: map[string]bool{}}
	if name, found := strings.CutPrefix(b.root, q.h.cfg.Prefix); !found || strings.Count(name, "/") != 1 {
		return gwerr.New(gwerr.NotFound, "There is no batch at this address.", "Send it to $batch below a schema.")
	}
	kind, params, _ := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	switch {
	case kind == "application/json":
		b.json = true
		b.items, err = batch.ReadJSON(body)
	case kind == "multipart/mixed" && params["boundary"] != "":
		b.items, err = batch.ReadMultipart(body, params["boundary"])
	default:
		err = gwerr.New(gwerr.UnsupportedMedia, "A batch is multipart/mixed with a boundary, or application/json.", "").On("Content-Type")
	}
	if err != nil {
		return err
	}
	if err := written(q.r.Header); err != nil {
		return err
	}
	q.version, err = negotiateVersion(q.r.Header)
	q.batch = b
	return err
}

// run answers a batch. From here on each request has an answer of its own.
func (b *batchRun) run() error {
	var written string
	if written, b.onError = prefers(b.r.Header, "continue-on-error"); b.onError {
		b.w.Header().Set("Preference-Applied", written)
	}
	b.answers = batch.NewMultipart(b.w)
	if b.asJSON() {
		b.answers = batch.NewJSON(b.w)
	}
	b.head(http.StatusOK, b.answers.ContentType())
	for i := 0; i < len(b.items); {
		end := i + 1
		for end < len(b.items) && b.items[i].Group != "" && b.items[end].Group == b.items[i].Group {
			end++
		}
		if !b.group(b.items[i:end]) && !b.onError {
			break
		}
		i = end
	}
	return b.answers.Close()
}

// asJSON chooses the form of the answer: what the client accepts, else the form of
// the request.
func (b *batchRun) asJSON() bool {
	accept := strings.ToLower(strings.Join(b.r.Header.Values("Accept"), ","))
	json, mixed := strings.Contains(accept, "application/json"), strings.Contains(accept, "multipart/mixed")
	if json != mixed {
		return json
	}
	return b.json
}

// errCondition is the answer to a request with a condition of its own: who evaluates
// none fails the request as if what it depends on had failed.
//
// Source: OData JSON Format 4.01, section 19.1.
var errCondition = gwerr.New(gwerr.NotImplemented, "The condition (if) of a request is not evaluated.", "Leave it out; dependsOn has a request wait for the success of others.")

// group answers a request, or those of a change set. ok is false where it failed.
func (b *batchRun) group(items []batch.Item) (ok bool) {
	if slices.ContainsFunc(items, func(i batch.Item) bool { return i.Conditional }) {
		for k := range items {
			b.refuse(&items[k], http.StatusFailedDependency, errCondition)
		}
		return false
	}
	if refused := b.unfit(items); refused != nil {
		if !b.json { // one answer for the whole set
			items = items[:1]
		}
		for k := range items {
			b.refuse(&items[k], http.StatusOK, refused)
		}
		return false
	}
	item := &items[0]
	for _, needed := range item.DependsOn {
		if b.failed[needed] {
			b.refuse(item, http.StatusFailedDependency, gwerr.Newf(gwerr.BadRequest, "Request %q failed, on which this one depends.", needed))
			return false
		}
	}
	return b.answer(item)
}

// unfit says why a change set is not carried out.
//
// PingOne has no transactions: a change set of one change is all or nothing by
// itself, a larger one can't be. Undoing what was done before a failure would not be
// nothing: deleted entities don't come back with their ids and secrets, and
// notifications were sent.
//
// Source: OData 4.01 Part 1, section 11.7.7.4; JSON Format 4.01, section 19.4.
func (b *batchRun) unfit(items []batch.Item) error {
	switch {
	case len(items) > 1:
		return gwerr.New(gwerr.NotImplemented, "All changes of a change set have to be made, or none, and PingOne has no transactions. None was made.", "Send each change in a change set of its own, or without one.")
	case items[0].Group != "" && !b.json && items[0].Method == http.MethodGet:
		return gwerr.New(gwerr.BadRequest, "A change set has changes alone.", "Send the request beside it.")
	}
	return nil
}

// answer answers one request.
func (b *batchRun) answer(item *batch.Item) (ok bool) {
	r, err := b.inner(item)
	if err != nil {
		b.refuse(item, http.StatusOK, err)
		return false
	}
	w := &watched{ResponseWriter: b.answers.Answer(item), batch: b, status: http.StatusOK}
	b.h.ServeHTTP(w, r)
	if w.status >= http.StatusBadRequest {
		b.fail(item)
		return false
	}
	if item.ID != "" {
		b.entities[item.ID] = r.URL.EscapedPath()
		if at := w.Header().Get("Location"); at != "" {
			b.entities[item.ID] = b.path(at)
		}
	}
	return true
}

func (b *batchRun) fail(item *batch.Item) {
	b.failed[item.ID] = true
	if item.Group != "" {
		b.failed[item.Group] = true
	}
}

// refuse answers a request that is not carried out; the status is the error's own
// unless another one is given.
func (b *batchRun) refuse(item *batch.Item, status int, err error) {
	b.fail(item)
	inner := &request{h: b.h, r: b.r, w: b.answers.Answer(item), version: b.version}
	if status != http.StatusOK {
		inner.status = status
	}
	inner.fail(err)
}

// path turns an address of this service into its path; "" if it is another one's.
func (b *batchRun) path(address string) string {
	base := b.h.cfg.BaseURL(b.r)
	if rest, ok := strings.CutPrefix(address, base); ok {
		return rest
	}
	if u, err := url.Parse(base); err == nil && u.Path != "" {
		if rest, ok := strings.CutPrefix(address, u.EscapedPath()); ok && strings.HasPrefix(rest, "/") {
			return rest
		}
	}
	if strings.HasPrefix(address, "/") {
		return address
	}
	return ""
}

// reference splits an address that begins with the entity of an earlier request.
func (b *batchRun) reference(address string) (name, rest string, found bool) {
	address, found = strings.CutPrefix(address, "$")
	if !found {
		return "", "", false
	}
	end := strings.IndexAny(address, "/?")
	if end < 0 {
		end = len(address)
	}
	name = address[:end]
	switch name {
	case "metadata", "all", "entity", "batch":
		return "", "", false
	}
	return name, address[end:], !strings.HasPrefix(name, "crossjoin(")
}

// inherited are headers of a batch that hold for its requests. Preferences don't: those
// that the gateway honours are for single requests, or for the batch as a whole.
//
// Source: OData 4.01 Part 1, sections 8.2.3, 8.2.7 and 8.2.8.
var inherited = []string{"OData-MaxVersion", "Accept-Language", "User-Agent"}

func (b *batchRun) headers(item *batch.Item) http.Header {
	out := item.Header
	for _, name := range inherited {
		if v := b.r.Header.Get(name); v != "" && out.Get(name) == "" {
			out.Set(name, v)
		}
	}
	if accept := b.acceptedWithin(); accept != "" && out.Get("Accept") == "" {
		out.Set("Accept", accept)
	}
	return out
}

// acceptedWithin is what the batch's Accept says of its requests, "" for nothing: the
// ranges but for those of several answers as one.
//
// Source: OData 4.01 Part 1, section 8.2.1.
func (b *batchRun) acceptedWithin() string {
	var within []string
	for _, line := range b.r.Header.Values("Accept") {
		for _, item := range splitList(line, ',') {
			if r, ok := parseRange(item); ok && !strings.HasPrefix(r.name, "multipart/") {
				within = append(within, strings.TrimSpace(item))
			}
		}
	}
	return strings.Join(within, ", ")
}

// watched notes the status of an answer in a batch.
type watched struct {
	http.ResponseWriter
	batch  *batchRun
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
