package uri

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Parse parses a request address. escapedPath is the part of
// (*url.URL).EscapedPath after the service root, with or without its leading
// slash; rawQuery is (*url.URL).RawQuery. One trailing slash is ignored.
//
// The package documentation lists the errors.
func Parse(escapedPath, rawQuery string, limits Limits) (*Request, error) {
	return parse(&work{limits: limits.withDefaults()}, escapedPath, rawQuery)
}

// ParseFilter parses a decoded value of $filter on its own, with the errors
// of Parse.
func ParseFilter(text string, limits Limits) (Expr, error) {
	w := &work{limits: limits.withDefaults()}
	var o Options
	err := w.parseOption(optFilter, text, &o)
	return o.Filter, err
}

func parse(w *work, escapedPath, rawQuery string) (*Request, error) {
	if n := len(escapedPath) + len(rawQuery); n > w.limits.URLBytes {
		return nil, gwerr.New(gwerr.TooLarge,
			fmt.Sprintf("The address is %d bytes long, and the limit is %d.", n, w.limits.URLBytes),
			"Ask for less at once, or raise the limit of the address length.").On("URL")
	}
	if hasZero(escapedPath) || hasZero(rawQuery) {
		return nil, gwerr.New(gwerr.Syntax, "The address has the character %00.", "No text of the directory has it.").On("URL")
	}
	path, err := w.parsePath(escapedPath)
	if err != nil {
		return nil, err
	}
	request := &Request{Path: path}
	if err := w.parseQuery(rawQuery, &request.Options); err != nil {
		return nil, err
	}
	return request, request.checkEntity()
}

func hasZero(s string) bool { return strings.Contains(s, "%00") || strings.IndexByte(s, 0) >= 0 }

// checkEntity demands $id for $entity.
//
// Source: OData 4.01 Part 2, section 4.5 (resolving an entity-id).
func (r *Request) checkEntity() error {
	if len(r.Path) == 0 || r.Options.ID != nil {
		return nil
	}
	if first, ok := r.Path[0].(*SystemSegment); ok && first.Kind == SystemEntity {
		return gwerr.New(gwerr.BadRequest, "The address $entity needs the option $id.", "Write $entity?$id=<address of the entity>.").On(optID.String())
	}
	return nil
}

// parseQuery splits the query at `&`, each option at its first `=`, and
// decodes then; a semicolon is an ordinary character and `+` is a blank.
func (w *work) parseQuery(rawQuery string, into *Options) error {
	if rawQuery == "" {
		return nil
	}
	seen := newSeen()
	count := 0
	for rawQuery != "" {
		var raw string
		raw, rawQuery, _ = strings.Cut(rawQuery, "&")
		w.steps += len(raw) + 1
		if raw == "" {
			continue
		}
		if count++; count > w.limits.Options {
			return gwerr.New(gwerr.TooLarge, fmt.Sprintf("The address has more than %d query options.", w.limits.Options),
				"Leave options out.").On("URL")
		}
		if err := w.parseRawOption(raw, into, seen); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) parseRawOption(raw string, into *Options, seen *seen) error {
	rawName, rawValue, hasValue := strings.Cut(raw, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return badEscape("the name of a query option", "URL")
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil {
		return badEscape("the value of the query option "+name, name)
	}
	id, known := lookupOption(name)
	switch {
	case strings.HasPrefix(name, "@"):
		return w.parseAlias(name, value, into, seen)
	case known && inRequest.has(id):
		if err := seen.add(id.String(), id.String(), gwerr.NoPosition); err != nil {
			return err
		}
		if !hasValue {
			return gwerr.Newf(gwerr.Syntax, "The option %s needs = and a value.", id).At(0).On(id.String())
		}
		return w.parseOption(id, value, into)
	case strings.HasPrefix(name, "$"):
		return gwerr.New(gwerr.BadRequest, fmt.Sprintf("There is no query option %s here.", name),
			"Options are "+inRequest.String()+".").On(name)
	case name == "":
		return gwerr.New(gwerr.Syntax, "A query option has no name.", "").On("URL")
	}
	into.Custom = append(into.Custom, CustomOption{Name: name, Value: value})
	return nil
}

// TextOf gives the text in which an error of a request counts: a query option's value, by
// the name that is the error's target, or the path; "" if there is none.
func TextOf(target, escapedPath, rawQuery string) string {
	if target == pathTarget {
		text, _ := url.PathUnescape(strings.TrimPrefix(escapedPath, "/"))
		return text
	}
	for raw := range strings.SplitSeq(rawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(raw, "=")
		name, _ := url.QueryUnescape(rawName)
		if id, known := lookupOption(name); name == target || known && id.String() == target {
			text, _ := url.QueryUnescape(rawValue)
			return text
		}
	}
	return ""
}

func badEscape(where, target string) error {
	return gwerr.New(gwerr.Syntax, "A percent escape in "+where+" is broken.", "Write % itself as %25.").On(target)
}

func (w *work) parseAlias(name, value string, into *Options, seen *seen) error {
	if end := nameEnd(name, 1); end == 1 || end != len(name) {
		return gwerr.Newf(gwerr.Syntax, "%s is not a name of a parameter alias.", name).On(name)
	}
	if err := seen.add(name, name, gwerr.NoPosition); err != nil {
		return err
	}
	p, err := w.newParser(name, value)
	if err != nil {
		return err
	}
	x, err := p.expression()
	if err == nil {
		err = p.end("an operator or the end")
	}
	into.Aliases = append(into.Aliases, AliasValue{Name: name[1:], Value: x})
	return err
}

// parseOption parses one decoded option value of the request itself.
func (w *work) parseOption(id optionID, value string, into *Options) error {
	p, err := w.newParser(id.String(), value)
	if err != nil {
		return err
	}
	switch id {
	case optFormat:
		into.Format, err = p.format()
	case optSkipToken:
		into.SkipToken, err = p.opaque()
	case optDeltaToken:
		into.DeltaToken, err = p.opaque()
	case optID:
		into.ID, err = p.opaque()
	case optSchemaVersion:
		into.SchemaVersion, err = p.schemaVersion()
	default:
		if err = p.optionValue(id, into); err == nil {
			err = p.end(id.continuation())
		}
	}
	return err
}

// continuation says what the grammar admits after a complete value.
func (o optionID) continuation() string {
	switch o {
	case optSelect, optExpand:
		return "a comma or the end"
	case optOrderBy:
		return "an operator, asc, desc, a comma or the end"
	case optSearch:
		return "a blank and another word, or the end"
	case optFilter, optCompute:
		return "an operator or the end"
	default:
		return "the end"
	}
}

func (p *parser) opaque() (*Text, error) {
	if p.text == "" {
		return nil, p.expected("a value")
	}
	return &Text{Value: p.text}, nil
}

// format checks $format: json, xml, atom, csv, xlsx or a media type.
func (p *parser) format() (*Text, error) {
	switch strings.ToLower(p.text) {
	case "json", "xml", "atom", "csv", "xlsx":
		return &Text{Value: p.text}, nil
	}
	if major, minor, ok := strings.Cut(p.text, "/"); !ok || major == "" || minor == "" {
		return nil, p.expected("json, xml, csv, xlsx or a media type")
	}
	return &Text{Value: p.text}, nil
}

// schemaVersion checks $schemaversion: `*` or unreserved characters.
func (p *parser) schemaVersion() (*Text, error) {
	if p.text == "*" {
		return &Text{Value: p.text}, nil
	}
	for p.pos < len(p.text) && isUnreserved(p.text[p.pos]) {
		p.pos++
	}
	if p.text == "" || p.pos < len(p.text) {
		return nil, p.expected("* or a version of letters, digits, dots and hyphens")
	}
	return &Text{Value: p.text}, nil
}

func isUnreserved(b byte) bool {
	return isASCIILetter(b) || isDigit(b) || strings.IndexByte("-._~", b) >= 0
}
