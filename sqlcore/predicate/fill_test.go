package predicate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFilled(t *testing.T) {
	t.Parallel()
	first, second := Value{Kind: Param, Int: 1}, Value{Kind: Param, Int: 2}
	open := AllOf(
		Cmp{"A", Eq, first}, Not{AnyOf(In{"B", []Value{second, StringValue("b"), first}}, IsNull{"C"})},
		Match{"D", Prefix, "$1"}, Cmp{"E", Gt, IntValue(1)})
	assert.Equal(t, "A = $1 AND NOT (B IN ($2, 'b', $1) OR C IS NULL) AND D LIKE '$1%' AND E > 1", open.String())
	assert.Equal(t, "A = 'b' AND NOT (B IN ('x', 'b') OR C IS NULL) AND D LIKE '$1%' AND E > 1",
		Filled(open, []Value{StringValue("b"), StringValue("x")}).String(), "a value that is there twice stands once")
	assert.Contains(t, open.String(), "$1", "the kept condition stays as it is")
	assert.Nil(t, Filled(nil, nil))
}
