package config

import (
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/tokens"
)

// Validate returns every problem of the configuration as a whole. It reads
// nothing but c.
func (c *Config) Validate() Problems {
	var p Problems
	c.validateListeners(&p)
	c.validateAuth(&p)
	c.validateCertificates(&p)
	c.validateAudit(&p)
	c.validateConnections(&p)
	c.validateStores(&p)
	c.validateRest(&p)
	return p
}

func (c *Config) validateListeners(p *Problems) {
	l := c.Listen
	checkAddress(p, "listen.address", l.Address)
	if c.Admin.Address != "" {
		checkAddress(p, "admin.address", c.Admin.Address)
		p.when(c.Admin.Address == l.Address && !strings.HasSuffix(l.Address, ":0"), "admin.address", "Give the admin listener a port of its own.", "is the same as listen.address.")
	}
	if at := c.Postgres.Address; at != "" {
		checkAddress(p, "postgres.address", at)
		p.when((at == l.Address || at == c.Admin.Address) && !strings.HasSuffix(at, ":0"), "postgres.address", "Give it a port of its own, such as :5433.", "is the same as that of another listener.")
	}
	p.when((l.TLSCertFile == "") != (l.TLSKeyFile == ""), "listen.tls", "Give both cert_file and key_file, or neither.", "is half configured.")
	p.when(l.TLSClientCAFile != "" && l.TLSCertFile == "", "listen.tls.client_ca_file", "Give listen.tls.cert_file and key_file as well.", "has no effect without TLS.")
	checkURL(p, "public_url", c.PublicURL, "http", "https")
}

func (c *Config) validateAuth(p *Problems) {
	a := c.Auth
	switch {
	case len(a.Modes) == 0:
		p.add("auth.mode", "Set it to keys, oidc or passthrough; or to none with a loopback listen.address such as 127.0.0.1:8080.", "is missing: the service does not start without authentication.")
	case a.Has(AuthNone) && len(a.Modes) > 1:
		p.add("auth.mode", "Take none out of the list.", "none can't stand beside other modes.")
	case a.Has(AuthNone) && !IsLoopback(c.Listen.Address):
		p.add("auth.mode", "Set listen.address to 127.0.0.1:8080, or choose keys, oidc or passthrough.", "none is only allowed on a loopback address; this one is %s.", c.Listen.Address)
	}
	at := c.Postgres.Address
	p.when(a.Has(AuthNone) && at != "" && !IsLoopback(at), "auth.mode", "Set postgres.address to 127.0.0.1:5433, or choose keys, oidc or passthrough.", "none is only allowed on a loopback address; that of PostgreSQL's protocol is %s.", at)
	p.when(at != "" && !a.Has(AuthNone) && c.Postgres.RequireTLS && c.Listen.TLSCertFile == "" && !IsLoopback(at), "postgres.require_tls", "Give listen.tls.cert_file and key_file, or set it to false where a proxy or the network protects passwords.", "lets nobody in at %s: there is no certificate for TLS.", at)
	p.when(a.Has(AuthKeys) && a.KeysFile == "", "auth.keys_file", "Make one with `gateway keys`, and name it here.", "is needed for auth.mode keys.")
	p.when(a.Has(AuthOIDC) && len(a.OIDC) == 0, "auth.oidc", "Add an issuer with its audiences.", "is needed for auth.mode oidc.")
	for _, name := range sortedKeys(a.OIDC) {
		path, i := "auth.oidc."+name, a.OIDC[name]
		p.when(i.Issuer == "", path+".issuer", "", "is missing.")
		for key, text := range map[string]string{".issuer": i.Issuer, ".jwks_url": i.JWKSURL} {
			p.when(exposed(p, path+key, text), path+key, "Use https.", "is not protected: keys could be replaced on the way.")
		}
		p.when(strings.Contains(i.Issuer, "{tenantid}") && len(i.Tenants) == 0, path+".tenants", "List the tenants that are let in.", "is missing: every tenant of the provider would be.")
		checkPairs(p, path+".role_values", i.RoleValues)
		checkPairs(p, path+".attributes", i.Attributes)
		p.when(len(i.Audiences) == 0, path+".audiences", "Name the audience that your tokens carry for this gateway.", "is missing: tokens made for other services would be accepted.")
	}
	checkNoCredentials(p, "auth.bearer_authorization_uri", a.BearerAuthorizationURI)
}

func (c *Config) validateStores(p *Problems) {
	checkKeys(p, "tokens.encryption_keys", c.Tokens.EncryptionKeys)
	checkKeys(p, "odata.link_keys", c.OData.LinkKeys)
	if k := c.Tokens.NameKey; !k.IsZero() && !isKey(k.Reveal()) {
		p.add("tokens.name_key", "`openssl rand -base64 32` makes one.", "is not the base64 of 32 bytes.")
	}
	if store := c.Tokens.Store; strings.Contains(store, "://") && isRedis(store[:strings.Index(store, ":")]) {
		p.add("tokens.store", "Write redis, and give the address as redis.url.", "holds an address of Redis.")
	} else {
		c.checkStore(p, "tokens.store", store)
	}
	if redis := c.Redis.URL.Reveal(); redis != "" {
		// Lists of hosts, as Sentinel and Cluster have, are no URL.
		if scheme, rest, _ := strings.Cut(redis, "://"); !isRedis(scheme) || rest == "" {
			p.add("redis.url", "Write redis://host:6379/0, or rediss:// for TLS; redis+sentinel:// and redis+cluster:// take several hosts.", "is not the address of a Redis.")
		}
	} else if c.Redis.Required {
		p.add("redis.required", "Set redis.url.", "is true, but there is no Redis.")
	}
}

func isRedis(scheme string) bool {
	kind, topology, _ := strings.Cut(scheme, "+")
	return (kind == "redis" || kind == "rediss") && (topology == "" || topology == "sentinel" || topology == "cluster")
}

// checkStore checks the address of a token store.
func (c *Config) checkStore(p *Problems, path, store string) {
	scheme, rest, _ := strings.Cut(tokens.StoreAddress(store), "://")
	switch {
	case scheme == "", scheme == "memory":
		return
	case isRedis(scheme):
		p.when(rest == "" && c.Redis.URL.IsZero(), path, "Set redis.url.", "is redis, but there is no Redis.")
	case scheme == "file":
		p.when(!strings.HasPrefix(rest, "/"), path, "Write file:///path/to/folder.", "needs an absolute path.")
	default:
		p.add(path, "Write redis, memory or file:///path.", "is not a known kind of store.")
		return
	}
	p.when(len(c.Tokens.EncryptionKeys) == 0, "tokens.encryption_keys", "Make a key with `gateway keys seal`.", "is missing: tokens are not stored in %s unsealed.", scheme)
}

func (c *Config) validateRest(p *Problems) {
	p.when(c.OData.PageSize > c.OData.MaxPageSize, "odata.page_size", "Raise odata.max_page_size or lower it.", "is larger than odata.max_page_size.")
	for path, n := range map[string]int64{
		"limits.request_size": c.Limits.RequestBytes,
		"limits.url_size":     c.Limits.URLBytes, "limits.header_size": c.Limits.HeaderBytes,
	} {
		p.when(n < 1024, path, "Use 1KiB or more.", "is too small for any request.")
	}
	e := c.Engine
	p.when(e.MemoryBytes != 0 && e.MemoryBytes < 96<<20, "engine.memory", "Use 96MiB or more, or auto.", "is too small for the engine.")
	p.when(e.Workers < 0 || e.Workers == 1, "engine.workers", "Use 2 or more, or auto.", "is too small: a query may need a second process while it reads its rows.")
	p.when(e.WorkerBytes != 0 && (e.WorkerBytes < 64<<20 || e.MemoryBytes != 0 && e.WorkerBytes > e.MemoryBytes), "engine.worker_memory", "Use 64MiB or more, and no more than engine.memory, or auto.", "does not fit.")
	p.when(e.Time <= 0, "engine.time", "Use a time such as 1m.", "must be positive.")
	p.when(e.Threads < 0, "engine.threads", "Use a number, or auto.", "can't be negative.")
	checkURL(p, "tracing.endpoint", c.Tracing.Endpoint, "http", "https")
	for _, h := range c.Tracing.Headers {
		if name, _, ok := strings.Cut(h.Reveal(), "="); !ok || strings.TrimSpace(name) == "" {
			p.add("tracing.headers", "Write name=value.", "an entry has no name or no =.")
		}
	}
	c.validateRates(p)
	slices.SortStableFunc(*p, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
}

// IsLoopback reports whether a listen address is reachable from this host
// alone.
func IsLoopback(address string) bool {
	if strings.HasPrefix(address, socketPrefix) {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// socketPrefix is before the path of a socket of this machine.
const socketPrefix = "unix:"

func checkAddress(p *Problems, path, address string) {
	if name, found := strings.CutPrefix(address, socketPrefix); found {
		p.when(!filepath.IsAbs(name), path, "Write unix:/run/gateway/socket.", "needs an absolute path.")
		return
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		p.add(path, "Write host:port, or :port for all addresses.", "%q is not an address to listen on.", shorten(address))
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		p.add(path, "Use a port from 0 to 65535.", "%q is not a port.", shorten(port))
	}
}

// checkURL checks an address, if there is one.
func checkURL(p *Problems, path, text string, schemes ...string) bool {
	if text == "" || !checkNoCredentials(p, path, text) {
		return text == ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme):
		p.add(path, "Write it as "+strings.Join(schemes, ":// or ")+"://host.", "is not such an address.")
	case u.RawQuery != "" || u.Fragment != "":
		p.add(path, "Take out what follows the path.", "has a query or fragment.")
	default:
		return true
	}
	return false
}

// checkNoCredentials refuses a password in an address, as addresses are shown.
func checkNoCredentials(p *Problems, path, text string) bool {
	u, err := url.Parse(text)
	holds := err == nil && u.User != nil
	p.when(holds, path, "Take the user and password out of it.", "holds credentials.")
	return !holds
}

// exposed reports whether an address, which it checks, is called without TLS on
// another host than this one.
func exposed(p *Problems, path, text string) bool {
	if text == "" || !checkURL(p, path, text, "https", "http") {
		return false
	}
	u, _ := url.Parse(text)
	return u.Scheme == "http" && !IsLoopback(net.JoinHostPort(u.Hostname(), "0"))
}

// checkKeys checks sealing keys: id:base64 of 32 bytes or more, ids unique.
func checkKeys(p *Problems, path string, keys []tokens.Secret) {
	ids := map[string]bool{}
	for i, k := range keys {
		id, text, ok := strings.Cut(k.Reveal(), ":")
		switch {
		case !ok || id == "":
			p.add(path, "Write id:base64; `gateway keys seal` makes one.", "key %d has no id.", i+1)
		case ids[id]:
			p.add(path, "Give every key an id of its own.", "two keys have the id %s.", shorten(id))
		case !isKey(text):
			p.add(path, "`gateway keys seal` makes one.", "key %d is not the base64 of 32 bytes.", i+1)
		}
		ids[id] = true
	}
}

func isKey(text string) bool {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	return err == nil && len(raw) >= 32
}
