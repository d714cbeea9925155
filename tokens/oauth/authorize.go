package oauth

import (
	"strings"

	"golang.org/x/oauth2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Attempt is a started authorization code login. Verifier and State are to be
// kept from everybody but the browser's own session until the code comes.
type Attempt struct {
	// URL is where the person signs in.
	URL string
	// State comes back with the code and must be compared.
	State string
	// Verifier redeems the code (PKCE S256).
	Verifier string
	// RedirectURL is where the code goes; the exchange repeats it.
	RedirectURL string
}

// AuthorizeRequest says how to sign in.
type AuthorizeRequest struct {
	// RedirectURL is CallbackURL, as registered with the application.
	RedirectURL string
	// Scopes default to openid.
	Scopes []string
	// State, Verifier and Nonce are made up if empty; Nonce goes into the ID
	// token (OpenID Connect Core 3.1.2.1).
	State, Verifier, Nonce string
}

// NewAttempt starts a login: it makes the address, the state and the PKCE
// verifier. A given verifier must follow RFC 7636 section 4.1.
func (c *Client) NewAttempt(r AuthorizeRequest) (Attempt, error) {
	if r.State == "" {
		r.State = oauth2.GenerateVerifier()
	}
	if r.Verifier == "" {
		r.Verifier = oauth2.GenerateVerifier()
	}
	if !validVerifier(r.Verifier) {
		return Attempt{}, gwerr.New(gwerr.BadParameter, "The verifier is not 43 to 128 letters, digits, -, ., _ or ~.", "").On("Verifier")
	}
	if len(r.Scopes) == 0 {
		r.Scopes = []string{"openid"}
	}
	cfg := oauth2.Config{
		ClientID: c.auth.id, RedirectURL: r.RedirectURL, Scopes: r.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: c.endpoints.Authorize},
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(r.Verifier)}
	if r.Nonce != "" {
		options = append(options, oauth2.SetAuthURLParam("nonce", r.Nonce))
	}
	return Attempt{
		URL: cfg.AuthCodeURL(r.State, options...), State: r.State, Verifier: r.Verifier, RedirectURL: r.RedirectURL,
	}, nil
}

func validVerifier(v string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	return len(v) >= 43 && len(v) <= 128 && strings.Trim(v, allowed) == ""
}
