package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// ownNames are the members whose objects are the API's: those written by code,
// and those that the resources declare. What stands in any other is somebody's
// data, such as customData, and stays as it is to the byte. A name that is
// anybody's anywhere is not the API's own.
var ownNames = sync.OnceValue(func() map[string]bool {
	own := make(map[string]bool)
	for name := range strings.FieldsSeq(`_links _embedded account address details directMemberCounts environment group identityProvider
		innerError lastSignOn license licenseQuantities lifecycle name organization password passwordPolicy
		photo population role schema scope theme totalMemberCounts user`) {
		own[name] = true
	}
	var visit func(m *resource.Member)
	visit = func(m *resource.Member) {
		for _, c := range m.Children {
			_, known := own[c.Name]
			switch {
			case len(c.Children) > 0 && !known:
				own[c.Name] = true
			case len(c.Children) == 0 && (c.Kind == resource.Object || c.Kind == resource.Any):
				own[c.Name] = false
			}
			visit(c)
		}
	}
	for _, t := range declared().Types {
		visit(t.Members)
		for _, m := range t.Variants {
			visit(m)
		}
	}
	return own
})

// nullable are members that rows may have; where one is missing, null says so.
var nullable = []string{
	"address", "customData", "description", "email", "externalId", "icon", "lastSignOn", "locale", "name", "nickname", "photo",
	"population", "softDeletedAt", "sourceId", "terminatesAt", "theme", "title", "type", "userFilter",
}

// respell writes an answer in the way that the switches want. The same answer
// always comes out the same.
func (s *Server) respell(body []byte, how *unkindness) []byte {
	on := func(way string) bool { return how.of("json-" + way).on }
	sp := &speller{
		spaces: on("spaces"), order: on("order"), unknown: on("unknown"), null: on("null"), escapes: on("escapes"), floats: on("floats"),
		seed: s.draw("spelling"), dst: make([]byte, 0, len(body)*3/2),
	}
	sp.object(body, "", nullable)
	return sp.dst
}

// speller writes JSON in some of the ways in which the same can be written.
type speller struct {
	spaces, order, unknown, null, escapes, floats bool

	seed uint64
	dst  []byte
}

// member is a member of an object as it stands in the text.
type member struct {
	name  string
	value []byte
}

// value writes the value of one of the API's own members.
func (sp *speller) value(raw []byte, name string, own bool) {
	switch {
	case raw[0] == '"':
		sp.text(raw)
	case raw[0] == '{' && own:
		sp.object(raw, name, nil)
	case raw[0] == '[' && own:
		sp.rows(raw)
	case sp.floats && raw[0] >= '0' && raw[0] <= '9' && !slices.ContainsFunc(raw, func(c byte) bool { return c < '0' || c > '9' }):
		sp.dst = append(append(sp.dst, raw...), []string{".0", "e0"}[len(raw)%2]...)
	default:
		sp.dst = append(sp.dst, raw...)
	}
}

// rows writes an array of the API's own objects.
func (sp *speller) rows(raw []byte) {
	items, missing := membersOf(raw), slices.Clone(nullable)
	for _, item := range items {
		for _, m := range membersOf(item.value) {
			if sp.null && !slices.Contains(missing, m.name) {
				missing = append(missing, m.name)
			}
		}
	}
	sp.dst = append(sp.dst, '[')
	for k, item := range items {
		sp.comma(k)
		if item.value[0] == '{' {
			sp.object(item.value, "row", missing)
		} else {
			sp.dst = append(sp.dst, item.value...)
		}
	}
	sp.dst = append(sp.dst, ']')
}

// object writes an object; missing are members that become null when it has none.
func (sp *speller) object(raw []byte, name string, missing []string) {
	members := membersOf(raw)
	salt := data.Mix(sp.seed ^ uint64(len(raw)))
	has := func(name string) bool {
		return slices.ContainsFunc(members, func(m member) bool { return m.name == name })
	}
	switch {
	case name == "_links":
		missing = []string{"next", "prev"}
	case name == "" && has("_embedded"):
		missing = []string{"count", "size"}
	}
	for _, n := range missing {
		if sp.null && !has(n) {
			members = append(members, member{n, []byte("null")})
		}
	}
	if sp.unknown && name != "_links" && name != "_embedded" {
		unknown := []string{`{"a":[1,{"b":null}],"c":"}]\\\""}`, `[[],{}, -1.5e-7]`, `"unknown"`, `null`, `false`}
		members = append(members, member{"zz" + strconv.Itoa(int(salt%100)), []byte(unknown[salt%uint64(len(unknown))])})
	}
	if sp.order {
		slices.SortStableFunc(members, func(x, y member) int {
			return cmp.Compare(data.Mix(salt^data.SaltOf(x.name)), data.Mix(salt^data.SaltOf(y.name)))
		})
	}
	own, inEmbedded := ownNames(), name == "_embedded" || name == "_links"
	sp.dst = append(sp.dst, '{')
	for k, m := range members {
		sp.comma(k)
		sp.key(m.name)
		sp.value(m.value, m.name, inEmbedded || own[m.name])
	}
	sp.space("\n")
	sp.dst = append(sp.dst, '}')
}

func (sp *speller) comma(k int) {
	if k > 0 {
		sp.dst = append(sp.dst, ',')
	}
	sp.space("\n  ")
}

func (sp *speller) space(text string) {
	if sp.spaces {
		sp.dst = append(sp.dst, text...)
	}
}

func (sp *speller) key(name string) {
	if quoted, _ := json.Marshal(name); data.SaltOf(name)%3 == 0 {
		sp.text(quoted)
	} else {
		sp.dst = append(sp.dst, quoted...)
	}
	sp.space(" ")
	sp.dst = append(sp.dst, ':')
	sp.space("\t ")
}

// text writes a string, whose first letter, slashes and letters beyond ASCII
// become escapes.
func (sp *speller) text(raw []byte) {
	if !sp.escapes {
		sp.dst = append(sp.dst, raw...)
		return
	}
	for k := 0; k < len(raw); {
		r, size := utf8.DecodeRune(raw[k:])
		switch {
		case r == '\\':
			sp.dst = append(sp.dst, raw[k], raw[k+1])
			size = 2
		case r == '/':
			sp.dst = append(sp.dst, `\/`...)
		case r >= utf8.RuneSelf || k == 1 && r != '"':
			for _, unit := range utf16.AppendRune(nil, r) {
				sp.dst = fmt.Appendf(sp.dst, `\u%04X`, unit)
			}
		default:
			sp.dst = append(sp.dst, raw[k])
		}
		k += size
	}
}

// membersOf splits an object, or an array, whose items have no names. The text
// is the simulator's own: valid JSON. Other values have no members.
func membersOf(raw []byte) (out []member) {
	read := func(d *jx.Decoder, name string) error {
		value, err := d.Raw()
		out = append(out, member{name, value})
		return err
	}
	switch d := jx.DecodeBytes(raw); d.Next() {
	case jx.Object:
		_ = d.Obj(read)
	case jx.Array:
		_ = d.Arr(func(d *jx.Decoder) error { return read(d, "") })
	default: // it has none
	}
	return out
}
