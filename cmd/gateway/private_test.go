package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

func TestAPrivateGatewayIsItsUsersAlone(t *testing.T) {
	open := t.TempDir()
	require.NoError(t, os.Chmod(open, 0o755))
	for name, folder := range map[string]string{"open to others": open, "not there": filepath.Join(open, "x")} {
		_, err := (&configFlags{}).private(folder)
		assert.True(t, gwerr.Is(err, gwerr.Config), "%s: %v", name, err)
	}
	own := t.TempDir()
	require.NoError(t, os.Chmod(own, 0o700))
	t.Setenv("GATEWAY_CONNECTION", "AuthScheme=Token;OAuthAccessToken=x;WorkerAppEnvironmentId=7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11")
	cfg, err := (&configFlags{}).private(own)
	require.NoError(t, err)
	assert.Equal(t, "unix:"+own+"/.s.PGSQL.5433", cfg.Postgres.Address)
	assert.Equal(t, "unix:"+own+"/http", cfg.Listen.Address)
	assert.Empty(t, cfg.Admin.Address)
	cfg, err = (&configFlags{set: []string{"log.level=debug"}}).private(own)
	require.NoError(t, err)
	assert.Equal(t, "debug", cfg.Log.Level, "what is given holds")
}

// Sign-ins of a person are kept for the next program, under a key of the user.
func TestSignInsOfAPersonAreKept(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("HOME", home)
	own := t.TempDir()
	require.NoError(t, os.Chmod(own, 0o700))
	t.Setenv("GATEWAY_CONNECTION", "AuthScheme=OAuth;OAuthClientId=x;WorkerAppEnvironmentId=7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11")
	keep := func(set ...string) *config.Config {
		cfg, err := (&configFlags{set: set}).private(own)
		require.NoError(t, err)
		return cfg
	}
	first, second := keep(), keep()
	require.Len(t, first.Tokens.EncryptionKeys, 1)
	assert.Equal(t, first.Tokens.EncryptionKeys[0].Reveal(), second.Tokens.EncryptionKeys[0].Reveal())
	c := first.Connections[first.DefaultConnection]
	assert.Equal(t, "file://"+filepath.Join(home, "pingone-gateway", "tokens"), c.OAuthSettingsLocation.Reveal())
	info, err := os.Stat(filepath.Join(home, "pingone-gateway", "seal.key"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	t.Setenv("GATEWAY_CONNECTION", os.Getenv("GATEWAY_CONNECTION")+";OAuthSettingsLocation=/PATH/TO/OAuthSettings.txt")
	named := keep()
	assert.Equal(t, "/PATH/TO/OAuthSettings.txt", named.Connections[named.DefaultConnection].OAuthSettingsLocation.Reveal(), "as the commercial connector has it")
	given := keep("tokens.encryption_keys=k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	require.Len(t, given.Tokens.EncryptionKeys, 1)
	assert.NotEqual(t, first.Tokens.EncryptionKeys[0].Reveal(), given.Tokens.EncryptionKeys[0].Reveal())
}

// Of programs that begin at once, all use one key.
func TestOneKeyForAllPrograms(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seal.key")
	keys, errs := make([]string, 8), make([]error, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, err := userKey(path)
			keys[i], errs[i] = key.Reveal(), err
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	for _, k := range keys {
		assert.Equal(t, keys[0], k)
	}
}

func TestAPrivateGatewayEndsWithItsInput(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	ctx, stop := untilEOF(t.Context(), r)
	defer stop()
	require.NoError(t, ctx.Err())
	require.NoError(t, w.Close())
	<-ctx.Done()
}

// busy is a source that is busy for its first calls, and then says no.
type busy struct{ left int }

// Token implements tokens.Source.
func (b *busy) Token(context.Context) (tokens.Token, error) {
	if b.left--; b.left >= 0 {
		return tokens.Token{}, gwerr.New(gwerr.Busy, "Wait.", "").After(time.Nanosecond)
	}
	return tokens.Token{}, gwerr.New(gwerr.UpstreamAuth, "Nobody is signed in.", "")
}

// Invalidate implements tokens.Source.
func (*busy) Invalidate(context.Context, tokens.Token) {}

// What a store that is still empty says at first is waited for.
func TestAnEarlierSignInIsWaitedFor(t *testing.T) {
	t.Parallel()
	assert.True(t, gwerr.Is(earlier(t.Context(), &busy{left: 3}), gwerr.UpstreamAuth))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, earlier(ctx, &busy{left: 1 << 30}))
}
