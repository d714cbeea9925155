package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// maxAnswer bounds an answer of the authorization server, in bytes.
const maxAnswer = 1 << 20

// defaultTimeout bounds a request whose context has no earlier deadline.
const defaultTimeout = 10 * time.Second

// longestLife is the longest expires_in that is believed.
const longestLife = 10 * 365 * 24 * time.Hour

// Client makes requests to one authorization server as one application.
type Client struct {
	endpoints Endpoints
	auth      *authenticator
	http      *http.Client
}

// NewClient returns a client. httpClient brings proxy and TLS settings and may
// be nil; redirects are never followed. Errors are gwerr.Config.
func NewClient(e Endpoints, c Credentials, httpClient *http.Client) (*Client, error) {
	auth, err := newAuthenticator(c)
	if err != nil {
		return nil, err
	}
	own := http.Client{Timeout: defaultTimeout}
	if httpClient != nil {
		own.Transport = httpClient.Transport
	}
	// A redirect would carry the client's proof to another address.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{endpoints: e, auth: auth, http: &own}, nil
}

// Endpoints returns the server's addresses.
func (c *Client) Endpoints() Endpoints { return c.endpoints }

// answer is a token endpoint's JSON body, good or bad (RFC 6749 sections 5.1
// and 5.2).
type answer struct {
	AccessToken  string      `json:"access_token"`
	TokenType    string      `json:"token_type"`
	ExpiresIn    json.Number `json:"expires_in"`
	RefreshToken string      `json:"refresh_token"`
	IDToken      string      `json:"id_token"`
	Scope        string      `json:"scope"`
	Error        string      `json:"error"`
}

// token asks the token endpoint.
func (c *Client) token(ctx context.Context, form url.Values) (tokens.Token, error) {
	asked := time.Now()
	status, header, body, err := c.post(ctx, c.endpoints.Token, form)
	if err != nil {
		return tokens.Token{}, err
	}
	t, _, err := c.read(form.Get("grant_type"), asked, status, header, body)
	return t, err
}

// read turns an answer into a token, or into an error and the server's error
// code.
func (c *Client) read(grant string, asked time.Time, status int, header http.Header, body []byte) (tokens.Token, string, error) {
	var a answer
	decoded := json.Unmarshal(body, &a)
	if status != http.StatusOK {
		return tokens.Token{}, a.Error, c.refusal(grant, status, header, a.Error)
	}
	if decoded != nil || a.AccessToken == "" {
		return tokens.Token{}, "", outcomeUnknown(decoded, "The authorization server's answer holds no access token.")
	}
	if a.TokenType != "" && !strings.EqualFold(a.TokenType, "bearer") {
		return tokens.Token{}, "", gwerr.New(gwerr.UpstreamFailed, "The authorization server gave a token that is not a bearer token.",
			"Check the application's settings in PingOne.")
	}
	t := tokens.Token{
		Value: tokens.NewSecret(a.AccessToken), Refresh: tokens.NewSecret(a.RefreshToken),
		IDToken: tokens.NewSecret(a.IDToken), Scope: a.Scope, MintedAt: asked,
	}
	if seconds, err := strconv.ParseFloat(a.ExpiresIn.String(), 64); err == nil && seconds > 0 {
		t.Expiry = asked.Add(min(time.Duration(min(seconds, 1e9)*float64(time.Second)), longestLife))
	}
	return t, "", nil
}

// post sends a form and reads the answer. Errors are gwerr errors; they wrap
// tokens.ErrOutcomeUnknown when the request left but no answer came.
func (c *Client) post(ctx context.Context, endpoint string, form url.Values) (int, http.Header, []byte, error) {
	header := http.Header{}
	if err := c.auth.addTo(form, header, c.endpoints.Token); err != nil {
		return 0, nil, nil, err
	}
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, nil, gwerr.Wrap(gwerr.Config, err, "The authorization server's address is wrong.", "Check AuthorizationServerURL.")
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		if wrote.Load() {
			return 0, nil, nil, outcomeUnknown(err, "The authorization server did not answer.")
		}
		return 0, nil, nil, gwerr.Wrap(gwerr.UpstreamFailed, err, "The authorization server cannot be reached.",
			"Check Region, AuthorizationServerURL and the network.")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		return 0, nil, nil, outcomeUnknown(err, "The authorization server's answer was cut short or is too long.")
	}
	return resp.StatusCode, resp.Header, body, nil
}

func outcomeUnknown(cause error, message string) error {
	return gwerr.Wrap(gwerr.UpstreamFailed, errors.Join(tokens.ErrOutcomeUnknown, cause), message, "Try again later.")
}

// refusal turns an error answer into words: which credential failed, and what
// to do. The server's own description is left out, it may repeat the request.
func (c *Client) refusal(grant string, status int, header http.Header, code string) error {
	switch {
	case status == http.StatusTooManyRequests:
		return gwerr.New(gwerr.UpstreamLimited, "The authorization server limits the number of token requests.",
			"Try again later.").After(retryAfter(header))
	case status >= 500:
		return gwerr.Newf(gwerr.UpstreamFailed, "The authorization server failed with status %d.", status).
			WithHint("Try again later.").After(retryAfter(header))
	case status < 400:
		return gwerr.Newf(gwerr.UpstreamFailed, "The authorization server answered with status %d.", status).
			WithHint("Check AuthorizationServerURL: it must not redirect.")
	}
	e, known := refusals[code]
	switch {
	case code == "invalid_grant":
		return invalidGrant(grant)
	case code == "invalid_client" || !known && status == http.StatusUnauthorized:
		return gwerr.Newf(gwerr.UpstreamAuth, "PingOne rejected the application's credentials (OAuthClientId, OAuthClientSecret).").
			WithHint(fmt.Sprintf("Check both, the environment, and that the application's token endpoint authentication method is %s.", c.auth.method))
	case known:
		return gwerr.New(gwerr.UpstreamAuth, fmt.Sprintf(e.message, grant), e.hint)
	}
	return gwerr.Newf(gwerr.UpstreamAuth, "The authorization server refused the request with status %d.", status).
		WithHint("Check the application in PingOne and the environment's id.")
}

func invalidGrant(grant string) error {
	switch grant {
	case grantRefresh:
		return gwerr.Wrap(gwerr.UpstreamAuth, tokens.ErrSpent, "The sign-in has ended: PingOne rejected the refresh token.",
			"Sign in again with: gateway login.")
	case grantCode:
		return gwerr.Wrap(gwerr.UpstreamAuth, tokens.ErrSpent, "PingOne rejected the authorization code: it is used, too old or for another address.",
			"Start the sign-in again.")
	case grantDevice:
		return gwerr.Wrap(gwerr.UpstreamAuth, tokens.ErrSpent, "PingOne rejected the device code.", "Start the sign-in again.")
	}
	return gwerr.New(gwerr.UpstreamAuth, "PingOne refused a token for the application.",
		"Give the worker application at least one role.")
}

var refusals = map[string]struct{ message, hint string }{
	"unauthorized_client":    {"PingOne does not allow the application the grant %s.", "Enable that grant type in the application's settings."},
	"unsupported_grant_type": {"PingOne does not know the grant %s.", "Check AuthorizationServerURL."},
	"invalid_scope":          {"PingOne refused the scopes for the grant %s.", "Allow them for the application."},
	"invalid_request":        {"PingOne refused the token request for the grant %s as invalid.", "Give the worker application a role; check TokenEndpointAuthMethod and CallbackURL."},
	"access_denied":          {"The sign-in was refused (%s).", "Sign in again and accept."},
	"expired_token":          {"The sign-in took too long (%s).", "Start it again."},
}

func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(time.Until(at), time.Hour))
	}
	return 0
}
