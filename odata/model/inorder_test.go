package model_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// bound is a binder that finds so many tables in a statement.
type bound struct {
	accesses int
	err      error
	asked    []string
	kept     query.Query
}

func (b *bound) Bind(_ context.Context, st query.Statement) (*query.Query, error) {
	b.asked = append(b.asked, st.SQL)
	b.kept.Accesses = make([]query.Access, b.accesses)
	return &b.kept, b.err
}

// Rows of one table to which something is added keep its order where $top or $skip
// leave some; whatever else there is makes an order of its own, by the key.
func TestRowsAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for address, inOrder := range map[string]bool{
		"Books?$compute=Pages add 1 as P&$top=3":                                 true,
		"Books?$compute=Pages add 1 as P&$skip=3":                                true,
		"Books?$compute=Pages add 1 as P,P add 1 as Q&$top=3&$count=true":        true,
		"Books?$apply=filter(Pages gt 3)/compute(Pages add 1 as P)&$top=3":       true,
		"Books?$select=Tags($filter=startswith($this,'a'))&$top=3":               true,
		"Books?$compute=Pages add 1 as P":                                        false,
		"Books?$compute=Pages add 1 as P&$top=3&$orderby=Title":                  false,
		"Books?$compute=Pages add 1 as P&$top=3&$filter=P gt 3":                  false,
		"Books?$compute=Shelf/Name as P&$top=3":                                  false,
		"Books?$compute=Loans/$count as P&$top=3":                                false,
		"Books?$apply=groupby((Pages))&$top=3":                                   false,
		"Books?$apply=topcount(2,Pages)/compute(Pages add 1 as P)&$top=3":        false,
		"Books?$apply=topsum(9,Pages)/compute(Pages add 1 as P)&$top=3":          false,
		"Books?$apply=groupby((Author),topcount(1,Pages))&$top=3":                false,
		"Books?$apply=top(5)/compute(Pages add 1 as P)&$top=3":                   false,
		"Books?$apply=orderby(Pages)/compute(Pages add 1 as P)&$top=3":           false,
		"Books?$apply=concat(identity,identity)/compute(1 as P)&$top=3":          false,
		"Books?$apply=filter(Shelf/Name eq 'x')/compute(Pages as P)&$top=3":      false,
		"Books?$apply=filter(Loans/any(l:l/Number gt 1))/compute(1 as P)&$top=3": false,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			r, err := bind(t, address)
			if err != nil {
				t.Fatal(err)
			}
			b := &bound{accesses: 1}
			q, err := r.Rows(t.Context(), b, nil, 3)
			if err != nil || q.InOrder != inOrder || b.kept.InOrder || len(b.asked) != 1 || strings.Contains(b.asked[0], "ORDER BY") == inOrder {
				t.Errorf("in order %t, %v: %q", q.InOrder, err, b.asked)
			}
			if !inOrder {
				return
			}
			b = &bound{accesses: 2}
			if q, err = r.Rows(t.Context(), b, nil, 3); err != nil || q.InOrder || len(b.asked) != 2 || !strings.Contains(b.asked[1], "ORDER BY") {
				t.Errorf("over two tables: %t, %v: %q", q.InOrder, err, b.asked)
			}
			b = &bound{err: errors.New("no such")}
			if _, err = r.Rows(t.Context(), b, nil, 3); !errors.Is(err, b.err) {
				t.Errorf("%v", err)
			}
		})
	}
}
