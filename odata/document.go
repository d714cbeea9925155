package odata

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
)

func (q *request) serviceDocument() error {
	prefix := q.version.prefix()
	if q.format.metadata == encode.None {
		prefix = ""
	}
	return q.document(q.format.contentType(q.version), edm.ServiceDocument(q.schema, q.root, prefix))
}

func (q *request) metadata() error {
	callable := edm.Actions(q.schema, q.Procedures(q.schema, true))
	o := q.h.model
	o.Later = q.version == version401
	if q.format.name == "application/xml" {
		return q.document(q.format.contentType(q.version), edm.Metadata(q.schema, o, callable, false))
	}
	return q.document("application/json", edm.Metadata(q.schema, o, callable, true))
}

// vocabulary answers one of the vocabularies that $metadata refers to.
func (q *request) vocabulary(file string) error {
	d, ok := edm.Vocabulary(file)
	if !ok {
		return gwerr.New(gwerr.NotFound, "There is no such vocabulary.", "$metadata refers to those that there are.")
	}
	if strings.HasSuffix(file, ".xml") {
		return q.document("application/xml", d)
	}
	return q.document("application/json", d)
}

// document answers a document with its entity tag, so that clients may ask
// whether it has changed.
func (q *request) document(contentType string, d edm.Document) error {
	q.w.Header().Set("ETag", d.Tag)
	if matches(q.r.Header, "If-None-Match", d.Tag) {
		q.head(http.StatusNotModified, "")
		return nil
	}
	return q.whole(http.StatusOK, contentType, d.Body)
}

// connectionSuffix ends the name of a Power BI connection file.
const connectionSuffix = ".pbids"

// connectionFile answers the file that opens Power BI Desktop on a schema.
func (q *request) connectionFile(ctx context.Context, schema string) error {
	if _, err := q.Schema(ctx, schema); err != nil {
		return err
	}
	type address struct {
		URL string `json:"url"`
	}
	type details struct {
		Protocol string  `json:"protocol"`
		Address  address `json:"address"`
	}
	type connection struct {
		Details details `json:"details"`
	}
	body, err := json.Marshal(struct {
		Version     string       `json:"version"`
		Connections []connection `json:"connections"`
	}{"0.1", []connection{{details{"odata", address{q.serviceRoot(schema)}}}}})
	if err != nil {
		return err
	}
	q.attachment(schema + connectionSuffix)
	return q.whole(http.StatusOK, "application/json", body)
}

// attachment tells a browser to keep the answer as a file of that name.
func (q *request) attachment(file string) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": file})
	if disposition == "" {
		disposition = "attachment"
	}
	q.w.Header().Set("Content-Disposition", disposition)
}

// serviceList answers the address above the schemas: which services there are.
func (q *request) serviceList(ctx context.Context) error {
	names, err := q.Names(ctx)
	if err != nil {
		return err
	}
	type service struct {
		Name string `json:"name"`
		ID   string `json:"id,omitempty"`
		URL  string `json:"url"`
	}
	list := make([]service, len(names))
	for i, n := range names {
		list[i] = service{n.Name, n.ID, q.h.cfg.BaseURL(q.r) + q.h.cfg.Prefix + url.PathEscape(n.Name) + "/"}
	}
	body, err := json.Marshal(map[string][]service{"services": list})
	if err != nil {
		return err
	}
	return q.whole(http.StatusOK, "application/json", body)
}
