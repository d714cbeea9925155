package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/vault"
)

// key is a sealing key whose bytes are all c.
func key(id string, c byte) tokens.Secret {
	return tokens.NewSecret(id + ":" + secretOf(c))
}

func secretOf(c byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{c}, 32))
}

func open(t *testing.T, c vault.Config) (*vault.Vault, error) {
	t.Helper()
	v, err := vault.Open(t.Context(), c)
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, v.Close()) })
	}
	return v, err
}

func TestTheStoreIsTheOneNamed(t *testing.T) {
	t.Parallel()
	redis := redisconn.Config{URL: redistest.Patient(redistest.Start(t).URL(), time.Minute)}
	directory := "file://" + filepath.Join(t.TempDir(), "tokens")
	for name, c := range map[string]struct {
		config vault.Config
		kind   string
	}{
		"nothing said":             {vault.Config{}, "memory"},
		"memory":                   {vault.Config{Store: "memory"}, "memory"},
		"Redis, if there is one":   {vault.Config{Redis: redis}, "redis"},
		"Redis by name":            {vault.Config{Store: "redis", Redis: redis}, "redis"},
		"memory in spite of Redis": {vault.Config{Store: "memory", Redis: redis}, "memory"},
		"a directory":              {vault.Config{Store: directory}, "file"},
		"a directory by its path":  {vault.Config{Store: filepath.Join(t.TempDir(), "OAuthSettings.txt")}, "file"},
		"a directory beside Redis": {vault.Config{Store: directory, Redis: redis}, "file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := open(t, c.config)
			require.NoError(t, err)
			assert.Equal(t, c.kind, v.Store.Kind())
			assert.Equal(t, c.config.Redis.URL != "", v.Redis != nil, "Redis is open for the budget, wherever tokens are kept")
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config vault.Config
		says   string
	}{
		"Redis without an address": {vault.Config{Store: "redis"}, "Set redis.url."},
		"a key that is none":       {vault.Config{Keys: []tokens.Secret{tokens.NewSecret("planted")}}, "key"},
		"a name key that is none":  {vault.Config{Keys: []tokens.Secret{key("a", 1)}, NameKey: tokens.NewSecret("planted")}, "32 bytes"},
		"two keys of one name":     {vault.Config{Keys: []tokens.Secret{key("a", 1), key("a", 2)}}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, c.config)
			require.ErrorContains(t, err, c.says)
			assert.True(t, gwerr.Is(err, gwerr.Config), err)
			assert.NotContains(t, err.Error(), "planted")
		})
	}
}

// TestKeysMayRotate: what one set of keys sealed and named, the next one opens
// and finds.
func TestKeysMayRotate(t *testing.T) {
	t.Parallel()
	was, err := open(t, vault.Config{Keys: []tokens.Secret{key("old", 1)}})
	require.NoError(t, err)
	sealed := was.Ring.Seal("place", []byte("token"))
	for name, c := range map[string]struct {
		config vault.Config
		same   bool
	}{
		"a new key before the old one":      {vault.Config{Keys: []tokens.Secret{key("new", 2), key("old", 1)}}, true},
		"the old one as name key":           {vault.Config{Keys: []tokens.Secret{key("new", 2), key("old", 1)}, NameKey: tokens.NewSecret(secretOf(1))}, true},
		"another name key":                  {vault.Config{Keys: []tokens.Secret{key("old", 1)}, NameKey: tokens.NewSecret(secretOf(3))}, false},
		"the old one no longer at the end":  {vault.Config{Keys: []tokens.Secret{key("old", 1), key("new", 2)}}, false},
		"no keys: one of the process alone": {vault.Config{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, err := open(t, c.config)
			require.NoError(t, err)
			before, err := was.Derive("purpose")
			require.NoError(t, err)
			after, err := is.Derive("purpose")
			require.NoError(t, err)
			assert.Equal(t, c.same, bytes.Equal(before, after), "what is derived")
			assert.Equal(t, c.same, was.Ring.Name("a") == is.Ring.Name("a"), "what names are made of")
			if len(c.config.Keys) > 0 {
				text, _, err := is.Ring.Open("place", sealed)
				require.NoError(t, err)
				assert.Equal(t, "token", string(text))
			}
		})
	}
	one, err := was.Derive("one")
	require.NoError(t, err)
	other, err := was.Derive("other")
	require.NoError(t, err)
	assert.NotEqual(t, one, other, "each purpose has a key of its own")
	assert.Len(t, one, 32)
}

type states []observe.StoreState

func (s *states) Observe(_ context.Context, e observe.Event) {
	if state, ok := e.(observe.StoreState); ok {
		*s = append(*s, state)
	}
}

func TestTheFirstStateIsTold(t *testing.T) {
	t.Parallel()
	var told states
	redis := redistest.Start(t)
	_, err := open(t, vault.Config{Redis: redisconn.Config{URL: redistest.Patient(redis.URL(), time.Minute), Required: true, Sink: &told}})
	require.NoError(t, err)
	require.NotEmpty(t, told)
	assert.Equal(t, "redis", told[0].Store)
	assert.True(t, told[0].Up)
}
