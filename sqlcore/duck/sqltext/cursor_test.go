package sqltext_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

func TestCursor(t *testing.T) {
	t.Parallel()
	c, err := sqltext.Read("show tables from a.b.c ;;")
	require.NoError(t, err)
	assert.True(t, c.Next().Is("show"))
	assert.False(t, c.Take("schemas"), "another word is not taken")
	assert.True(t, c.Take("TABLES"))
	assert.True(t, c.Peek(-1).Is("tables"))
	assert.True(t, c.Peek(0).IsAny("in", "from"))
	c.At++
	assert.Nil(t, c.Chain(2), "three parts are more than two")
	assert.Len(t, c.Chain(3), 3)
	assert.Empty(t, c.Peek(0).Text)
	assert.Equal(t, 25, gwerr.From(c.Wrong("More is expected.", "")).Position, "the end of the text")
}

func TestReadTakesOneStatement(t *testing.T) {
	t.Parallel()
	_, err := sqltext.Read("select 1; select 2")
	assert.Equal(t, 8, gwerr.From(err).Position)
	c, err := sqltext.Read(" -- nothing")
	require.NoError(t, err)
	assert.Empty(t, c.Next().Text)
}

func TestClosing(t *testing.T) {
	t.Parallel()
	tokens, err := sqltext.Lex("f(a[1], (b)) + {x: 1}")
	require.NoError(t, err)
	for open, closed := range map[int]string{1: ")", 3: "]", 7: ")", 12: "}"} {
		at := sqltext.Closing(tokens, open)
		assert.Equal(t, closed, tokens[at].Text)
		assert.Equal(t, tokens[open].Depth, tokens[at].Depth)
	}
	assert.Equal(t, 10, sqltext.Closing(tokens, 1))
	assert.Equal(t, 1, sqltext.Closing(tokens[:2], 1), "without one, the last token")
}
