package pingone

import (
	"context"
	"encoding/json"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// groupConfiguration is the rate-limit group of configuration endpoints.
const groupConfiguration = "configuration"

// listing is a small collection that the connection reads for itself.
type listing struct {
	address         address
	items           string
	endpoint, group string
	// permission names the right that reading needs.
	permission string
}

// collect reads a collection whole.
func (c *Connection) collect(ctx context.Context, l listing) ([]json.RawMessage, error) {
	var out []json.RawMessage
	for at := l.address; ; {
		var answer struct {
			Embedded map[string]json.RawMessage `json:"_embedded"`
			Links    struct {
				Next struct{ Href string } `json:"next"`
			} `json:"_links"`
		}
		var items []json.RawMessage
		q := call{address: at, endpoint: l.endpoint, group: l.group, permission: l.permission}
		_, err := c.client.get(ctx, q, func(body []byte) error {
			answer.Embedded, answer.Links.Next.Href, items = nil, "", nil
			err := json.Unmarshal(body, &answer)
			if err == nil {
				err = json.Unmarshal(answer.Embedded[l.items], &items)
			}
			if err != nil {
				return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer for "+l.endpoint+" is cut short or not of the expected form.", "Try again.")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
		if answer.Links.Next.Href == "" {
			return out, nil
		}
		next, err := c.client.relative(answer.Links.Next.Href)
		if err != nil {
			return nil, err
		}
		if next == at || next.path != l.address.path {
			return nil, gwerr.New(gwerr.UpstreamRejected, "PingOne's answer continues at an unexpected address; it was not followed.", "")
		}
		at = next
	}
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
