package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Option is one declared option. Declarations are data: the reader, the
// documentation, the example, the dump and the JSON Schema all come from them.
type Option struct {
	// Path is the address in the file. A "*" stands for a name of the
	// operator's choice, as in connections.*.region.
	Path string
	// Property is the name in a connection string; "" outside connections.
	Property string
	// Category is the group of a property; "" outside connections.
	Category string
	// Kind names the form of the value, for readers.
	Kind string
	// Default is the text of the default; "" if there is none.
	Default string
	// Values lists what is allowed, if that is a closed set; letter case is
	// free, and the spelling here is what the field gets.
	Values []string
	// Min and Max bound a number; nil means no bound.
	Min, Max *float64
	// Secret values are never printed, and can be read from a file.
	Secret bool
	// Reload is true when SIGHUP takes over a changed value.
	Reload bool
	Help   string
	// Planned options are accepted, and do nothing yet; setting one warns.
	Planned bool
	// Example is a value worth showing; "" shows the default.
	Example string

	jsonType string
	list     bool
	synonyms map[string]string
	set      func(c *Config, name, text string) error
	get      func(c *Config, name string) string
}

// Env is the name of the option's environment variable, with <NAME> where a
// name of the operator's choice belongs.
func (o Option) Env() string {
	path := strings.ReplaceAll(o.Path, "*", "<NAME>")
	return "GATEWAY_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// section is the part of the path before "*."; ok is false without one.
func (o Option) section() (prefix, leaf string, ok bool) {
	return strings.Cut(o.Path, ".*.")
}

// at returns the path with the name in place of the star.
func (o Option) at(name string) string { return strings.Replace(o.Path, "*", name, 1) }

// mod changes an option as it is declared.
type mod func(*Option)

func values(v ...string) mod { return func(o *Option) { o.Values = v } }
func bounds(low, high float64) mod {
	return func(o *Option) { o.Min, o.Max = &low, &high }
}
func atLeast(low float64) mod { return func(o *Option) { o.Min = &low } }
func example(text string) mod { return func(o *Option) { o.Example = text } }
func reloads(o *Option)       { o.Reload = true }
func planned(o *Option) {
	o.Planned = true
	o.Help += " Accepted, but not in effect yet."
}
func secret(o *Option) { o.Secret = true }
func synonym(a, b string) mod {
	return func(o *Option) { o.synonyms = map[string]string{strings.ToLower(a): b} }
}

// option declares one option over the field that at points to. at gets the
// name that stands for the path's star, "" without one.
func option[T any](path string, c codec[T], def string, at func(*Config, string) *T, help string, mods ...mod) Option {
	o := Option{Path: path, Kind: c.kind, Default: def, Help: help, jsonType: c.json, list: c.list}
	for _, m := range mods {
		m(&o)
	}
	o.set = func(cfg *Config, name, text string) error {
		text, err := o.canonical(strings.TrimSpace(text))
		if err != nil {
			return err
		}
		v, err := c.parse(text)
		if err != nil {
			return err
		}
		*at(cfg, name) = v
		return nil
	}
	o.get = func(cfg *Config, name string) string { return c.format(*at(cfg, name)) }
	return o
}

func (o *Option) setDefault(c *Config, name string) {
	if err := o.set(c, name, o.Default); err != nil {
		panic("config: default of " + o.Path + ": " + err.Error())
	}
}

// canonical checks a closed set and the bounds, and gives values their
// declared spelling.
func (o *Option) canonical(text string) (string, error) {
	if len(o.Values) > 0 && text != "" {
		parts := []string{text}
		if o.list {
			var err error
			if parts, err = splitList(text); err != nil {
				return "", err
			}
		}
		for i, p := range parts {
			v, err := o.oneOf(p)
			if err != nil {
				return "", err
			}
			parts[i] = v
		}
		return strings.Join(parts, ","), nil
	}
	if o.Min == nil && o.Max == nil {
		return text, nil
	}
	return text, o.inBounds(text)
}

func (o *Option) oneOf(text string) (string, error) {
	if s, ok := o.synonyms[strings.ToLower(text)]; ok {
		return s, nil
	}
	for _, v := range o.Values {
		if strings.EqualFold(v, text) {
			return v, nil
		}
	}
	if near := gwerr.Nearest(text, o.Values); near != "" {
		return "", fmt.Errorf("%q is not a value of it; did you mean %s?", shorten(text), near)
	}
	return "", fmt.Errorf("%q is not a value of it; use %s", shorten(text), strings.Join(o.Values, ", "))
}

func (o *Option) inBounds(text string) error {
	n, ok := magnitude(text)
	switch {
	case !ok: // the codec says what is wrong with the form
		return nil
	case o.Min != nil && n < *o.Min && o.Max != nil, o.Max != nil && n > *o.Max:
		return fmt.Errorf("%s is out of range; use %s to %s", shorten(text), number(*o.Min), number(*o.Max))
	case o.Min != nil && n < *o.Min:
		return fmt.Errorf("%s is out of range; use %s or more", shorten(text), number(*o.Min))
	}
	return nil
}

// magnitude is a number, or a duration in seconds.
func magnitude(text string) (n float64, ok bool) {
	if n, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64); err == nil {
		return n, true
	}
	d, err := parseDuration(text)
	return d.Seconds(), err == nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// shorten keeps messages readable when a value is a whole document.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
