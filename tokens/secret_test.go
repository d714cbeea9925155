package tokens_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/tokens"
)

const hush = "correct-horse-battery-staple"

type holder struct {
	Public  tokens.Secret
	private tokens.Secret
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	s := tokens.NewSecret(hush)
	token := tokens.Token{Value: s, Refresh: s, IDToken: s}
	values := map[string]any{
		"secret": s, "pointer": &s, "slice": []tokens.Secret{s}, "map": map[string]tokens.Secret{"k": s},
		"exported and unexported fields": holder{Public: s, private: s}, "pointer to struct": &holder{s, s},
		"token": token, "pointer to token": &token, "error": fmt.Errorf("wrapping %v", s),
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
			got := fmt.Sprintf(verb, v)
			if verb == "%T %v" {
				got = fmt.Sprintf(verb, v, v)
			}
			leaks(t, name+" "+verb, got)
		}
		if j, err := json.Marshal(v); err == nil {
			leaks(t, name+" json", string(j))
		}
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("m", "v", v)
			leaks(t, name+" slog "+kind, b.String())
		}
	}
	if got := fmt.Sprintf("%v %s %#v", s, s, s); got != "*** *** ***" {
		t.Errorf("a secret prints %q", got)
	}
	text, _ := s.MarshalText()
	if string(text) != "***" || s.LogValue().String() != "***" || s.String() != "***" || s.GoString() != "***" {
		t.Error("a method shows something else than ***")
	}
}

func leaks(t *testing.T, where, text string) {
	t.Helper()
	hexed := fmt.Sprintf("%x", hush)
	if strings.Contains(text, hush) || strings.Contains(strings.ToLower(text), hexed) {
		t.Errorf("%s shows the secret: %s", where, text)
	}
}

func TestSecretValue(t *testing.T) {
	t.Parallel()
	var fromJSON struct{ Secret tokens.Secret }
	if err := json.Unmarshal([]byte(`{"Secret":"`+hush+`"}`), &fromJSON); err != nil {
		t.Fatal(err)
	}
	switch {
	case fromJSON.Secret.Reveal() != hush:
		t.Error("a secret read from JSON is another")
	case !fromJSON.Secret.Equal(tokens.NewSecret(hush)), fromJSON.Secret.Equal(tokens.NewSecret("x")):
		t.Error("Equal does not compare the texts")
	case !tokens.NewSecret("").IsZero(), !(tokens.Secret{}).IsZero(), fromJSON.Secret.IsZero():
		t.Error("IsZero is wrong")
	case tokens.Secret{}.Reveal() != "":
		t.Error("the zero secret is not empty")
	}
}
