package odatatest

import (
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// valueOf turns a cell into a predicate's value; ok is false for null.
func valueOf(t catalog.Type, cell any) (predicate.Value, bool) {
	switch c := cell.(type) {
	case string:
		if t == catalog.GUID {
			return predicate.UUIDValue(c), true
		}
		return predicate.StringValue(c), true
	case bool:
		return predicate.BoolValue(c), true
	case int64:
		return predicate.IntValue(c), true
	case float64:
		return predicate.FloatValue(c), true
	case time.Time:
		return predicate.TimeValue(c), true
	default:
		return predicate.Value{}, false
	}
}

func holds(op predicate.Op, order int) bool {
	switch op {
	case predicate.Eq:
		return order == 0
	case predicate.Ne:
		return order != 0
	case predicate.Lt:
		return order < 0
	case predicate.Le:
		return order <= 0
	case predicate.Gt:
		return order > 0
	default:
		return order >= 0
	}
}

func matches(m predicate.Match, s string) bool {
	switch m.Kind {
	case predicate.Prefix:
		return strings.HasPrefix(s, m.Text)
	case predicate.Suffix:
		return strings.HasSuffix(s, m.Text)
	default:
		return strings.Contains(s, m.Text)
	}
}
