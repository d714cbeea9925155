package service

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/results"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// maxResultAge bounds the age of a result, whatever the caller accepts.
const maxResultAge = time.Hour

// recent answers a bound query from a result that is young enough for its caller,
// or runs it and keeps the result. Who asks for no age gets neither.
func (r *Request) recent(ctx context.Context, st query.Statement, q *query.Query) (*query.Answer, error) {
	s, now := r.session.service, r.session.service.config.Now()
	keeps := st.MaxAge > 0 && !system.IsCommand(st.SQL) && !slices.ContainsFunc(q.Tables(), ofSystem)
	var key string
	if keeps {
		key = resultKey(r, st, q)
		if found, ok := s.results.Find(ctx, key, now.Add(-min(st.MaxAge, maxResultAge))); ok {
			r.reads(q)
			age := now.Sub(found.Taken)
			return &query.Answer{Columns: q.Columns, Rows: returned{found.Rows(), r}, Notes: func() []string { return found.Notes }, Age: &age}, nil
		}
	}
	r.mu.Lock()
	r.running = q
	r.mu.Unlock()
	rows, err := r.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	if keeps {
		rows = s.results.Keep(rows, results.Target{Key: key, Group: r.connection.Name, Keeper: r.connection.Executor}, now, r.Notes)
	}
	return &query.Answer{Columns: q.Columns, Rows: returned{rows, r}, Notes: r.Notes}, nil
}

// forgetting drops the results of a connection before something changes there,
// and what was read meanwhile once it is done.
func (s *Service) forgetting(c *Database) (done func()) {
	s.results.Forget(c.Name)
	return func() { s.results.Forget(c.Name) }
}

// ofSystem tells tables about the catalogue, whose rows are what the policy shows
// at the moment, and cost no calls.
func ofSystem(t *catalog.Table) bool { return t.Schema != nil && t.Schema.System }

// resultKey is equal for the same statement of one caller over the same connection
// as long as its rights show it the same.
func resultKey(r *Request, st query.Statement, q *query.Query) string {
	h := sha256.New()
	c := r.connection
	fmt.Fprintf(h, "%p %q %q %q %q %#v %#v %v\n", c.Executor, c.Name, r.session.caller.Identity(), r.session.schema, st.SQL, st.Positional, st.Named, q.Columns)
	for _, t := range q.Tables() {
		writeTable(h, t)
	}
	return string(h.Sum(nil))
}
