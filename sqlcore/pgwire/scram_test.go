package pgwire_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/scram"
	"github.com/pingone-gateway/gateway/sqlcore/pgwire"
)

func TestScram(t *testing.T) {
	t.Parallel()
	verifier, err := scram.New("the key")
	require.NoError(t, err)
	d := &desk{password: "never sent", answers: answers{"SELECT 1": count(10)}}
	proofs := make(chan pgwire.Proof, 4)
	_, address := serve(t, d, func(c *pgwire.Config) {
		c.Verifier = func(user string) (scram.Verifier, bool) { return verifier, user == "anna" }
		c.SignIn = func(ctx context.Context, l pgwire.Login) (pgwire.Session, error) {
			proofs <- l.Proof
			assert.Empty(t, l.Password)
			return d, nil // even where the proof was wrong
		}
	})
	conn, err := pgconn.Connect(t.Context(), "postgres://anna:the%20key@"+address+"/library?sslmode=disable")
	require.NoError(t, err)
	assert.Equal(t, pgwire.Proved, <-proofs)
	require.NoError(t, conn.Close(t.Context()))
	_, err = pgconn.Connect(t.Context(), "postgres://anna:another@"+address+"/library?sslmode=disable")
	assert.Equal(t, "28P01", pgError(t, err).Code)
	assert.Equal(t, pgwire.Refuted, <-proofs)
}
