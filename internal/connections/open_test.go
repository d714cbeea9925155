package connections

import (
	"context"
	"net/http"
	"testing"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/pool"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// onlyToken is a source of one token.
type onlyToken struct{ tokens.Source }

func (onlyToken) Token(context.Context) (tokens.Token, error) {
	return tokens.Token{Value: tokens.NewSecret("token")}, nil
}

// unbounded lets every call through.
type unbounded struct{ limiter.Limiter }

func (unbounded) Acquire(context.Context, limiter.Request) (func(), error) { return func() {}, nil }
func (unbounded) Report(context.Context, string, string, limiter.Outcome)  {}

// heard is a transport that keeps the first request and refuses it.
type heard struct{ request *http.Request }

func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.request == nil {
		h.request = r
	}
	return &http.Response{StatusCode: http.StatusBadRequest, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

func TestAnswersAreCompressedUnlessTheConnectionSaysOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, property, want string }{
		{"by default", "", "gzip"},
		{"asked for", ";Compression=true", "gzip"},
		{"not wanted", ";Compression=false", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(config.Sources{Env: []string{"GATEWAY_AUTH_MODE=none", "GATEWAY_LISTEN_ADDRESS=127.0.0.1:8080", "GATEWAY_CONNECTION=AuthScheme=OAuthClient;Region=EU;" +
				"WorkerAppEnvironmentId=b4a6bc99-9a3e-4071-86c0-60c53141a91d;OAuthClientId=a;OAuthClientSecret=b" + c.property}})
			if err != nil {
				t.Fatal(err)
			}
			transport := &heard{}
			p := &Pool{
				Config: Config{
					Config: cfg, Budget: unbounded{}, Sink: observe.Discard,
					Wrap: func(http.RoundTripper) http.RoundTripper { return transport },
				},
				shared: pool.New[*Opened](1),
			}
			opened, _, err := p.open(cfg.Connections[cfg.DefaultConnection], &connect.Tokens{Source: onlyToken{}}, func() error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			if _, err = opened.Provider.Names(t.Context()); transport.request == nil {
				t.Fatalf("PingOne was not asked: %v", err)
			}
			if got := transport.request.Header.Get("Accept-Encoding"); got != c.want {
				t.Errorf("Accept-Encoding %q, want %q", got, c.want)
			}
			if err := opened.Directory.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
