package apikey_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fixture is a file with one key, and a method that checks it at *at.
type fixture struct {
	file   *apikey.File
	method *apikey.Method
	at     *time.Time
	key    string
	record apikey.Record
}

func newFixture(t *testing.T, n apikey.NewKey) *fixture {
	t.Helper()
	at := start
	f := &fixture{at: &at}
	f.file = &apikey.File{Path: filepath.Join(t.TempDir(), "keys.json"), Now: func() time.Time { return *f.at }}
	key, r, err := f.file.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	f.key, f.record = key.Reveal(), r
	f.method, err = apikey.New(apikey.Config{Path: f.file.Path, Now: f.file.Now})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) secret() string { return strings.Split(f.key, "_")[2] }

func creds(s auth.Scheme, user, secret string) auth.Credentials {
	return auth.Credentials{Scheme: s, User: user, Secret: tokens.NewSecret(secret)}
}

func TestKeyWorksInEveryForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "report", Roles: []string{"reader"}, Attributes: map[string][]string{"population": {"p1", "p2"}}})
	if !regexp.MustCompile("^" + apikey.Pattern + "$").MatchString(f.key) {
		t.Errorf("%d characters don't match the pattern for scanners", len(f.key))
	}
	for name, c := range map[string]auth.Credentials{
		"basic, any user":      creds(auth.Basic, "whoever", f.key),
		"basic, id and secret": creds(auth.Basic, f.record.ID, f.secret()),
		"basic, pgw_id":        creds(auth.Basic, "pgw_"+f.record.ID, f.secret()),
		"X-API-Key":            creds(auth.APIKey, "", f.key),
		"bearer":               creds(auth.Bearer, "", f.key),
		"PostgreSQL":           creds(auth.Password, "anna", f.key),
	} {
		p, err := f.method.Authenticate(t.Context(), c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Name != "report" || p.Kind != auth.Key || p.ID != f.record.ID || !p.HasRole("reader") ||
			len(p.Attributes["population"]) != 2 || p.Attributes["name"][0].Str != "report" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestWrongKeysAreRejectedOrLeftToOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "report"})
	other := newFixture(t, apikey.NewKey{Name: "other"})
	flipped := []byte(f.key)
	if flipped[20]++; flipped[20] > 'z' || flipped[20] == '8' {
		flipped[20] = 'a'
	}
	cases := []struct {
		name string
		c    auth.Credentials
		mine bool
	}{
		{"unknown id", creds(auth.Bearer, "", other.key), true},
		{"slip of the pen", creds(auth.Bearer, "", string(flipped)), true},
		{"cut short", creds(auth.Basic, "x", f.key[:len(f.key)-1]), true},
		{"no key in X-API-Key", creds(auth.APIKey, "", "hello"), true},
		{"upper case", creds(auth.APIKey, "", strings.ToUpper(f.key)), true},
		{"other key's secret", creds(auth.Basic, f.record.ID, other.secret()), false},
		{"secret without its id", creds(auth.Basic, "anna", f.secret()), false},
		{"secret alone as bearer", creds(auth.Bearer, f.record.ID, f.secret()), false},
		{"a password", creds(auth.Basic, "anna", "password"), false},
		{"a token", creds(auth.Bearer, "", "a.b.c"), false},
		{"nothing", auth.Credentials{}, false},
	}
	for _, c := range cases {
		_, err := f.method.Authenticate(t.Context(), c.c)
		if c.mine && !gwerr.Is(err, gwerr.Unauthenticated) || !c.mine && !errors.Is(err, auth.ErrNotMine) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestRightFormWrongSecret builds a key that is well formed, has a known id and
// another secret: only the hash tells.
func TestRightFormWrongSecret(t *testing.T) {
	t.Parallel()
	same := func() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }
	dir := t.TempDir()
	a := &apikey.File{Path: filepath.Join(dir, "a.json"), Random: same()}
	key, _, err := a.Create(t.Context(), apikey.NewKey{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`"hash": "[0-9a-f]{64}"`).ReplaceAll(text, []byte(`"hash": "`+strings.Repeat("ab", 32)+`"`))
	if err := os.WriteFile(a.Path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := apikey.New(apikey.Config{Path: a.Path})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := m.Authenticate(t.Context(), creds(auth.Bearer, "", key.Reveal())); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("let in: %v, %v", p, err)
	}
}

func TestExpiryAndRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "report", TTL: time.Hour})
	try := func() error {
		_, err := f.method.Authenticate(t.Context(), creds(auth.Bearer, "", f.key))
		return err
	}
	*f.at = start.Add(time.Hour - time.Second)
	if err := try(); err != nil {
		t.Errorf("before the end: %v", err)
	}
	*f.at = start.Add(time.Hour)
	if err := try(); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("at the end: %v", err)
	}
	*f.at = start
	if _, err := f.file.Revoke(t.Context(), "report"); err != nil {
		t.Fatal(err)
	}
	if err := f.method.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := try(); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("after revocation: %v", err)
	}
	if _, err := f.file.Revoke(t.Context(), "nobody"); !gwerr.Is(err, gwerr.NotFound) {
		t.Errorf("unknown key: %v", err)
	}
	if r, err := f.file.Revoke(t.Context(), f.record.ID); err != nil || r.Revoked == nil {
		t.Errorf("revoking again: %v", err)
	}
}

// The first end of a key that works is told, once each time that it changes.
func TestWhenKeysEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "forever"})
	var told []time.Time
	m, err := apikey.New(apikey.Config{Path: f.file.Path, Now: f.file.Now, Ends: func(next time.Time) { told = append(told, next) }})
	require.NoError(t, err)
	assert.Empty(t, told, "none ends")
	add := func(name string, ttl time.Duration) {
		_, _, err := f.file.Create(t.Context(), apikey.NewKey{Name: name, TTL: ttl})
		require.NoError(t, err)
		require.NoError(t, m.Reload())
	}
	add("late", 3*time.Hour)
	add("early", time.Hour)
	add("between", 2*time.Hour)
	*f.at = start.Add(time.Hour)
	require.NoError(t, m.Reload())
	_, err = f.file.Revoke(t.Context(), "between")
	require.NoError(t, err)
	require.NoError(t, m.Reload())
	*f.at = start.Add(4 * time.Hour)
	require.NoError(t, m.Reload())
	var after []time.Duration
	for _, at := range told {
		if at.IsZero() {
			after = append(after, 0)
		} else {
			after = append(after, at.Sub(start))
		}
	}
	assert.Equal(t, []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour, 3 * time.Hour, 0}, after)
}

func TestFileHoldsNoSecretAndIsPrivate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "report"})
	text, err := os.ReadFile(f.file.Path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), f.secret()) {
		t.Error("the file holds the secret")
	}
	info, err := os.Stat(f.file.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "report"})
	for name, n := range map[string]apikey.NewKey{
		"no name": {Name: " "}, "taken": {Name: "report"}, "negative": {Name: "x", TTL: -1}, "long": {Name: strings.Repeat("x", 201)},
	} {
		if _, _, err := f.file.Create(t.Context(), n); !gwerr.Is(err, gwerr.BadRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.file.Revoke(t.Context(), "report"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.file.Create(t.Context(), apikey.NewKey{Name: "report"}); err != nil {
		t.Errorf("the name of a revoked key: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.file.Create(ctx, apikey.NewKey{Name: "y"}); !gwerr.Is(err, gwerr.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	broken := &apikey.File{Path: f.file.Path, Random: bytes.NewReader(nil)}
	if _, _, err := broken.Create(t.Context(), apikey.NewKey{Name: "z"}); err == nil {
		t.Error("a key without randomness")
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			f := &apikey.File{Path: path}
			if _, _, err := f.Create(context.Background(), apikey.NewKey{Name: strings.Repeat("k", i+1)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	keys, err := (&apikey.File{Path: path}).List(t.Context())
	if err != nil || len(keys) != 20 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	t.Parallel()
	valid := `{"version":1,"keys":[{"id":"aaaaaaaaaa","name":"n","hash":"` + strings.Repeat("00", 32) + `","roles":[],"created":"2026-01-01T00:00:00Z"}]}`
	for name, text := range map[string]string{
		"empty":          "",
		"cut":            valid[:len(valid)-2],
		"other version":  strings.Replace(valid, `"version":1`, `"version":2`, 1),
		"unknown member": strings.Replace(valid, `"name"`, `"nam":"x","name"`, 1),
		"short hash":     strings.Replace(valid, "0000", "", 1),
		"bad id":         strings.Replace(valid, "aaaaaaaaaa", "AAAAAAAAAA", 1),
		"two documents":  valid + valid,
	} {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := apikey.New(apikey.Config{Path: path}); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := apikey.New(apikey.Config{Path: filepath.Join(t.TempDir(), "none")}); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("no file: %v", err)
	}
}

func TestRunFollowsTheFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apikey.NewKey{Name: "report"})
	synctest.Test(t, func(t *testing.T) {
		var failed []error
		m, err := apikey.New(apikey.Config{Path: f.file.Path, Every: time.Second, Now: f.file.Now, Failed: func(err error) { failed = append(failed, err) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); m.Run(ctx) }()
		try := func() error {
			_, err := m.Authenticate(ctx, creds(auth.Bearer, "", f.key))
			return err
		}
		if err := try(); err != nil {
			t.Error(err)
		}
		good, err := os.ReadFile(f.file.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.file.Path, []byte("half a fi"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if err := try(); err != nil || len(failed) == 0 {
			t.Errorf("a damaged file must be reported and change nothing: %v, %v", err, failed)
		}
		if err := os.WriteFile(f.file.Path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.file.Revoke(ctx, "report"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if err := try(); !gwerr.Is(err, gwerr.Unauthenticated) {
			t.Errorf("a revoked key still works: %v", err)
		}
		cancel()
		<-done
	})
	keys, err := f.file.List(t.Context())
	if err != nil || keys[0].LastUsed == nil || !keys[0].LastUsed.Equal(start) || keys[0].State(start) != "revoked" {
		t.Errorf("got %+v, %v", keys, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("pgw_aaaaaaaaaa_" + strings.Repeat("a", 59))
	f.Add("pgw__")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, secret, ok := apikey.Parse(s)
		if ok && ("pgw_"+id+"_"+secret.Reveal() != s || !regexp.MustCompile("^"+apikey.Pattern+"$").MatchString(s)) {
			t.Fatalf("%q gives %q and %q", s, id, secret.Reveal())
		}
	})
}
