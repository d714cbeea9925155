package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestSpellings holds every spelling against the plain answer: the same JSON but
// for what the spelling is meant to add.
func TestSpellings(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 120})
	paths := []string{
		f.env("/users?limit=50&expand=population"), f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, 7)), f.env("/groups"), f.env("/populations"),
		"/environments?expand=billOfMaterials", "/roles", "/organizations", "/organizations/" + f.OrganizationID() + "/licenses", f.env("/capabilities"),
		f.env("/schemas/" + f.SchemaID(sim.EnvironmentAdministrators) + "/attributes"), f.env("/users?filter=x"),
	}
	tests := map[string]string{ // a pattern that the text holds
		"json-spaces": `" :`, "json-order": "", "json-unknown": `"zz`, "json-null": "null", "json-escapes": `\u00`, "json-floats": ".0",
	}
	all := []string{}
	for name := range tests {
		all = append(all, name)
	}
	tests[strings.Join(all, ",")] = `\u00`
	for list, pattern := range tests {
		for _, p := range paths {
			f.unkind("")
			plain := f.ask(p)
			f.unkind(list)
			odd := f.ask(p)
			if list != "json-floats" || strings.Contains(plain.raw, `"size":`) {
				assert.Contains(t, odd.raw, pattern, "%s %s", list, p)
			}
			if list == "json-order" {
				assert.NotEqual(t, plain.raw, odd.raw)
				assert.Len(t, odd.raw, len(plain.raw))
			}
			delete(plain.body, "id") // of errors
			delete(odd.body, "id")
			assert.Empty(t, differences("", plain.body, odd.body), "%s %s", list, p)
			assert.Equal(t, plain.status, odd.status)
		}
	}
}

// differences lists what of the plain value the odd one lost or changed, and
// members that it gained which are neither null nor unknown.
func differences(at string, plain, odd any) (out []string) {
	switch p := plain.(type) {
	case map[string]any:
		o, _ := odd.(map[string]any)
		for k, v := range p {
			out = append(out, differences(at+"."+k, v, o[k])...)
		}
		for k, v := range o {
			if _, ok := p[k]; !ok && v != nil && !strings.HasPrefix(k, "zz") {
				out = append(out, at+"."+k+" is new")
			}
		}
	case []any:
		o, _ := odd.([]any)
		if len(o) != len(p) {
			return []string{at + " has another length"}
		}
		for k := range p {
			out = append(out, differences(fmt.Sprint(at, "[", k, "]"), p[k], o[k])...)
		}
	default:
		if plain != odd {
			out = append(out, fmt.Sprintf("%s is %v, not %v", at, odd, plain))
		}
	}
	return out
}

func TestSpellingsLeaveForeignJSON(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 60, Unkind: "json-spaces,json-order,json-unknown,json-null,json-escapes,json-floats"})
	_, _ = f.do(http.MethodPost, f.env("/groups"), map[string]any{"name": "with data", "customData": json.RawMessage(`{"count":7,"ü":[1,{"b":"a/b"}]}`)})
	assert.Contains(t, f.ask(f.env("/groups")).raw, `{"count":7,"ü":[1,{"b":"a/b"}]}`)
}
