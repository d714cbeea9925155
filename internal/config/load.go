package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// EnvFile is the environment variable that names the configuration file.
const EnvFile = "GATEWAY_CONFIG"

// maxFileBytes bounds what is read from one file.
const maxFileBytes = 4 << 20

// Sources says where options come from. A later one wins: defaults, file,
// environment, flags.
type Sources struct {
	// File is the path of the YAML file; "" means EnvFile's, or none.
	File string
	// Env holds NAME=value, as os.Environ gives it. Empty values count as not
	// set.
	Env []string
	// Flags holds values by option path, from --set.
	Flags map[string]string
	// ReadFile reads the file and the secrets' files; nil means os.ReadFile.
	ReadFile func(string) ([]byte, error)
	// Complete fills in what the program gives by itself where nobody has, before
	// the configuration is checked; nil for nothing.
	Complete func(*Config) error
}

// Load reads and validates the configuration. Its error is a gwerr.Config
// error in which errors.As finds the Problems, all of them.
func Load(s Sources) (*Config, error) {
	l := newLoader(s)
	l.defaults()
	l.file()
	l.environment()
	l.flags()
	l.finish()
	// A value that could not be read would only cause misleading follow-ups.
	if len(l.problems) == 0 {
		if s.Complete != nil {
			if err := s.Complete(l.cfg); err != nil {
				return nil, err
			}
		}
		l.problems = l.cfg.Validate()
		for i := range l.problems {
			l.problems[i].Where = l.cfg.Origin(l.problems[i].Path)
		}
	}
	return l.cfg, l.problems.Err()
}

type loader struct {
	src      Sources
	cfg      *Config
	index    *index
	problems Problems
	// seen says how the values that the file holds were written first, by address.
	seen map[string]string
}

func newLoader(s Sources) *loader {
	if s.ReadFile == nil {
		s.ReadFile = readFile
	}
	return &loader{src: s, index: theIndex(), seen: map[string]string{}, cfg: &Config{
		Connections: map[string]*Connection{},
		Auth:        Auth{OIDC: map[string]*Issuer{}, Certificates: map[string]*CertificateSubject{}},
		origins:     map[string]string{},
	}}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s is larger than %s", path, formatSize(maxFileBytes))
	}
	return os.ReadFile(path)
}

// defaults sets what has no name of the operator's choice.
func (l *loader) defaults() {
	for _, o := range l.index.options {
		if _, _, named := o.section(); !named {
			o.setDefault(l.cfg, "")
		}
	}
}

// sections are those whose keys are names of the operator's choice, each with the
// names it holds, and how it gets one more.
var sections = map[string]struct {
	names func(*Config) []string
	add   func(c *Config, name string)
}{
	"connections":       {(*Config).ConnectionNames, func(c *Config, name string) { c.connection(name) }},
	"auth.oidc":         {func(c *Config) []string { return sortedKeys(c.Auth.OIDC) }, func(c *Config, name string) { c.issuer(name) }},
	"auth.certificates": {func(c *Config) []string { return sortedKeys(c.Auth.Certificates) }, func(c *Config, name string) { c.certificate(name) }},
}

func (c *Config) connection(name string) *Connection {
	n := named(c, c.Connections, "connections", name)
	n.Name = name
	return n
}

func (c *Config) issuer(name string) *Issuer { return named(c, c.Auth.OIDC, "auth.oidc", name) }

func (c *Config) certificate(name string) *CertificateSubject {
	return named(c, c.Auth.Certificates, "auth.certificates", name)
}

// named returns a section's entry of that name, made with its defaults if it is
// new.
func named[T any](c *Config, entries map[string]*T, section, name string) *T {
	if have, ok := entries[name]; ok {
		return have
	}
	entries[name] = new(T)
	for _, o := range theIndex().options {
		if prefix, _, ok := o.section(); ok && prefix == section {
			o.setDefault(c, name)
		}
	}
	return entries[name]
}

// apply sets one option and remembers where the value came from.
func (l *loader) apply(o *Option, name, text, where string) {
	path := o.at(name)
	if section, _, named := o.section(); named && !l.named(section, name, where) {
		return
	}
	if err := o.set(l.cfg, name, text); err != nil {
		l.problem(path, where, "", "%v.", err)
		return
	}
	l.cfg.origins[path] = where
}

// named makes the entry of a section that has the name, which must be one.
func (l *loader) named(section, name, where string) bool {
	if !namePattern.MatchString(name) {
		l.problem(section, where, "Use letters, digits, - and _, and start with a letter.", "%q can't be a name.", shorten(name))
		return false
	}
	sections[section].add(l.cfg, name)
	return true
}

// applyFile sets a secret from the file at path.
func (l *loader) applyFile(o *Option, name, path, where string) {
	if text, ok := l.read(o.at(name)+"_file", path, where); ok {
		l.apply(o, name, text, where)
	}
}

// read reads the file that the option at an address names.
func (l *loader) read(address, path, where string) (string, bool) {
	data, err := l.src.ReadFile(path)
	if err != nil {
		l.problem(address, where, "Check the path and that the service's user may read it.", "the file can't be read: %v.", err)
	}
	return string(data), err == nil
}

func (l *loader) flags() {
	for _, path := range sortedKeys(l.src.Flags) {
		value, where := l.src.Flags[path], "--set "+path
		switch o, name, file := l.index.find(path); {
		case o == nil:
			l.problems = append(l.problems, l.index.unknown(path))
		case file:
			l.applyFile(o, name, value, where)
		default:
			l.apply(o, name, value, where)
		}
	}
}

// connectionString applies all properties of a connection string.
func (l *loader) connectionString(name, text, where string) {
	pairs, err := parseConnectionString(strings.TrimSpace(text))
	path := "connections." + name
	if err != nil {
		l.problem(path, where, "Write Name=value pairs with semicolons between them.", "in the connection string, %v.", err)
		return
	}
	if !l.named("connections", name, where) {
		return
	}
	afterSecret := false
	for _, p := range pairs {
		o, file := l.index.property(p.name)
		switch {
		case o == nil && afterSecret && !l.index.familiar(p.name):
			// The name may be the tail of the secret: don't show it.
			l.problem(path, where, "Put values that hold a semicolon in quotes.", "unknown property after a secret in the connection string.")
		case o == nil:
			l.unknownProperty(name, p.name, where)
		case file:
			l.applyFile(o, name, p.value, where)
		default:
			l.apply(o, name, p.value, where)
		}
		afterSecret = o != nil && o.Secret && !file
	}
}

// unknownProperty warns of what the connector knows and the gateway ignores,
// and reports the rest.
func (l *loader) unknownProperty(connection, name, where string) {
	path := "connections." + connection + "." + shorten(name)
	switch hint := refusal(name); {
	case isIgnored(name):
		l.warn(path, where, "this property has no effect here.", "It can be left out.")
	case hint != "":
		l.problem(path, where, hint, "this property of the connector has no counterpart here.")
	default:
		hint = gwerr.DidYouMean(name, l.index.propertyNames(), "See docs/configuration.md for the properties.")
		l.problem(path, where, hint, "unknown connection property.")
	}
}

func (l *loader) warn(path, where, message, hint string) {
	l.cfg.Warnings = append(l.cfg.Warnings, Problem{Path: path, Where: where, Message: message, Hint: hint})
}

func (l *loader) problem(path, where, hint, format string, args ...any) {
	l.problems = append(l.problems, Problem{Path: path, Where: where, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// warnOfPlanned says which options were set that do nothing yet.
func (l *loader) warnOfPlanned() {
	for _, o := range l.index.options {
		if !o.Planned {
			continue
		}
		for _, name := range l.cfg.instances(o) {
			path := o.at(name)
			if where := l.cfg.Origin(path); where != "default" && o.get(l.cfg, name) != o.Default {
				l.warn(path, where, "this option is not in effect yet.", "It can be left out.")
			}
		}
	}
}

// warnOfHosts says where links lead wherever a client says.
func (l *loader) warnOfHosts() {
	if c := l.cfg; len(c.Auth.Modes) > 0 && !c.Auth.Has(AuthNone) && c.PublicURL == "" && len(c.Listen.AllowedHosts) == 0 {
		l.warn("public_url", c.Origin("public_url"), "is not set, so the links in OData answers follow the Host header that a client or proxy sends.",
			"Set it, or list the host names of the service in listen.allowed_hosts.")
	}
}

// warnOfPlainHTTP says where keys and rows can be read on their way.
func (l *loader) warnOfPlainHTTP() {
	c := l.cfg
	public, _ := url.Parse(c.PublicURL) // a wrong one was refused
	behind := len(c.TrustedProxies) > 0 || public != nil && (public.Scheme == "https" || IsLoopback(public.Host))
	if len(c.Auth.Modes) > 0 && c.Listen.TLSCertFile == "" && !IsLoopback(c.Listen.Address) && !behind {
		l.warn("listen.address", c.Origin("listen.address"), "takes plain http from other machines, so keys and data can be read on their way.",
			"Set listen.tls.cert_file, or public_url where a proxy before it serves https.")
	}
}

// finish fills in what follows from other options.
func (l *loader) finish() {
	l.warnOfPlanned()
	l.warnOfHosts()
	l.warnOfPlainHTTP()
	c := l.cfg
	if c.DefaultConnection == "" {
		c.DefaultConnection = "pingone"
		if names := c.ConnectionNames(); len(names) == 1 {
			c.DefaultConnection = names[0]
		}
	}
	if c.Tokens.Store == "" {
		c.Tokens.Store = "memory"
		if !c.Redis.URL.IsZero() {
			c.Tokens.Store = "redis"
		}
	}
}

// ConnectionNames returns the names of the connections in order.
func (c *Config) ConnectionNames() []string { return sortedKeys(c.Connections) }

// NoConnection is gwerr.NotFound for a name that no connection has; its hint is
// the nearest name, or lists them.
func (c *Config) NoConnection(name string) *gwerr.Error {
	names := c.ConnectionNames()
	return gwerr.Newf(gwerr.NotFound, "There is no connection named %q.", name).
		WithHint(gwerr.DidYouMean(name, names, "There is "+strings.Join(names, ", ")+"."))
}

// Origin says where the option at path got its value: "default", a place in
// the file, an environment variable or a flag.
func (c *Config) Origin(path string) string {
	return cmp.Or(c.origins[path], "default")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
