package data

import (
	"maps"
	"strconv"
	"strings"
)

// attribute makes a text attribute of users from a hash of its own.
type attribute struct {
	path  string // the API's
	human bool   // accounts that belong to no person have none
	text  func(p *People, i uint32, h uint64) string
}

// attributes are the text attributes. Their places choose their hashes.
var attributes = []attribute{
	{"username", false, (*People).username},
	{"email", false, (*People).email},
	{"externalId", false, func(_ *People, i uint32, h uint64) string { return some(in(h, 600), "hr|"+number(uint64(i)+100_000)) }},
	{"accountId", false, func(_ *People, _ uint32, h uint64) string {
		return some(in(h, 300), "ACC-"+strconv.FormatUint(h>>30, 36))
	}},
	{"name.given", true, func(p *People, i uint32, _ uint64) string { return p.given(i) }},
	{"name.family", true, func(p *People, i uint32, _ uint64) string { return p.family(i) }},
	{"name.middle", true, func(p *People, i uint32, h uint64) string { return some(in(h, 150), pick(h>>10, p.culture(i).Given)) }},
	{"name.formatted", true, func(p *People, i uint32, h uint64) string {
		return some(in(h, 700), strings.TrimSpace(p.given(i)+" "+p.family(i)))
	}},
	{"name.honorificPrefix", true, func(_ *People, _ uint32, h uint64) string {
		return some(in(h, 80), pick(h>>10, []string{"Dr.", "Prof. Dr.", "Ms", "Mr", "Mx"}))
	}},
	{"name.honorificSuffix", true, func(_ *People, _ uint32, h uint64) string {
		return some(in(h, 40), pick(h>>10, []string{"Jr.", "III", "Ph.D.", "MBA, CPA"}))
	}},
	{"nickname", false, func(p *People, _ uint32, h uint64) string { return some(in(h, 120), pick(h>>10, p.words.Nicknames)) }},
	{"title", true, func(p *People, _ uint32, h uint64) string { return some(!in(h, 150), pick(h>>10, p.words.Titles)) }},
	{"type", false, func(_ *People, _ uint32, h uint64) string { return share(h, employeeTypes) }},
	{"address.streetAddress", true, func(p *People, i uint32, _ uint64) string { return p.address(i, p.street) }},
	{"address.locality", true, func(p *People, i uint32, _ uint64) string {
		return p.address(i, func(city city, _ uint64) string { return city.Name })
	}},
	{"address.region", true, func(p *People, i uint32, _ uint64) string {
		return p.address(i, func(city city, _ uint64) string { return city.Region })
	}},
	{"address.postalCode", true, func(p *People, i uint32, _ uint64) string {
		return p.address(i, func(city city, _ uint64) string { return city.Postal })
	}},
	{"address.countryCode", true, func(p *People, i uint32, _ uint64) string {
		return p.address(i, func(city, uint64) string { return p.culture(i).Country })
	}},
	{"locale", true, func(p *People, i uint32, h uint64) string { return some(in(h, 800), p.culture(i).Locale) }},
	{"preferredLanguage", false, func(p *People, i uint32, h uint64) string { return some(in(h, 400), p.culture(i).Locale[:2]) }},
	{"timezone", true, func(p *People, i uint32, h uint64) string { return some(in(h, 650), p.culture(i).Timezone) }},
	{"mobilePhone", true, func(p *People, i uint32, h uint64) string { return some(in(h, 500), p.phone(i, h)) }},
	{"primaryPhone", true, func(p *People, i uint32, h uint64) string { return some(in(h, 200), p.phone(i, h)) }},
	{"photo.href", false, func(_ *People, i uint32, h uint64) string {
		return some(in(h, 100), "https://img.example.com/u/"+number(uint64(i))+".png?size=64&x=1")
	}},
}

// numTexts is the number of attributes.
const numTexts = 24

// Texts make the text attributes of users by their paths; empty where a user has
// none.
var Texts = func() map[string]func(p *People, i uint32) string {
	out := maps.Clone(states)
	for k, a := range attributes {
		out[a.path] = func(p *People, i uint32) string {
			if a.human && p.robot(i) {
				return ""
			}
			return a.text(p, i, p.hash(i, uint64(k)))
		}
	}
	return out
}()

// Text is the value of a text attribute; empty when the user has none.
func (p *People) Text(i uint32, path string) string { return Texts[path](p, i) }

// some is a text that not everybody has.
func some(has bool, text string) string { return either(has, text, "") }

func either(has bool, text, other string) string {
	if has {
		return text
	}
	return other
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// part is a text of those below a number of 1000.
type part struct {
	below uint64
	text  string
}

// share chooses a text by hash; what is beyond the parts has none.
func share(h uint64, parts []part) string {
	for _, of := range parts {
		if h%1000 < of.below {
			return of.text
		}
	}
	return ""
}

var employeeTypes = []part{{540, "Employee"}, {700, "Contractor"}, {712, "contractor"}, {716, "CONTRACTOR"}, {800, "Partner"}, {870, "Intern"}, {880, "Temp, agency"}}

// The names have the hashes of their attributes.
func (p *People) given(i uint32) string { return pick(p.hash(i, 4), p.culture(i).Given) }

func (p *People) family(i uint32) string {
	h := p.hash(i, 5)
	return some(!in(h, 10), pick(h>>10, p.culture(i).Family))
}

// address makes a part of an address, all of which follow from one hash.
func (p *People) address(i uint32, part func(in city, h uint64) string) string {
	h := p.hash(i, 13)
	if in(h, 250) {
		return ""
	}
	return part(pick(h>>10, p.culture(i).Cities), h)
}

func (p *People) street(_ city, h uint64) string {
	return number(h>>16%400+1) + " " + pick(h>>24, p.words.Streets) + some(in(h>>32, 60), "\nFlat "+number(h>>40%90+1))
}

func (p *People) phone(i uint32, h uint64) string { return p.culture(i).Dial + number(1000+h>>10%9000) }

// username is unique in any case: the index stands at its end, at its start or
// before the @, and names hold neither digits nor @.
func (p *People) username(i uint32, h uint64) string {
	if i < uint32(len(wellKnown)) {
		return wellKnown[i]
	}
	n := number(uint64(i))
	if p.robot(i) {
		return pick(h, []string{"svc-backup-", "#build-", "_sync_", "CORP\\svc", "\"legacy\"-", "(test)-"}) + n
	}
	given, family := p.given(i), p.family(i)
	switch k := h >> 8 % 100; {
	case k < 52:
		return strings.ToLower(given+"."+family) + n
	case k < 72:
		return strings.ToLower(strings.ReplaceAll(given, " ", "_")) + n + "@example.com"
	case k < 80:
		return strings.ToUpper(given+family) + n
	case k < 86:
		return n + "-" + strings.ToLower(family) + "x"
	case k < 94:
		return given + family + n
	case k < 97:
		return "CORP\\" + family + n
	}
	return family + ", " + given + " " + n
}

func (p *People) email(i uint32, h uint64) string {
	switch {
	case i < uint32(len(wellKnown)):
		return wellKnown[i] + "@example.com"
	case in(h, 40):
		return ""
	case in(h, 55):
		return "info@example.org"
	case p.robot(i):
		return "noreply+" + number(uint64(i)) + "@example.net"
	}
	local := p.given(i)
	if in(h>>10, 900) {
		local = strings.ToLower(local)
	}
	return strings.ReplaceAll(local, " ", ".") + "." + number(uint64(i)) + "@" + pick(h>>20, p.words.Domains)
}
