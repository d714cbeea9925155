package sim

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// byCreation are the ids of rows as they come without an order.
func byCreation(p *place) (ids []string) {
	rows := p.rows.All()
	slices.SortStableFunc(rows, func(a, b *resource.Row) int {
		return strings.Compare(resource.First(a.Members, "createdAt"), resource.First(b.Members, "createdAt"))
	})
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}

// reorder lists rows in the order that is sent, those it does not name last.
func reorder(p *place, _ *resource.Row, sent map[string]any) error {
	ids := resource.Values(sent, "order.id")
	if len(ids) == 0 {
		return invalidValue("order", "The order must name devices.")
	}
	for _, id := range ids {
		if p.rows.Find(id) == nil {
			return invalidValue("order", "The order names what is not there.")
		}
	}
	return arrange(p, ids)
}

func arrange(p *place, ids []string) error {
	for _, row := range p.rows.All() {
		if !slices.Contains(ids, row.ID) {
			ids = append(ids, row.ID)
		}
	}
	for _, id := range ids {
		if row := p.rows.Find(id); row != nil {
			p.rows.Delete(id)
			p.rows.Put(row)
		}
	}
	return nil
}
