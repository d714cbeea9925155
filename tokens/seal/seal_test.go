package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

func ring(t testing.TB, name []byte, keys ...seal.Key) *seal.Ring {
	t.Helper()
	r, err := seal.NewRing(keys, name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	r := ring(t, nil, seal.GenerateKey("k1"))
	for _, plain := range []string{"", "x", strings.Repeat("long ", 1000)} {
		a, b := r.Seal("name", []byte(plain)), r.Seal("name", []byte(plain))
		if bytes.Equal(a, b) {
			t.Error("sealing twice gives the same")
		}
		if len(plain) > 1 && bytes.Contains(a, []byte("long")) {
			t.Error("the plain text shows")
		}
		got, id, err := r.Open("name", a)
		if err != nil || string(got) != plain || id != "k1" {
			t.Errorf("opened %q by %q, %v", got, id, err)
		}
	}
}

func TestAnyChangeIsFound(t *testing.T) {
	t.Parallel()
	r := ring(t, nil, seal.GenerateKey("k1"))
	sealed := r.Seal("name", []byte("token"))
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if got, _, err := r.Open("name", changed); err == nil {
				t.Fatalf("bit %d of byte %d changed, opened %q", bit, i, got)
			}
		}
		if _, _, err := r.Open("name", sealed[:i]); !errors.Is(err, seal.ErrCorrupt) && !errors.Is(err, seal.ErrUnknownKey) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if _, _, err := r.Open("other name", sealed); !errors.Is(err, seal.ErrCorrupt) {
		t.Errorf("under another name: %v", err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	old, fresh := seal.GenerateKey("2025"), seal.GenerateKey("2026")
	before, during, after := ring(t, nil, old), ring(t, old.Secret, fresh, old), ring(t, old.Secret, fresh)
	sealed := before.Seal("n", []byte("token"))
	if _, id, err := during.Open("n", sealed); err != nil || id == during.Current() {
		t.Errorf("during rotation: key %s, %v", id, err)
	}
	if _, _, err := after.Open("n", sealed); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("after rotation: %v", err)
	}
	if _, _, err := after.Open("n", during.Seal("n", nil)); err != nil {
		t.Errorf("what was sealed anew: %v", err)
	}
	if before.Name("x") != during.Name("x") || during.Name("x") != after.Name("x") {
		t.Error("names change with the keys")
	}
	same := seal.Key{ID: "2025", Secret: fresh.Secret}
	if _, _, err := ring(t, nil, same).Open("n", sealed); !errors.Is(err, seal.ErrCorrupt) {
		t.Errorf("another key of the same id: %v", err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	r, other := ring(t, nil, seal.GenerateKey("a")), ring(t, nil, seal.GenerateKey("a"))
	if first := r.Name("client", "env"); first != r.Name("client", "env") {
		t.Error("names are not stable")
	}
	names := map[string]bool{}
	for _, parts := range [][]string{{"client", "env"}, {"clien", "tenv"}, {"clientenv"}, {"client", "env", ""}, {"env", "client"}, {}, {""}} {
		names[r.Name(parts...)] = true
	}
	if len(names) != 7 || names[other.Name("client", "env")] {
		t.Errorf("names collide: %v", names)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	good := seal.GenerateKey("2026-01")
	for _, text := range []string{good.Reveal(), " " + good.Reveal() + "\n", strings.TrimRight(good.Reveal(), "=")} {
		got, err := seal.ParseKey(text)
		if err != nil || got.ID != good.ID || !bytes.Equal(got.Secret, good.Secret) {
			t.Errorf("%v, %v", got, err)
		}
	}
	for name, bad := range map[string]string{"empty": "", "no id": ":QUJD", "no secret": "id", "short": "id:QUJD", "not base64": "id:" + strings.Repeat("!", 44)} {
		if _, err := seal.ParseKey(bad); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s", good, good, good, good); strings.Contains(text, fmt.Sprint(string(good.Secret))) || strings.Contains(text, "0x") {
		t.Errorf("a key prints %s", text)
	}
	for name, c := range map[string]struct {
		keys []seal.Key
		name []byte
	}{
		"none":              {},
		"short key":         {keys: []seal.Key{{ID: "a", Secret: []byte("short")}}},
		"short name key":    {keys: []seal.Key{good}, name: []byte("short")},
		"no id":             {keys: []seal.Key{{Secret: good.Secret}}},
		"long id":           {keys: []seal.Key{{ID: strings.Repeat("x", 65), Secret: good.Secret}}},
		"same id twice":     {keys: []seal.Key{good, good}, name: good.Secret},
		"several, no names": {keys: []seal.Key{good, seal.GenerateKey("b")}},
	} {
		if _, err := seal.NewRing(c.keys, c.name); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, nil, seal.GenerateKey("k1"))
	f.Add([]byte(""))
	f.Add([]byte("pgw1"))
	f.Add([]byte("pgw1\xffk1"))
	f.Add([]byte("pgw1\x02k1123456789012"))
	f.Add(r.Seal("other", []byte("x")))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, _, err := r.Open("name", sealed); err == nil {
			t.Errorf("opened %q from what was never sealed", got)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(seal.GenerateKey("k").Reveal())
	f.Add("a:b:c")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := seal.ParseKey(text)
		if err != nil {
			return
		}
		again, err := seal.ParseKey(k.Reveal())
		if err != nil || again.ID != k.ID || !bytes.Equal(again.Secret, k.Secret) {
			t.Errorf("%q does not come back: %v", text, err)
		}
	})
}
