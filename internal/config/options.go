package config

import (
	"net/netip"
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/tokens"
)

// Options returns every declared option, in the order of the documentation.
func Options() []Option {
	var all []Option
	for _, s := range chapters() {
		all = append(all, s.options...)
	}
	return all
}

// chapter is a heading of the documentation and the options under it.
type chapter struct {
	title   string
	intro   string
	options []Option
}

func chapters() []chapter {
	return []chapter{
		{"Listening", "The public listener serves OData, SQL and the documentation; the admin listener serves metrics and health and should not be reachable by clients.", listenOptions()},
		{"Callers", "`serve` does not start without authentication, unless `auth.mode` is `none` and it listens on a loopback address.", slices.Concat(authOptions(), certificateOptions())},
		{"Connections", connectionIntro, connectionOptions()},
		{"Tokens and Redis", "PingOne access tokens live in memory, a file or Redis, sealed with your keys. With Redis, replicas share tokens and the rate-limit budget.", storeOptions()},
		{"Limits", "What one request and all requests together may cost.", limitOptions()},
		{"OData", "", odataOptions()},
		{"Agents", "", agentOptions()},
		{"Engine", "The embedded SQL engine runs what PingOne cannot.", engineOptions()},
		{"Logs, audit, traces, metrics", "", signalOptions()},
	}
}

func listenOptions() []Option {
	return []Option{
		option("listen.address", textCodec, ":8080", func(c *Config, _ string) *string { return &c.Listen.Address },
			"Address of the public listener, or `unix:/path` for a socket.", example("0.0.0.0:8080")),
		option("listen.allowed_hosts", listCodec, "", func(c *Config, _ string) *[]string { return &c.Listen.AllowedHosts },
			"Host names under which the service answers, without ports; `*.example.org` stands for every name below example.org. Empty means all, with `auth.mode: none` those of this machine alone.", example("pingone-data.example.org")),
		option("listen.tls.cert_file", textCodec, "", func(c *Config, _ string) *string { return &c.Listen.TLSCertFile },
			"Certificate chain in PEM; with key_file it turns on TLS. A changed file is taken over on SIGHUP.", reloads, example("/etc/gateway/tls/tls.crt")),
		option("listen.tls.key_file", textCodec, "", func(c *Config, _ string) *string { return &c.Listen.TLSKeyFile },
			"Private key of the certificate in PEM.", reloads, example("/etc/gateway/tls/tls.key")),
		option("listen.tls.client_ca_file", textCodec, "", func(c *Config, _ string) *string { return &c.Listen.TLSClientCAFile },
			"Asks every client for a certificate of these authorities (PEM).", example("/etc/gateway/tls/ca.crt")),
		option("listen.tls.client_auth", textCodec, "require", func(c *Config, _ string) *string { return &c.Listen.TLSClientAuth },
			"Whether every client must show such a certificate, or may.", values("require", "optional")),
		option("listen.tls.min_version", textCodec, "1.2", func(c *Config, _ string) *string { return &c.Listen.TLSMinVersion },
			"Oldest TLS version that clients may use.", values("1.2", "1.3")),
		option("listen.read_header_timeout", durationCodec, "10s", func(c *Config, _ string) *time.Duration { return &c.Listen.ReadHeaderTimeout },
			"Time a client has to send the header of a request.", atLeast(0.001)),
		option("listen.idle_timeout", durationCodec, "2m", func(c *Config, _ string) *time.Duration { return &c.Listen.IdleTimeout },
			"Time a connection may stay open without a request.", atLeast(0.001)),
		option("listen.drain_delay", durationCodec, "5s", func(c *Config, _ string) *time.Duration { return &c.Listen.DrainDelay },
			"On a stop: time between answering not ready and refusing connections, so that load balancers look elsewhere first.", atLeast(0)),
		option("listen.grace_time", durationCodec, "25s", func(c *Config, _ string) *time.Duration { return &c.Listen.GraceTime },
			"On a stop: time that running requests then have. What still runs is cut, visibly for the client.", atLeast(0)),
		option("admin.address", addressCodec, ":9090", func(c *Config, _ string) *string { return &c.Admin.Address },
			"Address of the admin listener (/metrics, /healthz, /readyz); `off` turns it off.", example("127.0.0.1:9090")),
		option("admin.token", secretCodec, "", func(c *Config, _ string) *tokens.Secret { return &c.Admin.Token },
			"Bearer token that everything on the admin listener needs but /healthz and /readyz. Without one /metrics answers to everybody, /loglevel and /debug/pprof to loopback only.", secret),
		option("admin.allowed_hosts", listCodec, "*.svc,*.cluster.local,*.internal", func(c *Config, _ string) *[]string { return &c.Admin.AllowedHosts },
			"Host names under which the admin listener answers besides addresses and names without a dot, which it always answers to; `*.example.org` stands for every name below example.org. Names that nobody can register keep web pages out.", example("*.cluster.local,gateway.example.org")),
		option("admin.pprof", boolCodec, "false", func(c *Config, _ string) *bool { return &c.Admin.Pprof },
			"Serves /debug/pprof on the admin listener."),
		option("postgres.address", addressCodec, "off", func(c *Config, _ string) *string { return &c.Postgres.Address },
			"Address of the listener for psql, drivers and BI tools that speak PostgreSQL's protocol; `off` turns it off, `unix:/folder/.s.PGSQL.5433` is a socket. Its certificate is that of listen.tls.", example(":5433")),
		option("postgres.require_tls", boolCodec, "true", func(c *Config, _ string) *bool { return &c.Postgres.RequireTLS },
			"Refuses passwords of other hosts that come without TLS. `false` is for a gateway whose network encrypts already."),
		option("postgres.connections", intCodec, "100", func(c *Config, _ string) *int { return &c.Postgres.Connections },
			"Clients of that listener at a time; further ones are refused.", atLeast(1)),
		option("public_url", urlCodec, "", func(c *Config, _ string) *string { return &c.PublicURL },
			"Base of every link in answers, for a gateway behind a proxy. Without it links follow the request.", example("https://pingone-data.example.org")),
		option("trusted_proxies", prefixesCodec, "", func(c *Config, _ string) *[]netip.Prefix { return &c.TrustedProxies },
			"Proxies whose Forwarded and X-Forwarded headers are believed.", example("10.0.0.0/8")),
		option("forwarded_header", textCodec, "x-forwarded", func(c *Config, _ string) *string { return &c.ForwardedHeader },
			"Which headers the trusted proxies set: X-Forwarded-For, -Proto, -Host and -Prefix, or Forwarded (RFC 7239). The others are ignored.", values("x-forwarded", "forwarded")),
		option("cors_origins", listCodec, "", func(c *Config, _ string) *[]string { return &c.CORSOrigins },
			"Origins whose web pages may read answers.", example("https://reports.example.org")),
		option("hsts", durationCodec, "0s", func(c *Config, _ string) *time.Duration { return &c.HSTS },
			"How long browsers shall use https alone (Strict-Transport-Security); 0s sends no such header.", atLeast(0)),
		option("allow_ips", prefixesCodec, "", func(c *Config, _ string) *[]netip.Prefix { return &c.AllowIPs },
			"Client addresses that may call; empty means all.", example("192.0.2.0/24,2001:db8::/32")),
		option("readiness.degraded", boolCodec, "false", func(c *Config, _ string) *bool { return &c.Readiness.Degraded },
			"Ready even while no connection works. Otherwise /readyz waits for the first one that does."),
		option("readiness.interval", durationCodec, "15s", func(c *Config, _ string) *time.Duration { return &c.Readiness.Interval },
			"How often connections and Redis are looked at.", atLeast(1)),
	}
}

func authOptions() []Option {
	issuer := func(c *Config, name string) *Issuer { return c.issuer(name) }
	return []Option{
		option("auth.mode", listCodec, "", func(c *Config, _ string) *[]string { return &c.Auth.Modes },
			"How callers sign in: API keys over Basic or X-API-Key, OpenID Connect bearer tokens, the caller's own PingOne credentials, TLS client certificates, or several of these. `none` stands alone. `auth: none` is short for `auth: {mode: none}`.",
			values(AuthNone, AuthKeys, AuthOIDC, AuthPassThrough, AuthCertificate), example("keys,oidc")),
		option("auth.keys_file", textCodec, "", func(c *Config, _ string) *string { return &c.Auth.KeysFile },
			"File of hashed API keys, written by `gateway keys`.", reloads, example("/etc/gateway/keys.json")),
		option("auth.policy_file", textCodec, "", func(c *Config, _ string) *string { return &c.Auth.PolicyFile },
			"File of roles: which schemas, tables, columns and rows a caller sees.", reloads, example("/etc/gateway/policy.yaml")),
		option("auth.anonymous_roles", listCodec, AnonymousRole, func(c *Config, _ string) *[]string { return &c.Auth.AnonymousRoles },
			"Roles of the caller where `auth.mode` is `none`."),
		option("auth.bearer_authorization_uri", urlCodec, "", func(c *Config, _ string) *string { return &c.Auth.BearerAuthorizationURI },
			"Where Power BI and Excel sign in to an \"Organizational account\"; it goes into the challenge of 401 answers.", example("https://login.microsoftonline.com/7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11/oauth2/authorize")),
		option("auth.key_parameter", textCodec, "", func(c *Config, _ string) *string { return &c.Auth.KeyParameter },
			"Query parameter that may hold an API key, for Power Query's \"Web API\" credential (ApiKeyName). Addresses end up in histories and logs of clients: leave it empty where another form works.", example("api_key")),
		option("auth.max_failures", intCodec, "20", func(c *Config, _ string) *int { return &c.Auth.MaxFailures },
			"Wrong credentials per minute and address before the address has to wait.", atLeast(1)),
		option("auth.passthrough.environments", listCodec, "", func(c *Config, _ string) *[]string { return &c.Auth.PassThroughEnvironments },
			"Environment ids whose applications may sign in with their own credentials; empty means those of the connections.", example("7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11")),
		option("auth.passthrough.roles", listCodec, "passthrough", func(c *Config, _ string) *[]string { return &c.Auth.PassThroughRoles },
			"Roles of callers with their own PingOne credentials: what the policy lets them see at most."),
		option("auth.oidc.*.issuer", exactURLCodec, "", func(c *Config, n string) *string { return &issuer(c, n).Issuer },
			"Issuer, as in the tokens' `iss`; its discovery document is read.", example("https://auth.pingone.com/7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11/as")),
		option("auth.oidc.*.audiences", listCodec, "", func(c *Config, n string) *[]string { return &issuer(c, n).Audiences },
			"Audiences of which a token must name one. Required.", example("pingone-gateway")),
		option("auth.oidc.*.jwks_url", urlCodec, "", func(c *Config, n string) *string { return &issuer(c, n).JWKSURL },
			"Keys of the issuer, where there is no discovery document.", example("https://idp.example.org/jwks")),
		option("auth.oidc.*.name_claim", textCodec, "sub", func(c *Config, n string) *string { return &issuer(c, n).NameClaim },
			"Claim that names the caller in the audit trail."),
		option("auth.oidc.*.roles_claim", textCodec, "groups", func(c *Config, n string) *string { return &issuer(c, n).RolesClaim },
			"Claim that lists the caller's roles."),
		option("auth.oidc.*.role_values", listCodec, "", func(c *Config, n string) *[]string { return &issuer(c, n).RoleValues },
			"Roles for values of the roles claim, `value=role` each; `*` stands for any value. Empty takes the values themselves as roles.", example("7d0c2f1e-3b52-4a7c-9a53-0c9f2c7f6a11=helpdesk,*=staff")),
		option("auth.oidc.*.attributes", listCodec, "", func(c *Config, n string) *[]string { return &issuer(c, n).Attributes },
			"Further values for row conditions, `name=claim` each, the claim as a path such as `address.country`. Top-level claims are there under their own names.", example("country=address.country")),
		option("auth.oidc.*.tenants", listCodec, "", func(c *Config, n string) *[]string { return &issuer(c, n).Tenants },
			"Tenants of Entra ID that are let in; needed where the issuer holds `{tenantid}`.", example("7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11")),
		option("auth.oidc.*.required_scopes", listCodec, "", func(c *Config, n string) *[]string { return &issuer(c, n).RequiredScopes },
			"Scopes that a token must have, all of them.", example("directory:read")),
	}
}

// certificateOptions are the callers known by their client certificates.
func certificateOptions() []Option {
	subject := func(c *Config, name string) *CertificateSubject { return c.certificate(name) }
	return []Option{
		option("auth.certificates.*.subject", textCodec, "", func(c *Config, n string) *string { return &subject(c, n).Subject },
			"Distinguished name of the certificate, as RFC 2253 writes it; one of subject, dns_name, email and uri is compared whole. The caller's name is the key of the entry.", example("CN=etl,O=Example")),
		option("auth.certificates.*.dns_name", textCodec, "", func(c *Config, n string) *string { return &subject(c, n).DNSName },
			"DNS name of the certificate.", example("etl.example.org")),
		option("auth.certificates.*.email", textCodec, "", func(c *Config, n string) *string { return &subject(c, n).Email },
			"E-mail address of the certificate.", example("etl@example.org")),
		option("auth.certificates.*.uri", textCodec, "", func(c *Config, n string) *string { return &subject(c, n).URI },
			"URI of the certificate.", example("spiffe://example.org/etl")),
		option("auth.certificates.*.roles", listCodec, "", func(c *Config, n string) *[]string { return &subject(c, n).Roles },
			"Roles of the caller.", example("analyst")),
		option("auth.certificates.*.attributes", listCodec, "", func(c *Config, n string) *[]string { return &subject(c, n).Attributes },
			"Values for row conditions, `name=value` each; a name may be repeated.", example("department=Sales")),
	}
}

func storeOptions() []Option {
	return []Option{
		option("tokens.store", textCodec, "", func(c *Config, _ string) *string { return &c.Tokens.Store },
			"Where access tokens are kept: `redis` (the Redis below), `memory`, or `file:///path`. Empty means Redis if `redis.url` is set, else memory.", example("file:///var/lib/gateway/tokens")),
		option("tokens.encryption_keys", secretsCodec, "", func(c *Config, _ string) *[]tokens.Secret { return &c.Tokens.EncryptionKeys },
			"Keys that seal stored tokens, `id:base64 of 32 bytes` each: the first one seals, all open. docs/tokens.md says how to change them.", secret),
		option("tokens.name_key", secretCodec, "", func(c *Config, _ string) *tokens.Secret { return &c.Tokens.NameKey },
			"Key of the names under which tokens are stored, base64 of 32 bytes or more. It must stay the same while encryption keys rotate; empty takes the last of encryption_keys, which is right until the first rotation.", secret),
		option("tokens.refresh_ahead", durationCodec, "1m", func(c *Config, _ string) *time.Duration { return &c.Tokens.RefreshAhead },
			"How long before its end a token is renewed; tokens are renewed at about four fifths of their life.", atLeast(0), planned),
		option("redis.url", secretCodec, "", func(c *Config, _ string) *tokens.Secret { return &c.Redis.URL },
			"Redis, as redis:// or rediss:// (TLS), with the number of the database as path.", secret, example("redis://redis:6379/0")),
		option("redis.password", secretCodec, "", func(c *Config, _ string) *tokens.Secret { return &c.Redis.Password },
			"Password of Redis, where it should not stand in the URL.", secret),
		option("redis.tls_ca_file", textCodec, "", func(c *Config, _ string) *string { return &c.Redis.TLSCAFile },
			"Authorities for rediss:// besides the system's (PEM).", example("/etc/gateway/redis-ca.crt"), planned),
		option("redis.prefix", textCodec, "pingone-gateway:", func(c *Config, _ string) *string { return &c.Redis.Prefix },
			"Start of every key in Redis."),
		option("redis.timeout", durationCodec, "200ms", func(c *Config, _ string) *time.Duration { return &c.Redis.Timeout },
			"Time for one Redis command before the gateway goes on without it.", atLeast(0.001)),
		option("redis.required", boolCodec, "false", func(c *Config, _ string) *bool { return &c.Redis.Required },
			"Not ready while Redis is unreachable. Otherwise the gateway goes on from memory and says so in a metric."),
		option("replicas", intCodec, "1", func(c *Config, _ string) *int { return &c.Replicas },
			"Number of gateways that share PingOne's rate limits when no Redis divides them.", atLeast(1)),
	}
}

func limitOptions() []Option {
	return []Option{
		option("limits.request_size", sizeCodec, "1MiB", func(c *Config, _ string) *int64 { return &c.Limits.RequestBytes },
			"Largest request body."),
		option("limits.url_size", sizeCodec, "16KiB", func(c *Config, _ string) *int64 { return &c.Limits.URLBytes },
			"Longest request address."),
		option("limits.header_size", sizeCodec, "32KiB", func(c *Config, _ string) *int64 { return &c.Limits.HeaderBytes },
			"Largest request header."),
		option("limits.query_time", durationCodec, "15m", func(c *Config, _ string) *time.Duration { return &c.Limits.QueryTime },
			"Longest time for one query, the sending of its answer included.", atLeast(0.001)),
		option("limits.queries", intCodec, "32", func(c *Config, _ string) *int { return &c.Limits.Queries },
			"Queries that run at once.", atLeast(1)),
		option("limits.queue", intCodec, "64", func(c *Config, _ string) *int { return &c.Limits.Queue },
			"Queries that may wait for their turn; more are told to come back (503).", atLeast(0)),
		option("limits.queue_time", durationCodec, "10s", func(c *Config, _ string) *time.Duration { return &c.Limits.QueueTime },
			"Longest wait for a turn.", atLeast(0)),
		option("limits.caller_share", floatCodec, "0.5", func(c *Config, _ string) *float64 { return &c.Limits.CallerShare },
			"Part of `limits.queries` that one caller can have while it is alone. Two callers who want as much as they can get have a third each, three a quarter, and a newcomer always finds a turn. 1 lets one caller take all; so it is with `auth.mode: none`.", bounds(0.01, 1)),
		option("limits.rows", int64Codec, "0", func(c *Config, _ string) *int64 { return &c.Limits.Rows },
			"Rows of one result; a query that would give more fails. 0 means no bound.", atLeast(0)),
		option("limits.results", sizeCodec, "64MiB", func(c *Config, _ string) *int64 { return &c.Limits.ResultBytes },
			"Memory for results that are kept for callers who accept an age (`Cache-Control: max-age`). 0 keeps none.", atLeast(0)),
		option("limits.pingone", listCodec, "", func(c *Config, _ string) *[]string { return &c.Limits.PingOne },
			"PingOne's own limits where the environment does not tell them, `group=calls` each; the group's name says for which time: …Rps a second, …Rpm a minute.", example("rlgDirAccessRps=100,rlgConfigRpm=600")),
		option("limits.requests_per_minute", intCodec, "0", func(c *Config, _ string) *int { return &c.Limits.RequestsPerMinute },
			"Requests a minute of one caller. 0 means no bound.", atLeast(0)),
	}
}

func odataOptions() []Option {
	return []Option{
		option("odata.page_size", intCodec, "100000", func(c *Config, _ string) *int { return &c.OData.PageSize },
			"Entities after which a feed goes on at a next link when the client asks for no size; 0 sends feeds whole. A feed that is expected to fit one page is read in parallel, a longer one in order, so larger pages are faster.", atLeast(0)),
		option("odata.max_page_size", intCodec, "1000000", func(c *Config, _ string) *int { return &c.OData.MaxPageSize },
			"Most entities in a page, whatever `Prefer: odata.maxpagesize` asks.", atLeast(1)),
		option("odata.link_keys", secretsCodec, "", func(c *Config, _ string) *[]tokens.Secret { return &c.OData.LinkKeys },
			"Keys that sign next links, `id:base64 of 32 bytes` each; the same on every replica. Empty makes them from `tokens.encryption_keys`, or anew at every start.", secret),
	}
}

func agentOptions() []Option {
	return []Option{
		option("mcp.enabled", boolCodec, "true", func(c *Config, _ string) *bool { return &c.MCP.Enabled },
			"Serves the Model Context Protocol at /mcp, by which language models list tables and run SQL that reads, with the rights and limits of the caller whose key they have. `false` takes the address away."),
	}
}

func engineOptions() []Option {
	return []Option{
		option("engine.memory", autoSizeCodec, "auto", func(c *Config, _ string) *int64 { return &c.Engine.MemoryBytes },
			"Memory of the engine: of all its processes together. `auto` is half of what the container or host has.", example("1GiB")),
		option("engine.workers", autoIntCodec, "auto", func(c *Config, _ string) *int { return &c.Engine.Workers },
			"Most processes of the engine, 2 or more; each works on one statement. `auto` is one for each 32 MiB of `engine.memory`, from 4 to 64. Two stand ready, the others are started when they are needed.", example("16")),
		option("engine.worker_memory", autoSizeCodec, "auto", func(c *Config, _ string) *int64 { return &c.Engine.WorkerBytes },
			"Memory of each process, and so of one query. `auto` is half of `engine.memory`.", example("512MiB")),
		option("engine.time", durationCodec, "1m", func(c *Config, _ string) *time.Duration { return &c.Engine.Time },
			"Longest time that the engine may work on one query, without its waits for PingOne and for the client."),
		option("engine.threads", autoIntCodec, "auto", func(c *Config, _ string) *int { return &c.Engine.Threads },
			"Threads of the engine in each process. `auto` is the number of processors the container or host gives.", example("4")),
		option("engine.temp_dir", textCodec, "", func(c *Config, _ string) *string { return &c.Engine.TempDir },
			"Folder where the engine puts what does not fit its memory, in a folder of its own that is removed at the end, or at the next start. Empty is the system's.", example("/tmp/gateway")),
		option("engine.temp_size", sizeCodec, "4GiB", func(c *Config, _ string) *int64 { return &c.Engine.TempBytes },
			"Most disk that the engine may use there."),
	}
}

func signalOptions() []Option {
	return []Option{
		option("log.level", textCodec, "info", func(c *Config, _ string) *string { return &c.Log.Level },
			"Least important messages to write; also changed at run time by POST /loglevel on the admin listener.", values("debug", "info", "warn", "error"), reloads),
		option("log.format", textCodec, "json", func(c *Config, _ string) *string { return &c.Log.Format },
			"Form of the log, which goes to standard error.", values("json", "text")),
		option("audit.file", textCodec, "", func(c *Config, _ string) *string { return &c.Audit.File },
			"Trail of who asked for what: a path, or `stdout`. Empty means none.", example("/var/log/gateway/audit.jsonl")),
		option("audit.max_size", sizeCodec, "100MiB", func(c *Config, _ string) *int64 { return &c.Audit.MaxBytes },
			"Size at which the file is put aside."),
		option("audit.max_age", durationCodec, "0s", func(c *Config, _ string) *time.Duration { return &c.Audit.MaxAge },
			"How long files put aside are kept, in whole days; 0s keeps them.", atLeast(0), example("2160h")),
		option("audit.max_backups", intCodec, "0", func(c *Config, _ string) *int { return &c.Audit.MaxBackups },
			"How many files put aside are kept; 0 keeps all.", atLeast(0), example("30")),
		option("audit.compress", boolCodec, "true", func(c *Config, _ string) *bool { return &c.Audit.Compress },
			"Packs files put aside with gzip."),
		option("audit.syslog", urlCodec, "", func(c *Config, _ string) *string { return &c.Audit.Syslog },
			"Syslog receiver of the trail in place of a file (RFC 5424): tls://host:6514, tcp://host:601, udp://host:514, unixgram:///dev/log or unix:///path. UDP can lose records without anybody's knowing.", example("tls://syslog.example.org:6514")),
		option("audit.required", boolCodec, "false", func(c *Config, _ string) *bool { return &c.Audit.Required },
			"Refuses requests whose record can't be kept. Otherwise such records are counted as lost."),
		option("audit.statements", textCodec, "redacted", func(c *Config, _ string) *string { return &c.Audit.Statements },
			"How query texts appear in the trail: with question marks for values, as a hash of that, not at all, or as they came, values and all. Calls of procedures never show values.", values("redacted", "hash", "none", "text")),
		option("tracing.endpoint", urlCodec, "", func(c *Config, _ string) *string { return &c.Tracing.Endpoint },
			"OTLP/HTTP address of a trace collector; empty turns tracing off.", example("http://otel-collector:4318")),
		option("tracing.headers", secretsCodec, "", func(c *Config, _ string) *[]tokens.Secret { return &c.Tracing.Headers },
			"Headers for the collector, `name=value` each.", secret),
		option("tracing.sample_ratio", floatCodec, "0.1", func(c *Config, _ string) *float64 { return &c.Tracing.SampleRatio },
			"Share of requests that are traced when the caller has not decided.", bounds(0, 1)),
		option("tracing.service_name", textCodec, "pingone-gateway", func(c *Config, _ string) *string { return &c.Tracing.ServiceName },
			"Name of this service in traces."),
		option("metrics.native_histograms", boolCodec, "true", func(c *Config, _ string) *bool { return &c.Metrics.NativeHistograms },
			"Offers native histograms besides the classic ones to scrapers that ask for them."),
		option("metrics.exemplars", boolCodec, "true", func(c *Config, _ string) *bool { return &c.Metrics.Exemplars },
			"Adds trace ids to histograms where a trace is recorded."),
	}
}
