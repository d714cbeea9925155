package config

import (
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/tokens"
)

const connectionIntro = "Each connection is a name and its properties, in snake_case or as the commercial connector spells them; letter case is free. " +
	"A connection can also be one text, `connections: {pingone: \"AuthScheme=OAuthClient;Region=EU;…\"}`, and the default connection can come whole from `GATEWAY_CONNECTION` or from the file named by `GATEWAY_CONNECTION_FILE`. " +
	"Values with semicolons or spaces at their ends stand in single or double quotes; a quote inside is doubled."

// property declares an option of a connection. name is the connector's
// spelling, key the one in the file.
func property[T any](name, key string, c codec[T], def string, at func(*Connection) *T, help string, mods ...mod) Option {
	o := option("connections.*."+key, c, def, func(cfg *Config, n string) *T { return at(cfg.connection(n)) }, help, mods...)
	o.Property = name
	return o
}

func connectionOptions() []Option {
	all := []Option{option("default_connection", textCodec, "", func(c *Config, _ string) *string { return &c.DefaultConnection },
		"Connection that `CData` and unqualified names mean. Empty means `pingone`, or the only one there is.", example("pingone"))}
	for _, group := range []struct {
		category string
		options  []Option
	}{
		{"Authentication", identityOptions()},
		{"Tokens", tokenOptions()},
		{"Schema", shapeOptions()},
		{"Cost", costOptions()},
		{"Network", networkOptions()},
	} {
		for _, o := range group.options {
			o.Category = group.category
			all = append(all, o)
		}
	}
	return all
}

func identityOptions() []Option {
	return []Option{
		property("AuthScheme", "auth_scheme", textCodec, SchemeOAuthClient, func(c *Connection) *string { return &c.AuthScheme },
			"How the gateway signs in to PingOne: client credentials, authorization code with PKCE, device code, a given access token, or the caller's own.",
			values(SchemeOAuthClient, SchemeOAuth, SchemeOAuthDevice, SchemeToken, SchemePassThrough), synonym("OAuthPKCE", SchemeOAuth)),
		property("Region", "region", textCodec, "NA", func(c *Connection) *string { return &c.Region },
			"Region of the PingOne organization; it chooses the hosts. US means NA.", values("NA", "CA", "EU", "AU", "SG", "AP"), synonym("US", "NA")),
		property("WorkerAppEnvironmentId", "worker_app_environment_id", textCodec, "", func(c *Connection) *string { return &c.WorkerAppEnvironmentID },
			"Environment that owns the application. Required unless AuthorizationServerURL is given.", example("7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11")),
		property("AuthorizationServerURL", "authorization_server_url", urlCodec, "", func(c *Connection) *string { return &c.AuthorizationServerURL },
			"Base of the authorization server, for a custom domain or another host. Empty follows Region.", example("https://auth.example.org/7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11/as")),
		property("ApiUrl", "api_url", urlCodec, "", func(c *Connection) *string { return &c.APIURL },
			"Base of the API, with /v1. Empty follows Region.", example("https://api.pingone.eu/v1")),
		property("DaVinciApiUrl", "davinci_api_url", urlCodec, "", func(c *Connection) *string { return &c.DaVinciAPIURL },
			"Base of the DaVinci API. Empty means ApiUrl.", planned),
		property("AllowPlainHTTP", "allow_plain_http", boolCodec, "false", func(c *Connection) *bool { return &c.AllowPlainHTTP },
			"Lets ApiUrl and AuthorizationServerURL begin with http on other hosts than this one, for a simulator in a closed network. Secrets and tokens then travel in clear."),
		property("OAuthClientId", "oauth_client_id", textCodec, "", func(c *Connection) *string { return &c.OAuthClientID },
			"Client id of the application.", example("2d6c9e61-3b1e-4a35-9a36-5bb3fb1f0c53")),
		property("OAuthClientSecret", "oauth_client_secret", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.OAuthClientSecret },
			"Client secret of the application.", secret, reloads),
		property("TokenEndpointAuthMethod", "token_endpoint_auth_method", textCodec, "CLIENT_SECRET_BASIC", func(c *Connection) *string { return &c.TokenEndpointAuthMethod },
			"How the application proves itself, as set in PingOne.", values("CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT", "NONE")),
		property("OAuthPrivateKey", "oauth_private_key", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.OAuthPrivateKey },
			"Private key in PEM for PRIVATE_KEY_JWT.", secret, reloads),
		property("OAuthPrivateKeyId", "oauth_private_key_id", textCodec, "", func(c *Connection) *string { return &c.OAuthPrivateKeyID },
			"Key id that goes into the assertion's header."),
	}
}

func tokenOptions() []Option {
	return []Option{
		property("InitiateOAuth", "initiate_oauth", textCodec, "GETANDREFRESH", func(c *Connection) *string { return &c.InitiateOAuth },
			"Who runs the flow: nobody, only refreshes, or all of it.", values("OFF", "REFRESH", "GETANDREFRESH")),
		property("OAuthAccessToken", "oauth_access_token", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.OAuthAccessToken },
			"Access token got elsewhere.", secret, reloads),
		property("OAuthRefreshToken", "oauth_refresh_token", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.OAuthRefreshToken },
			"Refresh token got elsewhere.", secret, reloads),
		property("OAuthExpiresIn", "oauth_expires_in", secondsCodec, "0", func(c *Connection) *time.Duration { return &c.OAuthExpiresIn },
			"Life of that access token; 0 if not known.", atLeast(0)),
		property("OAuthTokenTimestamp", "oauth_token_timestamp", int64Codec, "0", func(c *Connection) *int64 { return &c.OAuthTokenTimestamp },
			"When it was made, in milliseconds since 1970; 0 if not known.", atLeast(0)),
		property("OAuthVerifier", "oauth_verifier", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.OAuthVerifier },
			"Authorization code from a sign-in done by hand.", secret, planned),
		property("OAuthSettingsLocation", "oauth_settings_location", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.OAuthSettingsLocation },
			"Where this connection's tokens are kept: redis://…, file://… or memory://. Empty means `tokens.store`.", secret),
		property("CallbackURL", "callback_url", urlCodec, "http://localhost:33333", func(c *Connection) *string { return &c.CallbackURL },
			"Redirect address of `gateway login`."),
	}
}

func shapeOptions() []Option {
	return []Option{
		property("Schema", "schema", textCodec, "", func(c *Connection) *string { return &c.Schema },
			"Schema of unqualified tables: Information, AllEnvironments, or an environment's name or id. Empty means the environment of WorkerAppEnvironmentId.", example("Administrators")),
		property("BrowsableSchemas", "browsable_schemas", listCodec, "", func(c *Connection) *[]string { return &c.BrowsableSchemas },
			"Schemas to show; empty means all.", example("Information,Administrators")),
		property("Tables", "tables", listCodec, "", func(c *Connection) *[]string { return &c.Tables },
			"Tables to show; empty means all.", example("Users,Groups")),
		property("Views", "views", listCodec, "", func(c *Connection) *[]string { return &c.Views },
			"Views to show; empty means all. Names with a query each, as in `views: {Staff: SELECT …}`, are user_defined_views."),
		property("UserDefinedViews", "user_defined_views", viewsCodec, "", func(c *Connection) *string { return &c.UserDefinedViews },
			"Saved queries that appear as views in the schema UserViews: names with a query each, or a file of them in YAML, or in the connector's JSON.", example("/etc/gateway/views.yaml")),
		property("ListFormat", "list_format", textCodec, "array", func(c *Connection) *string { return &c.ListFormat },
			"Form of multi-valued columns.", values("array", "comma"), planned),
		property("Readonly", "readonly", boolCodec, "true", func(c *Connection) *bool { return &c.Readonly },
			"Refuses INSERT, UPDATE and DELETE, and their OData forms. Without it, callers also need a role that writes, where there is a policy file."),
		property("AllowSchemaDelete", "allow_schema_delete", boolCodec, "false", func(c *Connection) *bool { return &c.AllowSchemaDelete },
			"Lets DELETE remove user attributes from PingOne's schema, with their values."),
		property("SkipForbiddenEnvironments", "skip_forbidden_environments", boolCodec, "false", func(c *Connection) *bool { return &c.SkipForbidden },
			"Accepted for compatibility: environments that the application may not read are left out of AllEnvironments, and a note names them."),
		property("ShowFlowGraph", "show_flow_graph", boolCodec, "false", func(c *Connection) *bool { return &c.ShowFlowGraph },
			"Offers DaVinciFlowGraphs. Its values may hold what was typed into nodes, secrets too."),
		property("PushUnconfirmed", "push_unconfirmed", boolCodec, "false", func(c *Connection) *bool { return &c.PushUnconfirmed },
			"Also pushes filters that PingOne does not document."),
		property("PseudoColumns", "pseudo_columns", textCodec, "", func(c *Connection) *string { return &c.PseudoColumns },
			"Accepted for compatibility; it has no effect."),
	}
}

func costOptions() []Option {
	return []Option{
		property("Pagesize", "pagesize", intCodec, "0", func(c *Connection) *int { return &c.Pagesize },
			"Upper bound of the rows asked in one API call; 0 means each path's own.", bounds(0, 5000)),
		property("MaxRows", "max_rows", int64Codec, "-1", func(c *Connection) *int64 { return &c.MaxRows },
			"Rows of a query without aggregation; -1 means no bound.", atLeast(-1)),
		property("Timeout", "timeout", secondsCodec, "60", func(c *Connection) *time.Duration { return &c.Timeout },
			"Time for one API call; 0 means no bound.", atLeast(0)),
		property("BatchSize", "batch_size", intCodec, "0", func(c *Connection) *int { return &c.BatchSize },
			"Rows of one write that are reported together; 0 means all.", atLeast(0), planned),
		property("MaxParallel", "max_parallel", intCodec, "32", func(c *Connection) *int { return &c.MaxParallel },
			"API calls in flight.", bounds(1, 256)),
		property("MaxFanout", "max_fanout", int64Codec, "50000", func(c *Connection) *int64 { return &c.MaxFanout },
			"API calls that one query may make; 0 means no bound.", atLeast(0)),
		property("MaxAffectedRows", "max_affected_rows", int64Codec, "100", func(c *Connection) *int64 { return &c.MaxAffectedRows },
			"Rows that one UPDATE or DELETE may touch, and that one INSERT may make.", atLeast(1)),
		property("RateShare", "rate_share", floatCodec, "0.35", func(c *Connection) *float64 { return &c.RateShare },
			"Share of PingOne's known rate limit to use.", bounds(0.01, 1)),
		property("ActivityDays", "activity_days", intCodec, "14", func(c *Connection) *int { return &c.ActivityDays },
			"Days of audit activities read when a query names no range. PingOne has 14 at hand; older ones must be restored there first.", bounds(1, 3650)),
		property("MetricsDays", "metrics_days", intCodec, "31", func(c *Connection) *int { return &c.MetricsDays },
			"Days of metrics read when a query names no range.", bounds(1, 3650)),
		property("SchemaTTL", "schema_ttl", secondsCodec, "300", func(c *Connection) *time.Duration { return &c.SchemaTTL },
			"Age at which the list of environments and the user schema are read anew.", atLeast(0)),
	}
}

func networkOptions() []Option {
	return []Option{
		property("Compression", "compression", boolCodec, "true", func(c *Connection) *bool { return &c.Compression },
			"Ask PingOne for compressed answers. Without, large readings take somewhat less processor time here, and many times the bytes of the network."),
		property("SSLServerCert", "ssl_server_cert", textCodec, "", func(c *Connection) *string { return &c.SSLServerCert },
			"Certificate to trust besides the system's: a PEM file, or PEM text.", example("/etc/gateway/pingone-ca.pem")),
		property("ProxyServer", "proxy_server", textCodec, "", func(c *Connection) *string { return &c.ProxyServer },
			"Host of an HTTP proxy. Empty follows HTTPS_PROXY and NO_PROXY.", example("proxy.example.org")),
		property("ProxyPort", "proxy_port", intCodec, "80", func(c *Connection) *int { return &c.ProxyPort },
			"Port of that proxy.", bounds(1, 65535)),
		property("ProxyUser", "proxy_user", textCodec, "", func(c *Connection) *string { return &c.ProxyUser },
			"User at the proxy."),
		property("ProxyPassword", "proxy_password", secretCodec, "", func(c *Connection) *tokens.Secret { return &c.ProxyPassword },
			"Password at the proxy.", secret),
		property("ProxyExceptions", "proxy_exceptions", listCodec, "", func(c *Connection) *[]string { return &c.ProxyExceptions },
			"Hosts that are reached without the proxy.", example("*.example.org")),
		property("Logfile", "logfile", textCodec, "", func(c *Connection) *string { return &c.Logfile },
			"Accepted for compatibility: the service has one log, on standard error."),
		property("Verbosity", "verbosity", intCodec, "0", func(c *Connection) *int { return &c.Verbosity },
			"Raises the service's log level: 1 and 2 mean info, 3 and more debug; 0 leaves it.", bounds(0, 5)),
	}
}

// ignoredProperties are accepted with a warning; a final "*" stands for any
// ending.
var ignoredProperties = []string{
	"UseConnectionPooling", "Pool*", "ConnectionLifeTime", "ConnectOnOpen",
	"SupportEnhancedSQL", "RTK", "Other", "LogModules", "MaxLogFile*", "CacheMetadata",
}

// refusedProperties change what a connection means in the connector and have
// no counterpart here, so that ignoring them would surprise.
var refusedProperties = []struct{ name, hint string }{
	{"Firewall*", "Use ProxyServer for an HTTP proxy; SOCKS and tunnels are the network's business."},
	{"ProxyAutoDetect", "Leave it out: HTTPS_PROXY and NO_PROXY are followed."},
	{"ProxyAuthScheme", "Leave it out: the proxy is signed in to with Basic."},
	{"ProxySSLType", "Leave it out: give ProxyServer and ProxyPort."},
	{"AutoCache", "Leave it out: answers are always current."},
	{"CacheProvider", "Leave it out: answers are always current."},
	{"CacheDriver", "Leave it out: answers are always current."},
	{"CacheConnection", "Leave it out: answers are always current."},
	{"CacheLocation", "Leave it out: answers are always current."},
	{"CacheTolerance", "Leave it out: answers are always current."},
	{"Offline", "Leave it out: answers are always current."},
	{"Location", "Leave it out: tables are built in; saved queries go into UserDefinedViews."},
	{"OAuthGrantType", "Use AuthScheme: OAuthClient for client credentials, OAuth for a sign-in."},
	{"Scope", "Leave it out: a worker application's roles decide what it may read."},
}

func isIgnored(name string) bool {
	return slices.ContainsFunc(ignoredProperties, func(p string) bool { return matches(p, name) })
}

// refusal says what to do about a property that is refused, "" for one that isn't.
func refusal(name string) (hint string) {
	for _, p := range refusedProperties {
		if matches(p.name, name) {
			return p.hint
		}
	}
	return ""
}

func matches(pattern, name string) bool {
	p, n := squash(pattern), squash(name)
	if stem, ok := strings.CutSuffix(p, "*"); ok {
		return strings.HasPrefix(n, stem)
	}
	return p == n
}
