package data

import "time"

// The hash streams of the other attributes follow those of the texts.
const (
	hashPerson = uint64(numTexts) + iota
	hashEnabled
	hashPopulation
	hashStatus
	hashCreated
	hashUpdated
	hashSignOn
	hashGroups
	hashPassword
	hashCustom
	hashValidity = hashCustom + uint64(numCustoms)
)

// People are the users of one environment.
type People struct {
	seed  uint64
	ids   IDs
	count uint32
	pops  []uint64
	words *wordLists
}

// NewPeople makes count users, spread over populations by share: parts of 1000.
func NewPeople(seed uint64, count int, populations []uint64) *People {
	return &People{seed: seed, ids: IDs(Mix(seed ^ SaltOf("users"))), count: uint32(count), pops: populations, words: words()}
}

// Count is the number of users made from the seed.
func (p *People) Count() uint32 { return p.count }

// ID is the id of a user.
func (p *People) ID(i uint32) string { return p.ids.ID(i) }

// Index finds a user by id. The index may be beyond Count.
func (p *People) Index(id string) (uint32, bool) { return p.ids.Index(id) }

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
		return &p.words.Latin[0]
	case n < 84:
		return &p.words.Latin[1+h>>8%4]
	default:
		return &p.words.Others[h>>8%uint64(len(p.words.Others))]
	}
}

// Population is the index of the user's population.
func (p *People) Population(i uint32) int {
	if i < uint32(len(wellKnown)) {
		return 0
	}
	n := p.hash(i, hashPopulation) % 1000
	for k, share := range p.pops {
		if n < share {
			return k
		}
		n -= share
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

// Moments are the instants in a user's row by their paths, in Unix milliseconds;
// 0 where there is none.
var Moments = map[string]func(p *People, i uint32) int64{
	"createdAt":              (*People).created,
	"updatedAt":              (*People).updated,
	"lastSignOn.at":          (*People).signedOn,
	"password.lastChangedAt": func(p *People, i uint32) int64 { return sometimes(p.password(i) != "", p.created(i)) },
	"account.lockedAt":       func(p *People, i uint32) int64 { return sometimes(p.locked(i), p.updated(i)) },
	"account.unlockAt":       func(p *People, i uint32) int64 { return sometimes(p.unlocks(i), p.updated(i)+lockSpan) },
	"startDate":              func(p *People, i uint32) int64 { return sometimes(in(p.hash(i, hashValidity), 60), p.created(i)) },
	"endDate": func(p *People, i uint32) int64 {
		h := p.hash(i, hashValidity)
		return sometimes(in(h, 60) && h>>20%2 == 0, p.created(i)+15*year)
	},
}

// sometimes is an instant that not everybody has.
func sometimes(has bool, at int64) int64 {
	if has {
		return at
	}
	return 0
}

func (p *People) created(i uint32) int64 { return Epoch + int64(p.hash(i, hashCreated)%(9*year)) }

func (p *People) signedOn(i uint32) int64 {
	h := p.hash(i, hashSignOn)
	return sometimes(!in(h, 350), p.created(i)+int64(h>>10%year))
}

func (p *People) updated(i uint32) int64 {
	h := p.hash(i, hashUpdated)
	return max(p.created(i)+int64(h%(year/2))*int64(h>>60%2), p.signedOn(i))
}

// lockSpan is how long a lock lasts that ends by itself: years.
const lockSpan = 20 * year

func (p *People) locked(i uint32) bool { return p.happens(i, 0, 20) }

func (p *People) unlocks(i uint32) bool { return p.locked(i) && p.hash(i, hashUpdated)>>50%2 == 0 }

// Values are the members that are no texts, by their paths; nil where there is
// none.
var Values = map[string]func(p *People, i uint32) any{
	"enabled":                 func(p *People, i uint32) any { return p.enabled(i) },
	"account.canAuthenticate": func(p *People, i uint32) any { return p.enabled(i) && !p.locked(i) },
	"mfaEnabled":              func(p *People, i uint32) any { return in(p.hash(i, hashStatus)>>10, 300) },
	"emailVerified": func(p *People, i uint32) any {
		if h := p.hash(i, hashStatus); in(h>>40, 500) {
			return in(h>>50, 700)
		}
		return nil
	},
	"account.secondsUntilUnlock": func(p *People, i uint32) any {
		if p.unlocks(i) {
			return int64(lockSpan / 1000) // as it was at the lock, so that a row reads the same each time
		}
		return nil
	},
}

// enabled tells whether the user may sign in at all.
func (p *People) enabled(i uint32) bool {
	return i < uint32(len(wellKnown)) || !in(p.hash(i, hashEnabled), 70)
}

// happens reports whether a user is among n of 1000 by a part of a hash. Nothing
// happens to the well-known ones.
func (p *People) happens(i uint32, part int, n uint64) bool {
	return i >= uint32(len(wellKnown)) && in(p.hash(i, hashStatus)>>part, n)
}

// password is the state of a user's password; empty: there is no password object.
func (p *People) password(i uint32) string {
	if i < uint32(len(wellKnown)) {
		return "OK"
	}
	return share(p.hash(i, hashPassword), []part{
		{30, "NO_PASSWORD"}, {80, "MUST_CHANGE_PASSWORD"}, {120, "PASSWORD_EXPIRED"}, {150, "PASSWORD_LOCKED_OUT"}, {200, external}, {980, "OK"},
	})
}

// external is the state of a password that an identity provider has.
const external = "EXTERNAL"

// states are those of users by their paths.
var states = map[string]func(p *People, i uint32) string{
	"password.status": (*People).password,
	"identityProvider.type": func(p *People, i uint32) string {
		return either(p.password(i) == external, "OPENID_CONNECT", "PING_ONE")
	},
	"account.status": func(p *People, i uint32) string { return either(p.locked(i), "LOCKED", "OK") },
	"lifecycle.status": func(p *People, i uint32) string {
		return either(p.happens(i, 20, 50), "VERIFICATION_REQUIRED", "ACCOUNT_OK")
	},
	"verifyStatus": func(p *People, i uint32) string {
		return either(p.happens(i, 30, 90), pick(p.hash(i, hashStatus)>>35, []string{"ENABLED", "DISABLED"}), "NOT_INITIATED")
	},
	"lastSignOn.remoteIp": func(p *People, i uint32) string {
		if p.signedOn(i) == 0 {
			return ""
		}
		return "198.51.100." + number(p.hash(i, hashSignOn)>>40%255)
	},
}

// Shares are the parts of all users, of 1000, in the populations of an
// environment by number: one has 60 %, one none. The first takes what the others
// leave.
func Shares(consumers bool) []uint64 {
	if consumers {
		return []uint64{40, 600, 150, 80, 60, 50, 20, 0}
	}
	return []uint64{40, 600, 130, 90, 50, 40, 30, 19, 1, 0}
}

// IsAdmin reports whether the user holds administrator roles.
func (p *People) IsAdmin(i uint32) bool { return i == 0 }

// IsAuditor reports whether the user may read the directory.
func (p *People) IsAuditor(i uint32) bool { return i == 1 || in(p.hash(i, hashStatus)>>52, 2) }

// customs make the values of the custom attributes of the seed. Some of their
// names differ from a standard one by case alone, or are no identifiers of most
// languages. Their places choose their hashes.
var customs = []struct {
	name    string
	percent uint64 // of users who have a value
	value   func(i uint32, h uint64) any
}{
	{"badge", 60, func(i uint32, _ uint64) any { return "B-" + number(uint64(i)+1) }},
	{"cost-center", 70, func(_ uint32, h uint64) any { return "CC " + number(h%40) }},
	{"skills", 25, func(_ uint32, h uint64) any {
		var out []any
		for n := h%3 + 1; n > 0; n-- {
			out = append(out, pick(h/5+n*4, []string{"go", "sql", "Go", "C++", "project \"X\"", "deutsch", "français", "日本語", "a,b"}))
		}
		return out
	}},
	{"clearance", 30, func(_ uint32, h uint64) any { return pick(h, []string{"public", "internal", "Secret"}) }},
	{"2ndPhone", 15, func(_ uint32, h uint64) any { return "+1.303555" + number(1000+h%9000) }},
	{"userName", 10, func(i uint32, _ uint64) any { return "legacy\\u" + number(uint64(i)) }},
	{"employeetype", 20, func(_ uint32, h uint64) any { return pick(h, []string{"FT", "PT"}) }},
	{"büro:nr", 12, func(_ uint32, h uint64) any { return pick(h, []string{"Zürich-1", "Köln/2", "00123"}) }},
	{"preferences", 20, func(_ uint32, h uint64) any {
		return map[string]any{
			"theme": pick(h, []string{"dark", "light"}), "pageSize": h % 5 * 25, "tags": []any{"a\"b", "ü"}, "nested": map[string]any{"on": true},
		}
	}},
	{"vehicles", 8, func(_ uint32, h uint64) any {
		out := []any{map[string]any{"plate": "ZH " + number(h%90000), "electric": h>>20%2 == 0}}
		if h>>30%2 == 0 {
			out = append(out, map[string]any{"plate": "B-" + number(h%9000)})
		}
		return out
	}},
	{"legacyId", 50, func(i uint32, _ uint64) any { return "L" + number(uint64(i)) }},
}

// numCustoms is the number of custom attributes.
const numCustoms = 11

// Custom gives the values of a custom attribute as JSON has them: a text, an
// object, or a list when it is multi-valued; nil for users who have none. It is
// nil when users from the seed have no such attribute.
func (p *People) Custom(name string) func(i uint32) any {
	for k, c := range customs {
		if c.name == name {
			return func(i uint32) any {
				if h := p.hash(i, hashCustom+uint64(k)); h%100 < c.percent {
					return c.value(i, h>>10)
				}
				return nil
			}
		}
	}
	return nil
}
