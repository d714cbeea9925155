package pingone

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// runShown runs one key. Where PingOne refuses a key that it does not show, as
// it does with other organizations, there are no rows; any other refusal stays
// an error.
func (j *job) runShown(ctx context.Context, out sink, key []string) error {
	handed := false
	err := j.run(ctx, func(ctx context.Context, b scan.Batch) error {
		handed = true
		return out(ctx, b)
	}, key, nil)
	if j.path.Shown == nil || handed || !gwerr.Is(err, gwerr.UpstreamForbidden) {
		return err
	}
	if shown, failed := j.shows(ctx, key); failed != nil || shown {
		return err
	}
	return nil
}

// shows reports whether the table that lists what is shown has the key.
func (j *job) shows(ctx context.Context, key []string) (bool, error) {
	s := j.path.Shown
	table, ok := j.table.Schema.Table(s.Table)
	if !ok {
		return false, gwerr.Newf(gwerr.Internal, "The schema of %s has no table %s.", j.table.Name, s.Table)
	}
	want, found := key[slices.Index(j.path.Keys, s.Key)], false
	r := scan.Request{Table: table, Path: table.Listing(), Columns: []int{table.Index(s.Column)}, Bulk: j.req.Bulk}
	err := j.eachRow(ctx, r, func(rec arrow.RecordBatch, i int) error {
		found = found || strings.EqualFold(rec.Column(0).ValueStr(i), want)
		return nil
	})
	return found && err == nil, err
}
