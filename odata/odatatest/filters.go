package odatatest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Filters makes random filters over the table Books: well-typed, with nulls
// and negations everywhere.
type Filters struct {
	Rand *rand.Rand
	// Simple leaves out what predicates can't say.
	Simple bool
}

// Make returns a filter as it is written in an address, not encoded.
func (g Filters) Make(depth int) string {
	if depth == 0 || g.Rand.IntN(4) == 0 {
		return g.leaf()
	}
	switch g.Rand.IntN(6) {
	case 0, 1:
		return "(" + g.Make(depth-1) + " and " + g.Make(depth-1) + ")"
	case 2, 3:
		return "(" + g.Make(depth-1) + " or " + g.Make(depth-1) + ")"
	case 4:
		return "not (" + g.Make(depth-1) + ")"
	default:
		if g.Simple {
			return "not (" + g.leaf() + ")"
		}
		return fmt.Sprintf("(%s) %s %s", g.Make(depth-1), g.pick("eq", "ne"), g.pick("true", "false"))
	}
}

func (g Filters) pick(from ...string) string { return from[g.Rand.IntN(len(from))] }

func (g Filters) text() string {
	return g.pick("'Milk'", "'milk'", "'O''Neil'", "''", "'a_b'", "'%'", "'Author 1'", "'Zürich 😀'", "null", "'_'", "'il'")
}

func (g Filters) op() string { return g.pick("eq", "ne", "lt", "le", "gt", "ge") }

func (g Filters) leaf() string {
	kinds := 8
	if !g.Simple {
		kinds = 20
	}
	switch g.Rand.IntN(kinds) {
	case 0:
		return g.compare(g.pick("Title", "Author"), g.text())
	case 1:
		return g.compare(g.pick("Pages", "Sold", "Price"), g.pick("0", "3", "1.5", "-1", "3000000021", "null", "INF", "2.0"))
	case 2:
		return g.pick("InPrint", "InPrint eq true", "InPrint ne false", "InPrint eq null", "not InPrint", "true", "null", "false")
	case 3:
		return g.compare("BoughtAt", g.pick("2024-01-05T00:00:00Z", "2024-01-04T23:00:00.001-01:00", "2024-01-06T00:00:00.0005Z", "2024-01-05T00:00:00.0011Z", "null"))
	case 4:
		return fmt.Sprintf("%s(%s,%s)", g.pick("contains", "startswith", "endswith"), g.pick("Title", "Author"), g.text())
	case 5:
		return fmt.Sprintf("%s in (%s,%s)", g.pick("Title", "Author"), g.text(), g.text())
	case 6:
		return g.pick("Id", "ShelfId") + " " + g.pick("eq", "ne") + " " + g.pick(ID("book", 3), ID("shelf", 1), "'"+strings.ToUpper(ID("book", 4))+"'", "null")
	case 7:
		return "Pages in (" + g.pick("1,2", "null,3", "null", "0") + ")"
	default:
		return g.computed()
	}
}

// compare puts the constant on either side.
func (g Filters) compare(left, right string) string {
	if g.Rand.IntN(4) == 0 {
		left, right = right, left
	}
	return left + " " + g.op() + " " + right
}

func (g Filters) computed() string {
	text := g.pick("Title", "Author")
	switch g.Rand.IntN(12) {
	case 0:
		return fmt.Sprintf("%s(%s) %s %s", g.pick("tolower", "toupper", "trim"), text, g.op(), g.text())
	case 1:
		return fmt.Sprintf("length(%s) %s %s", text, g.op(), g.pick("0", "4", "8", "null"))
	case 2:
		return fmt.Sprintf("indexof(%s,%s) %s %s", text, g.text(), g.op(), g.pick("0", "-1", "1"))
	case 3:
		return fmt.Sprintf("substring(%s,%s) %s %s", text, g.pick("0", "1", "-2", "99", "-99", "1,2", "-3,2", "0,-1"), g.pick("eq", "ne"), g.text())
	case 4:
		return fmt.Sprintf("concat(%s,%s) %s %s", text, g.text(), g.pick("eq", "ne"), g.text())
	case 5:
		return fmt.Sprintf("%s(BoughtAt) %s %s", g.pick("year", "month", "day", "hour", "minute", "second", "fractionalseconds"), g.op(), g.pick("0", "1", "5", "2024", "0.001", "0.5"))
	case 6:
		return fmt.Sprintf("%s %s %s %s %s", g.pick("Pages", "Sold", "Price"), g.pick("add", "sub", "mul", "div", "mod", "divby"), g.pick("2", "Pages", "-3", "0.5"), g.op(), g.pick("0", "3", "1.5", "Pages"))
	case 7:
		return fmt.Sprintf("%s(Price) %s %s", g.pick("ceiling", "floor", "round"), g.op(), g.pick("0", "1", "2"))
	case 8:
		return fmt.Sprintf("Tags/%s(x:%s)", g.pick("any", "all"), g.pick("x eq 'a'", "x ne 'b'", "contains(x,'c')", "x eq Author", "x eq 'a' or Pages eq 1", "not (x gt 'a')"))
	case 9:
		return g.pick("Tags/any()", "not Tags/any()", "Tags/$count gt 1", "'b' in Tags", "Tags/$count eq 0")
	case 10:
		return fmt.Sprintf("%s %s %s", g.pick("Pages", "Price", "Sold"), g.op(), g.pick("Pages", "Price", "Sold"))
	default:
		return fmt.Sprintf("Title %s Author", g.op())
	}
}
