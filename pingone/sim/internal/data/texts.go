package data

import (
	"strconv"
	"strings"
)

// identifier makes the ids that other systems know a user by.
func (p *People) identifier(i uint32, a Text) string {
	h := p.hash(i, uint64(a))
	switch {
	case a == AccountID && in(h, 300):
		return "ACC-" + strconv.FormatUint(h>>30, 36)
	case a == ExternalID && in(h, 600):
		return "hr|" + strconv.Itoa(int(i)+100000)
	}
	return ""
}

// anyone makes the attributes that service accounts have as well.
func (p *People) anyone(i uint32, a Text) string {
	h := p.hash(i, uint64(a))
	switch {
	case a == Type:
		return employeeType(h)
	case a == Nickname && in(h, 120):
		return pick(h>>10, p.words.Nicknames)
	case a == PreferredLanguage && in(h, 400):
		return p.culture(i).Locale[:2]
	case a == Photo && in(h, 100):
		return "https://img.example.com/u/" + strconv.Itoa(int(i)) + ".png?size=64&x=1"
	}
	return ""
}

func employeeType(h uint64) string {
	switch n := h % 1000; {
	case n < 540:
		return "Employee"
	case n < 700:
		return "Contractor"
	case n < 712:
		return "contractor"
	case n < 716:
		return "CONTRACTOR"
	case n < 800:
		return "Partner"
	case n < 870:
		return "Intern"
	case n < 880:
		return "Temp, agency"
	}
	return ""
}

func (p *People) name(i uint32, a Text) string {
	h, c := p.hash(i, uint64(a)), p.culture(i)
	switch {
	case a == Given:
		return pick(h, c.Given)
	case a == Family && !in(h, 10):
		return pick(h>>10, c.Family)
	case a == Middle && in(h, 150):
		return pick(h>>10, c.Given)
	case a == Formatted && in(h, 700):
		return strings.TrimSpace(p.name(i, Given) + " " + p.name(i, Family))
	case a == HonorificPrefix && in(h, 80):
		return pick(h>>10, []string{"Dr.", "Prof. Dr.", "Ms", "Mr", "Mx"})
	case a == HonorificSuffix && in(h, 40):
		return pick(h>>10, []string{"Jr.", "III", "Ph.D.", "MBA, CPA"})
	case a == Title && !in(h, 150):
		return pick(h>>10, p.words.Titles)
	}
	return ""
}

func (p *People) address(i uint32, a Text) string {
	h, c := p.hash(i, uint64(Street)), p.culture(i)
	if in(h, 250) {
		return ""
	}
	city := pick(h>>10, c.Cities)
	switch a {
	case Street:
		street := strconv.Itoa(int(h>>16%400)+1) + " " + pick(h>>24, p.words.Streets)
		if in(h>>32, 60) {
			street += "\nFlat " + strconv.Itoa(int(h>>40%90)+1)
		}
		return street
	case Locality:
		return city.Name
	case Region:
		return city.Region
	case PostalCode:
		return city.Postal
	default:
		return c.Country
	}
}

func (p *People) contact(i uint32, a Text) string {
	h, c := p.hash(i, uint64(a)), p.culture(i)
	switch {
	case a == Locale && in(h, 800):
		return c.Locale
	case a == Timezone && in(h, 650):
		return c.Timezone
	case a == MobilePhone && in(h, 500), a == PrimaryPhone && in(h, 200):
		return c.Dial + strconv.Itoa(int(1000+h>>10%9000))
	}
	return ""
}

// username is unique in any case: the index stands at its end, at its start or
// before the @, and names hold neither digits nor @.
func (p *People) username(i uint32) string {
	if i < uint32(len(wellKnown)) {
		return wellKnown[i]
	}
	h, n := p.hash(i, uint64(Username)), strconv.Itoa(int(i))
	if p.robot(i) {
		return pick(h, []string{"svc-backup-", "#build-", "_sync_", "CORP\\svc", "\"legacy\"-", "(test)-"}) + n
	}
	given, family := p.name(i, Given), p.name(i, Family)
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

func (p *People) email(i uint32) string {
	h := p.hash(i, uint64(Email))
	switch {
	case i < uint32(len(wellKnown)):
		return wellKnown[i] + "@example.com"
	case in(h, 40):
		return ""
	case in(h, 55):
		return "info@example.org"
	case p.robot(i):
		return "noreply+" + strconv.Itoa(int(i)) + "@example.net"
	}
	local := p.name(i, Given)
	if in(h>>10, 900) {
		local = strings.ToLower(local)
	}
	return strings.ReplaceAll(local, " ", ".") + "." + strconv.Itoa(int(i)) + "@" + pick(h>>20, p.words.Domains)
}
