package pingone

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// groupConfiguration is the rate-limit group of all calls for which no table
// declares another.
const groupConfiguration = "rlgConfigRpm"

// listing is a small collection that the connection reads for itself.
type listing struct {
	address         address
	items           string
	endpoint, group string
	// permission names the right that reading needs.
	permission string
}

// restarts bounds how often a collection is read again because its cursor was
// refused.
const restarts = 3

// collect reads a collection whole, with one token as far as that lasts.
func (c *Directory) collect(ctx context.Context, l listing) (out []json.RawMessage, err error) {
	cred := &credential{}
	for range 1 + restarts {
		out, err = c.collectOnce(ctx, l, cred)
		if !errors.Is(err, errCursor) {
			break
		}
	}
	return out, err
}

func (c *Directory) collectOnce(ctx context.Context, l listing, cred *credential) ([]json.RawMessage, error) {
	var out []json.RawMessage
	seen := map[address]bool{}
	for at := l.address; ; {
		seen[at] = true
		items, link, err := c.collectPage(ctx, l, call{
			address: at, endpoint: l.endpoint, group: l.group, permission: l.permission, later: len(seen) > 1, cred: cred,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
		if link == "" {
			return out, nil
		}
		next, err := c.client.relative(link)
		if err != nil {
			return nil, err
		}
		if next.path != l.address.path {
			return nil, gwerr.New(gwerr.UpstreamRejected, "PingOne's answer continues at an unexpected address; it was not followed.", "")
		}
		if seen[next] {
			return nil, gwerr.New(gwerr.UpstreamRejected, "PingOne's answers continue in a circle; reading them would never end.", "")
		}
		at = next
	}
}

// collectPage reads one page: its items and its next link, "" for none.
func (c *Directory) collectPage(ctx context.Context, l listing, q call) (items []json.RawMessage, next string, err error) {
	_, err = c.client.get(ctx, q, func(body []byte) error {
		var answer struct {
			Embedded map[string]json.RawMessage `json:"_embedded"`
			Links    struct {
				Next struct{ Href string } `json:"next"`
			} `json:"_links"`
		}
		items = nil
		err := json.Unmarshal(body, &answer)
		if err == nil {
			err = json.Unmarshal(answer.Embedded[l.items], &items)
		}
		if err != nil {
			return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer for "+l.endpoint+" is cut short or not of the expected form.", "Try again.")
		}
		next = answer.Links.Next.Href
		return nil
	})
	return items, next, err
}

// unmarshalEach reads every item into a slice.
func unmarshalEach[T any](items []json.RawMessage, to *[]T) error {
	for _, item := range items {
		var v T
		if err := json.Unmarshal(item, &v); err != nil {
			return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer is not of the expected form.", "Try again.")
		}
		*to = append(*to, v)
	}
	return nil
}
