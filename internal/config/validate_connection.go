package config

import (
	"regexp"
	"strings"
)

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (c *Config) validateConnections(p *Problems) {
	if len(c.Connections) == 0 {
		p.add("connections", "Add one under connections, or set GATEWAY_CONNECTION.", "there is no connection.")
		return
	}
	p.when(c.Connections[c.DefaultConnection] == nil, "default_connection", "Name one of "+strings.Join(c.ConnectionNames(), ", ")+".", "there is no connection %s.", c.DefaultConnection)
	for _, name := range c.ConnectionNames() {
		c.validateConnection(p, "connections."+name, c.Connections[name])
	}
}

func (c *Config) validateConnection(p *Problems, path string, n *Connection) {
	validateHosts(p, path, n)
	validateIdentity(p, path, n)
	if n.OAuthSettingsLocation.Reveal() != "" {
		c.checkStore(p, path+".oauth_settings_location", n.OAuthSettingsLocation.Reveal())
	}
	p.when(n.AuthScheme == SchemePassThrough && !c.Auth.Has(AuthPassThrough), path+".auth_scheme", "Add passthrough to auth.mode.", "PassThrough needs callers that sign in with their own credentials.")
	p.when(strings.Contains(n.ProxyServer, "@"), path+".proxy_server", "Give them as proxy_user and proxy_password.", "holds credentials.")
	p.when(n.ProxyPassword.Reveal() != "" && n.ProxyUser == "", path+".proxy_user", "", "is missing, though there is a proxy_password.")
}

func validateHosts(p *Problems, path string, n *Connection) {
	if id := n.WorkerAppEnvironmentID; id == "" && n.AuthorizationServerURL == "" && n.AuthScheme != SchemePassThrough && n.AuthScheme != SchemeToken {
		p.add(path+".worker_app_environment_id", "Copy the environment id from the worker application's configuration in PingOne.", "is missing.")
	} else if id != "" && !uuidPattern.MatchString(id) {
		p.add(path+".worker_app_environment_id", "Copy the environment id from the worker application's configuration in PingOne.", "is not a UUID.")
	}
	for key, text := range map[string]string{
		".authorization_server_url": n.AuthorizationServerURL, ".api_url": n.APIURL, ".davinci_api_url": n.DaVinciAPIURL,
	} {
		before := len(*p)
		open := exposed(p, path+key, text) && !n.AllowPlainHTTP
		p.when(open, path+key, "Use https. For a simulator in a closed network set AllowPlainHTTP.", "is not encrypted: secrets and tokens would travel in clear.")
		p.when(key == ".api_url" && text != "" && len(*p) == before && !strings.HasSuffix(text, "/v1"), path+key, "Add /v1 to it.", "does not end in /v1.")
	}
	checkNoCredentials(p, path+".callback_url", n.CallbackURL)
	p.when(n.APIURL != "" && n.AuthorizationServerURL == "" && n.AuthScheme != SchemeToken, path+".authorization_server_url", "Give the authorization server that belongs to api_url.", "is missing, though api_url is given: credentials would go to the region's own server.")
}

func validateIdentity(p *Problems, path string, n *Connection) {
	if n.AuthScheme == SchemePassThrough {
		return
	}
	if n.AuthScheme == SchemeToken {
		p.when(n.OAuthAccessToken.IsZero(), path+".oauth_access_token", "", "is needed for AuthScheme Token.")
		return
	}
	p.when(n.OAuthClientID == "", path+".oauth_client_id", "Copy the client id from the application's configuration in PingOne.", "is missing.")
	switch method := n.TokenEndpointAuthMethod; {
	case method == "PRIVATE_KEY_JWT" && n.OAuthPrivateKey.IsZero():
		p.add(path+".oauth_private_key", "Give the private key in PEM, best as oauth_private_key_file.", "is needed for PRIVATE_KEY_JWT.")
	case strings.HasPrefix(method, "CLIENT_SECRET") && n.OAuthClientSecret.IsZero() && n.AuthScheme == SchemeOAuthClient:
		p.add(path+".oauth_client_secret", "Give it as oauth_client_secret_file, or in the environment.", "is missing.")
	case method == "NONE" && n.AuthScheme == SchemeOAuthClient:
		p.add(path+".token_endpoint_auth_method", "Use CLIENT_SECRET_BASIC, or the method set in PingOne.", "NONE does not go with client credentials.")
	}
	p.when(n.InitiateOAuth == "OFF" && n.OAuthAccessToken.IsZero(), path+".initiate_oauth", "Use GETANDREFRESH, or give oauth_access_token.", "is OFF, but there is no access token.")
	p.when(n.InitiateOAuth == "REFRESH" && n.OAuthRefreshToken.IsZero() && n.OAuthAccessToken.IsZero() && n.OAuthSettingsLocation.IsZero(), path+".initiate_oauth", "Use GETANDREFRESH, or give oauth_refresh_token.", "is REFRESH, but there is no token to start from.")
}
