package sim

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// seedAttributes makes the user schema of an environment: core and standard
// attributes, then the custom ones in the order of data.CustomNames.
func seedAttributes(e *environment) []*attribute {
	var out []*attribute
	add := func(a attribute) {
		a.id, a.displayName = e.ids.attributes.ID(uint32(len(out))), a.name
		a.enabled = a.name != "legacyId"
		out = append(out, &a)
	}
	add(attribute{name: "username", kind: "STRING", schemaType: "CORE", ldap: "uid", required: true, unique: true})
	add(attribute{name: "email", kind: "STRING", schemaType: "STANDARD", ldap: "mail"})
	add(attribute{name: "name", kind: "COMPLEX", schemaType: "STANDARD", subAttributes: []string{"given", "family", "middle", "formatted", "honorificPrefix", "honorificSuffix"}})
	add(attribute{name: "address", kind: "COMPLEX", schemaType: "STANDARD", subAttributes: []string{"streetAddress", "locality", "region", "postalCode", "countryCode"}})
	add(attribute{name: "photo", kind: "COMPLEX", schemaType: "STANDARD", subAttributes: []string{"href"}})
	for _, name := range []string{
		"nickname", "title", "type", "locale", "preferredLanguage", "timezone", "mobilePhone", "primaryPhone", "externalId", "accountId",
	} {
		add(attribute{name: name, kind: "STRING", schemaType: "STANDARD"})
	}
	for _, name := range []string{"enabled", "mfaEnabled", "emailVerified"} {
		add(attribute{name: name, kind: "BOOLEAN", schemaType: "CORE"})
	}
	for k, name := range data.CustomNames {
		a := attribute{name: name, kind: "STRING", schemaType: "CUSTOM", seeded: true, source: data.Custom(k), description: "Custom \"" + name + "\""}
		switch data.Custom(k) {
		case data.Badge:
			a.unique = true
		case data.Skills:
			a.multiValued = true
		case data.Clearance:
			a.enumerated = []enumValue{{Value: "public"}, {Value: "internal"}, {Value: "Secret", Description: "Needs a form"}, {Value: "legacy", Archived: true}}
		case data.CostCenter:
			a.regex = &regexRule{Pattern: "^CC [0-9]+$", Requirements: "CC and a number", Match: []string{"CC 12"}, NoMatch: []string{"12"}}
		case data.Preferences:
			a.kind = "JSON"
		case data.Vehicles:
			a.kind, a.multiValued = "JSON", true
		}
		add(a)
	}
	return out
}

// read checks the JSON of a custom attribute's value; null gives none.
func (a *attribute) read(raw json.RawMessage) ([]string, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	items := []json.RawMessage{raw}
	if a.multiValued {
		items = nil
		if json.Unmarshal(raw, &items) != nil {
			return nil, invalidValue(a.name, "must be an array")
		}
	}
	var out []string
	for _, item := range items {
		v, err := a.readOne(item)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (a *attribute) readOne(raw json.RawMessage) (string, error) {
	if a.kind == "JSON" {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil || object == nil {
			return "", invalidValue(a.name, "must be a JSON object")
		}
		return string(raw), nil
	}
	var v string
	if json.Unmarshal(raw, &v) != nil || v == "" {
		return "", invalidValue(a.name, "must be a string that is not empty")
	}
	if a.enumerated != nil && !slices.ContainsFunc(a.enumerated, func(e enumValue) bool { return e.Value == v && !e.Archived }) {
		return "", invalidValue(a.name, "must be one of the enumerated values")
	}
	if a.regex != nil {
		if ok, err := regexp.MatchString(a.regex.Pattern, v); err != nil || !ok {
			return "", invalidValue(a.name, "must match the pattern "+a.regex.Pattern)
		}
	}
	return v, nil
}
