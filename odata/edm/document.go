package edm

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Document is a text with its entity tag.
type Document struct {
	Body []byte
	// Tag is a weak entity tag: the same for texts that are the same.
	Tag string
}

func newDocument(body []byte) Document {
	sum := sha256.Sum256(body)
	return Document{Body: body, Tag: `W/"` + hex.EncodeToString(sum[:12]) + `"`}
}

// documentKey finds a $metadata document among what is derived from a schema.
// A caller's view is a schema of its own, so that nothing else changes the text.
type documentKey struct {
	options Options
	json    bool
	actions string
}

// Metadata returns the schema's $metadata document, with the actions, as XML or
// JSON. It is made once for each schema, which is expensive, and not to be changed.
func Metadata(s *catalog.Schema, o Options, actions []Action, json bool) Document {
	build := func() any {
		if json {
			return newDocument(JSON(s, o, actions...))
		}
		return newDocument(XML(s, o, actions...))
	}
	d, _ := s.Derived(documentKey{o, json, actionsKey(actions)}, build).(Document)
	return d
}

// setsKey finds the list of entity sets.
type setsKey struct{}

// ServiceDocument returns the service document for the absolute service root,
// which ends in a slash. prefix is that of control information: "@odata." in
// answers of version 4.0, "@" in later ones. The root comes from the request, so
// only what follows it is kept.
func ServiceDocument(s *catalog.Schema, root, prefix string) Document {
	sets, _ := s.Derived(setsKey{}, func() any { return entitySets(s) }).([]byte)
	body := make([]byte, 0, len(sets)+len(root)+64)
	body = append(body, '{')
	if prefix != "" {
		body = append(appendText(body, prefix+"context"), ':')
		body = append(appendText(body, root+"$metadata"), ',')
	}
	return newDocument(append(append(body, sets...), '}'))
}

// entitySets is the member that lists the entity sets.
func entitySets(s *catalog.Schema) []byte {
	sets := make([]object, len(s.Tables))
	for i, t := range s.Tables {
		sets[i] = object{{"name", t.Name}, {"kind", "EntitySet"}, {"url", t.Name}}
	}
	return appendJSON([]byte(`"value":`), sets)
}
