package sqlclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// every is the time between two looks at a query.
const every = 2 * time.Second

// Progress is how far a query is, as GET /sql/{id} tells it.
type Progress struct {
	State                          string
	Calls, ExpectedCalls, RowsRead int64
	RowsSent                       int64
	ElapsedSeconds                 float64
	BudgetWaitSeconds              float64
}

// String says it for a person.
func (p Progress) String() string {
	s := []string{(time.Duration(p.ElapsedSeconds) * time.Second).String()}
	switch {
	case p.State == "queued":
		s = append(s, "waiting for a turn")
	case p.ExpectedCalls > 0:
		s = append(s, fmt.Sprintf("%d of about %d calls", p.Calls, p.ExpectedCalls))
	case p.Calls > 0:
		s = append(s, fmt.Sprintf("%d calls", p.Calls))
	}
	if p.RowsRead > 0 {
		s = append(s, fmt.Sprintf("%d rows read", p.RowsRead))
	}
	if p.RowsSent > 0 {
		s = append(s, fmt.Sprintf("%d sent", p.RowsSent))
	}
	return strings.Join(s, ", ")
}

// watch looks at a query now and then, until it is told to stop.
func (c *Client) watch(ctx context.Context, id string) (stop func()) {
	if c.Progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if p, err := c.look(ctx, id); err == nil {
					c.Progress(p)
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

// look asks how far a query is.
func (c *Client) look(ctx context.Context, id string) (p Progress, err error) {
	err = c.about(ctx, http.MethodGet, id, func(body io.Reader) error { return json.NewDecoder(body).Decode(&p) })
	return p, err
}

// cancel ends a query.
func (c *Client) cancel(ctx context.Context, id string) error {
	return c.about(ctx, http.MethodDelete, id, func(io.Reader) error { return nil })
}

// about asks something about a query that runs.
func (c *Client) about(ctx context.Context, method, id string, read func(io.Reader) error) error {
	r, err := c.new(ctx, method, "/sql/"+id, nil)
	if err != nil {
		return err
	}
	resp, err := c.client().Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return answerError(resp.Body)
	}
	return read(io.LimitReader(resp.Body, 1<<20))
}
