package odata

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	files "github.com/pingone-gateway/gateway/sqlcore/format"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// request is one request on its way through the stages.
type request struct {
	// Request answers from the moment on when the request is admitted.
	Request
	h     *Handler
	r     *http.Request
	w     http.ResponseWriter
	began time.Time

	// root is the absolute address of the service, with a slash at its end;
	// rest the escaped path below it; query the raw query.
	root, rest, query string
	body              []byte // of a method that writes
	batch             *batchRun
	schema            *catalog.Schema
	version           version
	prefer            preferences
	accepted          []mediaRange
	format            format
	file              *files.Kind // what a feed is answered as, or nil for JSON
	resource          *model.Resource
	writes            bool                       // the method changes something
	method            string                     // what is done, which may not be the method sent
	held              bool                       // what the conditions of the headers are about was looked at
	bare              bool                       // it is done to links or to one property: the body holds no entity
	given             map[string]json.RawMessage // what the address gives columns
	from              *continuation              // where a next link continues, or nil
	now               time.Time                  // the instant of the first page
	tracked           *tracking                  // of a feed that delta links lead to, or nil
	tagged            bool                       // rows have a version, in the column tagAt of the result
	tagAt             int

	route string // for metrics, where no resource was found
	// expanded are the related entities that further rows may lead to, of kept bytes.
	expanded map[*model.Expansion]map[string]*group
	kept     int

	made    bool // the entity that is answered is new
	started bool
	status  int
	notes   string // in the headers sent
	rows    int64
	bytes   int64
}

// ServeHTTP answers one request. It panics with http.ErrAbortHandler to break
// off an answer that can't be completed.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{h: h, r: r, w: w, method: r.Method, began: h.cfg.Clock()}
	defer q.observe()
	if err := q.account(); err != nil {
		q.fail(err)
	}
}

var errDefect = error(gwerr.New(gwerr.Internal, "The request ended in a defect.", ""))

// account serves a request between its admission and its end.
func (q *request) account() (err error) {
	if begun, err := q.later(); begun || err != nil {
		return err
	}
	unread := q.readBody()
	if unread == nil && q.batch != nil {
		return q.batch.run()
	}
	ctx, admitted, err := q.h.cfg.Begin(q.r.Context(), q.statement())
	if err != nil {
		return err
	}
	q.r, q.Request = q.r.WithContext(ctx), admitted
	err = errDefect // unless another one comes
	defer func() { q.End(err) }()
	if unread != nil {
		return unread
	}
	return q.serve()
}

func (q *request) observe() {
	route := cmp.Or(q.route, "unknown")
	if q.resource != nil {
		route = q.resource.Kind.String()
	} else if q.batch != nil {
		route = "batch"
	}
	q.h.cfg.Sink.Observe(q.r.Context(), observe.RequestFinished{
		FrontEnd: "odata", Route: route, Status: q.status, Rows: q.rows, Bytes: q.bytes,
		Duration: q.h.cfg.Clock().Sub(q.began),
	})
}

func (q *request) serve() error {
	done, err := q.locate()
	if done || err != nil {
		return err
	}
	if err := q.readHeaders(); err != nil {
		return err
	}
	if !q.does() {
		return q.describe()
	}
	if err := q.bind(); err != nil {
		return err
	}
	if q.resource.Kind == model.Action {
		return q.act(q.r.Context())
	}
	if !q.writes {
		return q.answer()
	}
	if err := q.redirect(q.r.Context()); err != nil {
		return err
	}
	if err := q.writable(q.r.Context(), q.bind); err != nil {
		return err
	}
	if err := q.condition(q.r.Context()); err != nil {
		return err
	}
	return q.change(q.r.Context())
}

// locate finds the schema that the path names. done is true where the path
// names something else, which has been answered.
func (q *request) locate() (done bool, err error) {
	path, found := strings.CutPrefix(q.r.URL.EscapedPath(), q.h.cfg.Prefix)
	if !found {
		return false, gwerr.New(gwerr.NotFound, "There is no service at this address.", "")
	}
	segment, rest, _ := strings.Cut(path, "/")
	name, err := url.PathUnescape(segment)
	if err != nil {
		return false, gwerr.New(gwerr.Syntax, "A percent escape in the path is broken.", "Write % itself as %25.")
	}
	if methods := fixedMethods(name, rest); methods != "" && !q.does() {
		return true, q.options(methods)
	}
	if err := q.checkMethod(rest); err != nil {
		return false, err
	}
	ctx := q.r.Context()
	if name == "" {
		q.route = "services"
		return true, q.serviceList(ctx)
	}
	if file, ok := strings.CutSuffix(name, connectionSuffix); ok && rest == "" {
		q.route = "connection_file"
		return true, q.connectionFile(ctx, file)
	}
	if schema, set, ok := officeName(name, rest); ok {
		q.route = "connection_file"
		return true, q.officeFile(ctx, schema, set)
	}
	if name == monitorSegment {
		return true, q.monitor(rest)
	}
	if name == edm.VocabularySegment {
		q.route = "vocabulary"
		return true, q.vocabulary(rest)
	}
	q.route = "schema" // until more is known
	q.schema, err = q.Schema(ctx, name)
	if err != nil {
		return false, err
	}
	q.schema = q.schema.Sets()
	q.root = q.serviceRoot(name)
	if _, writes := kinds[q.r.Method]; writes {
		rest, found = strings.CutSuffix(rest, querySegment)
		q.writes = !found
	}
	q.rest = rest
	return false, nil
}

func (q *request) serviceRoot(schema string) string {
	return q.h.cfg.BaseURL(q.r) + q.h.cfg.Prefix + url.PathEscape(schema) + "/"
}

// readHeaders reads what the client prefers, and whether it can be given.
func (q *request) readHeaders() error {
	header := q.r.Header
	var err error
	if q.version, err = negotiateVersion(header); err != nil {
		return err
	}
	if len(q.body) > 0 {
		if err := written(header); err != nil {
			return err
		}
	}
	for _, name := range [...]string{canonicalIsolation, "Isolation"} {
		if header.Get(name) != "" {
			q.status = http.StatusPreconditionFailed
			return gwerr.New(gwerr.NotImplemented, "Snapshot isolation is not available.", "").On(strings.Replace(name, "Odata", "OData", 1))
		}
	}
	q.prefer = parsePrefer(header, q.h.cfg.MaxPageRows)
	if !q.writes { // return=… is about changes
		q.prefer.minimal, q.prefer.representation = false, false
	}
	return nil
}

// bind parses the address and binds it to the schema.
func (q *request) bind() error {
	parsed, err := uri.Parse(q.rest, q.query, q.h.cfg.Limits)
	if err != nil {
		return err
	}
	if parsed, err = q.resolve(parsed); err != nil {
		return err
	}
	o := &parsed.Options
	if v := o.SchemaVersion; v != nil && v.Value != "*" {
		return gwerr.New(gwerr.NotFound, "The schema has no versions.", "Leave $schemaversion out.").On("$schemaversion")
	}
	delta := o.DeltaToken
	if q.h.cfg.Changes != nil {
		o.DeltaToken = nil
	}
	now := q.h.cfg.Clock()
	if o.SkipToken != nil {
		c, err := q.h.links.open(o.SkipToken.Value, q.scope(), now)
		if err != nil {
			return err
		}
		q.from, now = &c, c.Issued
	}
	q.accepted = ranges(q.r.Header, o.Format)
	json, jsonErr := negotiateJSON(q.accepted)
	inFile := negotiateFile(q.accepted) != nil
	withoutIDs := jsonErr == nil && json.metadata == encode.None || inFile
	q.now = now
	q.resource, err = model.Bind(q.schema, parsed, model.Options{
		Namespace: q.h.cfg.Namespace, Now: now, WithoutIDs: withoutIDs, Flat: inFile, Actions: q.actions, Writes: q.writes,
	})
	if err != nil {
		return err
	}
	if err := q.chooseFormat(json, jsonErr); err != nil {
		return err
	}
	if q.resource.Ref && q.format.metadata == encode.Full {
		q.format.metadata = encode.Minimal // the id is all that a reference has
	}
	q.versioned()
	return q.track(delta)
}

func (q *request) chooseFormat(json format, jsonErr error) (err error) {
	switch q.resource.Kind {
	case model.Metadata:
		q.format, err = negotiateMetadata(q.accepted)
	case model.Count, model.Raw, model.Length:
		q.format = format{name: "text/plain"}
	default:
		if err := q.asFile(); err != nil || q.file != nil {
			return err
		}
		q.format, err = json, jsonErr
	}
	return err
}

func (q *request) answer() error {
	ctx := q.r.Context()
	if q.r.Header.Get(planHeader) != "" && q.resource.Table != nil {
		return q.plan(ctx)
	}
	switch q.resource.Kind {
	case model.ServiceDocument:
		return q.serviceDocument()
	case model.Metadata:
		return q.metadata()
	case model.Feed:
		if q.tracked != nil && q.tracked.asks && q.r.Method != http.MethodHead {
			return q.delta(ctx)
		}
		return q.feed(ctx)
	case model.Count:
		return q.count(ctx)
	case model.All:
		return q.all(ctx)
	default:
		return q.single(ctx)
	}
}

// encoding are the options of JSON payloads.
func (q *request) encoding() encode.Options {
	return encode.Options{
		Metadata: q.format.metadata, Prefix: q.version.prefix(), IEEE754: q.format.ieee754, OmitNulls: q.prefer.omitNulls,
	}
}

func (q *request) context() string {
	delta := ""
	if q.tracked != nil && q.tracked.asks {
		delta = "/$delta"
	}
	return q.contextOf(q.resource) + delta
}

func (q *request) contextOf(r *model.Resource) string {
	return q.root + "$metadata#" + r.Context(q.version == version401)
}

// head writes the status and the headers that every answer has.
func (q *request) head(status int, contentType string) {
	h := q.w.Header()
	// Set would leave another spelling of the name beside this one.
	delete(h, canonicalVersion)
	h[headerVersion] = []string{q.version.String()}
	if contentType != "" {
		h.Set("Content-Type", contentType)
		h.Set("X-Content-Type-Options", "nosniff")
	}
	if q.Request != nil {
		if q.notes = query.NotesText(q.Notes()); q.notes != "" {
			h.Set(query.NotesHeader, q.notes)
		}
	}
	h.Add("Vary", "Accept, OData-MaxVersion, Prefer")
	if applied := q.applied(status); applied != "" && status < http.StatusMultipleChoices {
		h.Set("Preference-Applied", applied)
	}
	q.started, q.status = true, status
	q.w.WriteHeader(status)
}

// whole writes a short answer at once. It is sent when its request has ended: by
// then a client's change or call is on the trail, and its turn has been given back.
func (q *request) whole(status int, contentType string, body []byte) error {
	q.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	q.head(status, contentType)
	if q.r.Method == http.MethodHead {
		return nil
	}
	return q.write(body)
}

// write sends a part of the body. A client that doesn't read is a reason to
// stop, not to answer.
func (q *request) write(p []byte) error {
	n, err := q.w.Write(p)
	q.bytes += int64(n)
	return err
}
