package data

import (
	"strconv"
	"strings"
	"time"
)

// Text is a text attribute of a user.
type Text uint8

// The text attributes, in the order of Names.
const (
	Username Text = iota
	Email
	ExternalID
	AccountID
	Given
	Family
	Middle
	Formatted
	HonorificPrefix
	HonorificSuffix
	Nickname
	Title
	Type
	Street
	Locality
	Region
	PostalCode
	CountryCode
	Locale
	PreferredLanguage
	Timezone
	MobilePhone
	PrimaryPhone
	Photo
	NumTexts
)

// Names are the API's paths of the text attributes.
var Names = [NumTexts]string{
	"username", "email", "externalId", "accountId", "name.given", "name.family", "name.middle", "name.formatted",
	"name.honorificPrefix", "name.honorificSuffix", "nickname", "title", "type", "address.streetAddress",
	"address.locality", "address.region", "address.postalCode", "address.countryCode", "locale",
	"preferredLanguage", "timezone", "mobilePhone", "primaryPhone", "photo.href",
}

// The hash streams of the other attributes follow those of the texts.
const (
	hashPerson = uint64(NumTexts) + iota
	hashEnabled
	hashPopulation
	hashStatus
	hashCreated
	hashUpdated
	hashSignOn
	hashGroups
	hashPassword
	hashCustom
)

// People are the users of one environment.
type People struct {
	seed  uint64
	ids   IDs
	count uint32
	pops  []Share
}

// Share is a population's part of all users, in thousandths.
type Share struct{ Thousandths uint64 }

// NewPeople makes count users, spread over populations by share.
func NewPeople(seed uint64, count int, populations []Share) *People {
	return &People{seed: seed, ids: IDs(Mix(seed ^ SaltOf("users"))), count: uint32(count), pops: populations}
}

// Count is the number of users made from the seed.
func (p *People) Count() uint32 { return p.count }

// ID is the id of a user.
func (p *People) ID(i uint32) ID { return p.ids.ID(i) }

// Index finds a user by id. The index may be beyond Count.
func (p *People) Index(id ID) (uint32, bool) { return p.ids.Index(id) }

// hash is the random stream of one attribute of one user.
func (p *People) hash(i uint32, stream uint64) uint64 {
	return Mix(Mix(p.seed+(uint64(i)+1)*golden) + stream*0xD1B54A32D192ED03)
}

// robot reports whether the account belongs to no person: it has no name, title or address.
func (p *People) robot(i uint32) bool { return in(p.hash(i, hashPerson)>>20, 25) }

func (p *People) culture(i uint32) *culture {
	h := p.hash(i, hashPerson)
	switch n := h % 100; {
	case n < 40:
		return &latin[0]
	case n < 84:
		return &latin[1+h>>8%4]
	default:
		return &others[h>>8%uint64(len(others))]
	}
}

// Text is the value of a text attribute; empty when the user has none.
func (p *People) Text(i uint32, a Text) string {
	switch a {
	case Username:
		return p.username(i)
	case Email:
		return p.email(i)
	case ExternalID, AccountID:
		return p.identifier(i, a)
	case Nickname, PreferredLanguage, Photo, Type:
		return p.anyone(i, a)
	}
	if p.robot(i) {
		return ""
	}
	switch a {
	case Given, Family, Middle, Formatted, HonorificPrefix, HonorificSuffix, Title:
		return p.name(i, a)
	case Street, Locality, Region, PostalCode, CountryCode:
		return p.address(i, a)
	}
	return p.contact(i, a)
}

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
		return pick(h>>10, nicknames)
	case a == PreferredLanguage && in(h, 400):
		return p.culture(i).locale[:2]
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
		return pick(h, c.given)
	case a == Family && !in(h, 10):
		return pick(h>>10, c.family)
	case a == Middle && in(h, 150):
		return pick(h>>10, c.given)
	case a == Formatted && in(h, 700):
		return strings.TrimSpace(p.name(i, Given) + " " + p.name(i, Family))
	case a == HonorificPrefix && in(h, 80):
		return pick(h>>10, []string{"Dr.", "Prof. Dr.", "Ms", "Mr", "Mx"})
	case a == HonorificSuffix && in(h, 40):
		return pick(h>>10, []string{"Jr.", "III", "Ph.D.", "MBA, CPA"})
	case a == Title && !in(h, 150):
		return pick(h>>10, titles)
	}
	return ""
}

func (p *People) address(i uint32, a Text) string {
	h, c := p.hash(i, uint64(Street)), p.culture(i)
	if in(h, 250) {
		return ""
	}
	city := pick(h>>10, c.cities)
	switch a {
	case Street:
		street := strconv.Itoa(int(h>>16%400)+1) + " " + pick(h>>24, streets)
		if in(h>>32, 60) {
			street += "\nFlat " + strconv.Itoa(int(h>>40%90)+1)
		}
		return street
	case Locality:
		return city.name
	case Region:
		return city.region
	case PostalCode:
		return city.postal
	}
	return c.country
}

func (p *People) contact(i uint32, a Text) string {
	h, c := p.hash(i, uint64(a)), p.culture(i)
	switch {
	case a == Locale && in(h, 800):
		return c.locale
	case a == Timezone && in(h, 650):
		return c.timezone
	case a == MobilePhone && in(h, 500), a == PrimaryPhone && in(h, 200):
		return c.dial + strconv.Itoa(int(1000+h>>10%9000))
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
	return strings.ReplaceAll(local, " ", ".") + "." + strconv.Itoa(int(i)) + "@" + pick(h>>20, domains)
}

// Enabled tells whether the user may sign in at all.
func (p *People) Enabled(i uint32) bool {
	return i < uint32(len(wellKnown)) || !in(p.hash(i, hashEnabled), 70)
}

// Population is the index of the user's population.
func (p *People) Population(i uint32) int {
	if i < uint32(len(wellKnown)) {
		return 0
	}
	n := p.hash(i, hashPopulation) % 1000
	for k, s := range p.pops {
		if n < s.Thousandths {
			return k
		}
		n -= s.Thousandths
	}
	return 0
}

// Member reports whether a user is a direct member of a group with the salt and
// the share of all users, out of 2^64.
func (p *People) Member(i uint32, salt, share uint64) bool {
	return p.hash(i, hashGroups^salt) < share
}

// The first users are people to sign in with: an administrator and someone
// without any role.
var wellKnown = []string{"ada.admin", "rita.reader", "noah.norole"}

// Epoch is when the oldest user was created, in Unix milliseconds.
var Epoch = time.Date(2016, 2, 29, 8, 0, 0, 0, time.UTC).UnixMilli()

// years in milliseconds.
const year = 365 * 24 * 3600 * 1000

// Times are the instants in a user's row, in Unix milliseconds; 0 when unset.
type Times struct {
	Created, Updated, SignOn, LockedAt, PasswordChanged int64
}

// Times makes the instants of a user.
func (p *People) Times(i uint32) Times {
	var t Times
	t.Created = Epoch + int64(p.hash(i, hashCreated)%(9*year))
	h := p.hash(i, hashUpdated)
	t.Updated = t.Created + int64(h%(year/2))*int64(h>>60%2)
	t.PasswordChanged = t.Created
	if s := p.hash(i, hashSignOn); !in(s, 350) {
		t.SignOn = t.Created + int64(s>>10%year)
		t.Updated = max(t.Updated, t.SignOn)
	}
	if p.Status(i).Locked {
		t.LockedAt = t.Updated
	}
	return t
}

// Status are the flags and states of a user.
type Status struct {
	Locked, MFA, EmailVerified, HasEmailVerified bool
	Lifecycle, Verify, Provider, Password        string
}

// Status makes the states of a user.
func (p *People) Status(i uint32) Status {
	h, w := p.hash(i, hashStatus), p.hash(i, hashPassword)
	s := Status{
		Lifecycle: "ACCOUNT_OK", Verify: "NOT_INITIATED", Provider: "PING_ONE", Password: "OK",
		HasEmailVerified: in(h>>40, 500), EmailVerified: in(h>>50, 700), MFA: in(h>>10, 300),
	}
	if i < uint32(len(wellKnown)) {
		return s
	}
	s.Locked = in(h, 20)
	if in(h>>20, 50) {
		s.Lifecycle = "VERIFICATION_REQUIRED"
	}
	if in(h>>30, 90) {
		s.Verify = pick(h>>35, []string{"ENABLED", "DISABLED"})
	}
	switch n := w % 1000; {
	case n < 30:
		s.Password = "NO_PASSWORD"
	case n < 80:
		s.Password = "MUST_CHANGE_PASSWORD"
	case n < 120:
		s.Password = "PASSWORD_EXPIRED"
	case n < 150:
		s.Password = "PASSWORD_LOCKED_OUT"
	case n < 200:
		s.Password, s.Provider = "EXTERNAL", "OPENID_CONNECT"
	}
	return s
}

// RemoteIP is the address of the last sign-on.
func (p *People) RemoteIP(i uint32) string {
	h := p.hash(i, hashSignOn) >> 40
	return "198.51.100." + strconv.Itoa(int(h%255))
}

// IsAdmin reports whether the user holds administrator roles.
func (p *People) IsAdmin(i uint32) bool { return i == 0 }

// IsAuditor reports whether the user may read the directory.
func (p *People) IsAuditor(i uint32) bool { return i == 1 || in(p.hash(i, hashStatus)>>52, 2) }
