package config

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// serviceLink matches the variables that Kubernetes sets for a Service named
// gateway; they are not meant for us.
var serviceLink = regexp.MustCompile(`^GATEWAY_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$`)

// clientVariables are read by commands, not by the service.
var clientVariables = []string{EnvFile, "GATEWAY_KEY", "GATEWAY_SERVER"}

// environment applies the variables that start with GATEWAY_. Single properties
// come after the connection string, and the last setting of a variable wins.
func (l *loader) environment() {
	vars := map[string]string{}
	for _, kv := range l.src.Env {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "GATEWAY_") && !slices.Contains(clientVariables, name) {
			vars[name] = value
		}
	}
	const text, file = "GATEWAY_CONNECTION", "GATEWAY_CONNECTION_FILE"
	switch {
	case vars[text] != "" && vars[file] != "":
		l.problem("connections", file, "Keep one of them.", "is given both as text and as a file.")
	case vars[text] != "":
		l.connectionString(l.defaultName(), vars[text], text)
	case vars[file] != "":
		if read, ok := l.read("connections", vars[file], file); ok {
			l.connectionString(l.defaultName(), read, file)
		}
	}
	for _, name := range sortedKeys(vars) {
		if vars[name] != "" && name != text && name != file {
			l.variable(name, vars[name])
		}
	}
}

func (l *loader) variable(name, value string) {
	o, instance, file := l.findEnv(name)
	switch {
	case o != nil && file:
		if lookup(l.src.Env, strings.TrimSuffix(name, "_FILE")) != "" {
			l.problem(o.at(instance), name, "Keep one of them.", "is given both as text and as a file.")
			return
		}
		l.applyFile(o, instance, value, name)
	case o != nil:
		l.apply(o, instance, value, name)
	case !serviceLink.MatchString(name):
		hint := gwerr.DidYouMean(name, l.envNames(), "See docs/configuration.md for the variables.")
		l.problem("", name, hint, "unknown environment variable.")
	}
}

// defaultName is the connection that GATEWAY_CONNECTION describes.
func (l *loader) defaultName() string {
	return cmp.Or(lookup(l.src.Env, "GATEWAY_DEFAULT_CONNECTION"), l.cfg.DefaultConnection, "pingone")
}

// findEnv finds the option of a variable, the name in it, and whether it
// names a file.
func (l *loader) findEnv(name string) (o *Option, instance string, file bool) {
	for i := range l.index.options {
		c := &l.index.options[i]
		prefix, leaf, named := strings.Cut(c.Env(), "<NAME>")
		rest, ok := strings.CutPrefix(name, prefix)
		for _, ending := range []string{"", "_FILE"} {
			n, fits := strings.CutSuffix(rest, leaf+ending)
			if ok && fits && (n != "") == named && (ending == "" || c.Secret) && longer(o, c) {
				o, instance, file = c, l.instance(c, n), ending != ""
			}
		}
	}
	return o, instance, file
}

// longer prefers the longest property name: PROD_PROXY_USER is proxy_user of
// prod.
func longer(have, other *Option) bool { return have == nil || len(other.Path) > len(have.Path) }

// instance turns the upper-case name in a variable into that of a connection
// or issuer: an existing one if it fits, else its lower case.
func (l *loader) instance(o *Option, upper string) string {
	for _, n := range l.cfg.instances(*o) {
		if squash(n) == squash(upper) {
			return n
		}
	}
	return strings.ToLower(upper)
}

func (l *loader) envNames() []string {
	names := append([]string{"GATEWAY_CONNECTION", "GATEWAY_CONNECTION_FILE"}, clientVariables...)
	for _, o := range l.index.options {
		if !strings.Contains(o.Path, "*") {
			names = append(names, o.Env())
			continue
		}
		for _, n := range append(l.cfg.ConnectionNames(), "pingone") {
			names = append(names, strings.Replace(o.Env(), "<NAME>", strings.ToUpper(n), 1))
		}
	}
	return names
}

// lookup returns the value of a variable; the last setting wins.
func lookup(env []string, name string) string {
	value := ""
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}
