package config

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Effective is one option as it is in force.
type Effective struct {
	Path, Value, Origin string
	Secret              bool
}

// Effective returns every option with its value and origin; secrets are ***.
func (c *Config) Effective() []Effective {
	var out []Effective
	for _, o := range theIndex().options {
		for _, name := range c.instances(o) {
			path := o.at(name)
			value := o.get(c, name)
			out = append(out, Effective{Path: path, Value: value, Origin: c.Origin(path), Secret: o.Secret})
		}
	}
	return out
}

// PropertyInForce is a property of a connection and its value; *** for a secret.
type PropertyInForce struct {
	Option
	Value string
}

// Properties are the connection's, in the order of the documentation.
func (c *Connection) Properties() (out []PropertyInForce) {
	own := *c // the options' accessors write its name, and others read the connection
	of := &Config{Connections: map[string]*Connection{c.Name: &own}}
	for _, o := range theIndex().options {
		if o.Property != "" {
			out = append(out, PropertyInForce{o, o.get(of, c.Name)})
		}
	}
	return out
}

// instances returns the names for which an option exists: one empty name for
// an option without a star.
func (c *Config) instances(o Option) []string {
	prefix, _, named := o.section()
	if !named {
		return []string{""}
	}
	return sections[prefix].names(c)
}

// Dump writes the effective configuration as YAML, with the origin of every
// value that is not a default. Secrets appear as ***, so that the output can
// be shown but not used as it is.
func (c *Config) Dump(w io.Writer) error {
	t := newTree()
	for _, e := range c.Effective() {
		comment := ""
		if e.Origin != "default" {
			comment = "from " + e.Origin
		}
		o, _, _ := theIndex().find(e.Path)
		t.put(e.Path, yamlValue(o, e.Value), comment, true)
	}
	var b strings.Builder
	t.lines(&b, "")
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteExample writes a commented configuration file with every option: those
// that a first connection needs are set, the others stand as comments.
func WriteExample(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# PingOne Gateway configuration. Every key is optional but for auth and one connection.\n")
	b.WriteString("# Each key can also be set by an environment variable: listen.address is GATEWAY_LISTEN_ADDRESS.\n")
	for _, s := range chapters() {
		fmt.Fprintf(&b, "\n# --- %s ---\n", s.title)
		writeExampleChapter(&b, s.options)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// exampleValues are what the example file sets for good.
var exampleValues = map[string]string{
	"auth.mode":                  "keys",
	"auth.keys_file":             "/etc/gateway/keys.json",
	"connections.pingone.region": "EU",
	"connections.pingone.worker_app_environment_id": "7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11",
	"connections.pingone.oauth_client_id":           "2d6c9e61-3b1e-4a35-9a36-5bb3fb1f0c53",
	"connections.pingone.oauth_client_secret_file":  "/run/secrets/pingone_client_secret",
}

// exampleNames are those of the example's connection, issuer and certificate.
var exampleNames = strings.NewReplacer("connections.*", "connections.pingone", "auth.oidc.*", "auth.oidc.workforce", "auth.certificates.*", "auth.certificates.etl")

func writeExampleChapter(b *strings.Builder, options []Option) {
	t := newTree()
	for _, o := range options {
		path := exampleNames.Replace(o.Path)
		if o.Secret {
			path += "_file"
		}
		v, set := exampleValues[path]
		switch {
		case set:
			v = yamlValue(&o, v)
		case o.Secret:
			names := strings.Split(strings.TrimSuffix(path, "_file"), ".")
			v = "/run/secrets/" + strings.Join(names[max(0, len(names)-2):], "_")
		default:
			v = yamlValue(&o, cmp.Or(o.Example, o.Default))
		}
		t.put(path, v, o.Help, set)
	}
	t.example(b, "")
}

// yamlValue writes a value so that YAML reads the same text back.
func yamlValue(o *Option, text string) string {
	if o.list && text != masked {
		parts, _ := splitList(text) // as it was written from a list
		for i, p := range parts {
			parts[i] = strconv.Quote(p)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	switch o.jsonType {
	case "boolean", "integer", "number":
		return text
	}
	return strconv.Quote(text)
}

// tree writes dotted addresses as nested YAML, in order of first appearance.
type tree struct {
	keys           []string
	children       map[string]*tree
	value, comment string
	set            bool // this or something under it
}

func newTree() *tree { return &tree{children: map[string]*tree{}} }

func (t *tree) put(path, value, comment string, set bool) {
	key, rest, deeper := strings.Cut(path, ".")
	child, ok := t.children[key]
	if !ok {
		child = newTree()
		t.children[key], t.keys = child, append(t.keys, key)
	}
	child.set = child.set || set
	if deeper {
		child.put(rest, value, comment, set)
		return
	}
	child.value, child.comment = " "+value, comment
}

// lines writes the values, each with its comment behind it.
func (t *tree) lines(b *strings.Builder, indent string) {
	for _, k := range t.keys {
		c := t.children[k]
		b.WriteString(indent + k + ":" + c.value)
		if c.comment != "" {
			b.WriteString(" # " + c.comment)
		}
		b.WriteString("\n")
		c.lines(b, indent+"  ")
	}
}

// example writes the values, each below its comment; what is not set stands as a
// comment.
func (t *tree) example(b *strings.Builder, indent string) {
	for _, k := range t.keys {
		c, off := t.children[k], "# "
		if c.set {
			off = ""
		}
		if c.comment != "" {
			b.WriteString(off + indent + "# " + c.comment + "\n")
		}
		b.WriteString(off + indent + k + ":" + c.value + "\n")
		c.example(b, indent+"  ")
	}
}
