package passthrough_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

var refused = gwerr.New(gwerr.UpstreamAuth, "no", "")

func TestPingOneAsksEachEnvironmentForAToken(t *testing.T) {
	t.Parallel()
	end := time.Unix(2_000_000_000, 0)
	down := gwerr.New(gwerr.UpstreamFailed, "down", "")
	for _, c := range []struct {
		name    string
		answers map[string]error
		home    string
		code    gwerr.Code
		asked   []string
	}{
		{"the first", map[string]error{"a": nil}, "a", "", []string{"a"}},
		{"the second", map[string]error{"a": refused, "b": nil}, "b", "", []string{"a", "b"}},
		{"none", map[string]error{"a": refused, "b": refused}, "", gwerr.Unauthenticated, []string{"a", "b"}},
		{"a server that is down proves nothing", map[string]error{"a": down, "b": nil}, "", gwerr.UpstreamFailed, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			home := ""
			p := &passthrough.PingOne{
				Clients: []string{"a", "b"},
				Get: func(_ context.Context, environment string, _ *auth.Upstream) (time.Time, error) {
					asked = append(asked, environment)
					return end, c.answers[environment]
				},
				Home: func(_ *auth.Upstream, environment string) { home = environment },
			}
			id, err := p.Verify(t.Context(), auth.NewUpstreamClient(poolKey, client, tokens.NewSecret("s")))
			assert.Equal(t, c.asked, asked)
			assert.Equal(t, c.home, home)
			if c.code != "" {
				assert.True(t, gwerr.Is(err, c.code), "%v", err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, passthrough.Identity{Name: client, Until: end}, id)
		})
	}
}

func TestPingOneTakesTokensOfOurEnvironments(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	require.NoError(t, err)
	token := func(claims map[string]any) string {
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		require.NoError(t, err)
		return text
	}
	const end = 2_000_000_000
	for _, c := range []struct {
		name, token string
		use         error
		want        string
		code        gwerr.Code
	}{
		{"of a user", token(map[string]any{"sub": "u", "client_id": "c", "env": "OURS", "exp": end}), nil, "u", ""},
		{"of an application", token(map[string]any{"client_id": "c", "env": "ours", "exp": end}), nil, "c", ""},
		{"of another environment", token(map[string]any{"sub": "u", "env": "theirs", "exp": end}), nil, "", gwerr.Unauthenticated},
		{"without an end", token(map[string]any{"sub": "u", "env": "ours"}), nil, "", gwerr.Unauthenticated},
		{"no token", "abc", nil, "", gwerr.Unauthenticated},
		{"PingOne refuses it", token(map[string]any{"sub": "u", "env": "ours", "exp": end}), refused, "", gwerr.Unauthenticated},
		{"PingOne is down", "abc", gwerr.New(gwerr.UpstreamFailed, "down", ""), "", gwerr.UpstreamFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &passthrough.PingOne{Tokens: []string{"ours"}, Use: func(context.Context, *auth.Upstream) error { return c.use }}
			id, err := p.Verify(t.Context(), auth.NewUpstreamToken(poolKey, tokens.NewSecret(c.token)))
			if c.code != "" {
				assert.True(t, gwerr.Is(err, c.code), "%v", err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, id.Name)
			assert.Equal(t, int64(end), id.Until.Unix())
		})
	}
}
