// Package procedures holds the procedures about the tokens of a
// connection.
package procedures

import (
	"context"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
)

// OAuth are the procedures about a connection's tokens. They hand out tokens:
// only administrators may call them.
func OAuth(c *connect.Tokens) procedure.Set {
	return procedure.Set{accessToken(c), authorizationURL(c), refreshToken(c)}
}

// grant are the outputs of what gives a token.
var grant = []procedure.Output{
	{Name: "OAuthAccessToken", Type: catalog.String, Doc: "The access token."},
	{Name: "OAuthRefreshToken", Type: catalog.String, Doc: "The refresh token, null where there is none."},
	{Name: "ExpiresIn", Type: catalog.Int64, Doc: "Seconds that the access token lasts, -1 for ever."},
}

func accessToken(c *connect.Tokens) procedure.Procedure {
	return procedure.Procedure{
		Name: "GetOAuthAccessToken",
		Doc:  "Gets a token for the application, or for the person who signed in at GetOAuthAuthorizationURL's address.",
		Inputs: []procedure.Input{
			{Name: "AuthMode", Type: catalog.String, Default: "APP", Values: []string{"APP", "WEB"}, Doc: "WEB for the code of a sign-in."},
			{Name: "CallbackUrl", Type: catalog.String, Doc: "The callback address of the sign-in; the connection's if not given."},
			{Name: "State", Type: catalog.String, Doc: "The state that came with the code."},
			{Name: "Verifier", Type: catalog.String, Doc: "The code that came to the callback address."},
		},
		Outputs: grant,
		Run: func(ctx context.Context, in procedure.Inputs) ([]procedure.Row, error) {
			return granted(c.GetOAuthAccessToken(ctx, connect.AccessTokenInput{
				AuthMode: in.Text("AuthMode"), CallbackURL: in.Text("CallbackUrl"), State: in.Text("State"), Verifier: in.Text("Verifier"),
			}))
		},
	}
}

func authorizationURL(c *connect.Tokens) procedure.Procedure {
	return procedure.Procedure{
		Name: "GetOAuthAuthorizationURL",
		Doc:  "Gives the address where a person signs in; code and state come to the callback address.",
		Inputs: []procedure.Input{
			{Name: "CallbackUrl", Type: catalog.String, Doc: "The callback address; the connection's if not given."},
			{Name: "State", Type: catalog.String, Doc: "Comes back with the code; made up if not given."},
		},
		Outputs: []procedure.Output{{Name: "URL", Type: catalog.String, Doc: "The address to open in a browser."}},
		Run: func(_ context.Context, in procedure.Inputs) ([]procedure.Row, error) {
			address, err := c.GetOAuthAuthorizationURL(in.Text("CallbackUrl"), in.Text("State"))
			if err != nil {
				return nil, err
			}
			return []procedure.Row{{address}}, nil
		},
	}
}

func refreshToken(c *connect.Tokens) procedure.Procedure {
	return procedure.Procedure{
		Name: "RefreshOAuthAccessToken",
		Doc:  "Redeems a refresh token of the caller's own.",
		Inputs: []procedure.Input{
			{Name: "OAuthRefreshToken", Type: catalog.String, Required: true, Doc: "The refresh token."},
		},
		Outputs: grant,
		Run: func(ctx context.Context, in procedure.Inputs) ([]procedure.Row, error) {
			return granted(c.RefreshOAuthAccessToken(ctx, tokens.NewSecret(in.Text("OAuthRefreshToken"))))
		},
	}
}

// granted reveals a grant: it is the result that the caller asked for.
func granted(g connect.Grant, err error) ([]procedure.Row, error) {
	if err != nil {
		return nil, err
	}
	var refresh any
	if !g.RefreshToken.IsZero() {
		refresh = g.RefreshToken.Reveal()
	}
	return []procedure.Row{{g.AccessToken.Reveal(), refresh, g.ExpiresIn}}, nil
}
