package data

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSameSeedSamePeople(t *testing.T) {
	t.Parallel()
	a, b, c := NewPeople(1, 300, Shares(false)), NewPeople(1, 300, Shares(false)), NewPeople(2, 300, Shares(false))
	different := 0
	for i := range uint32(300) {
		for path := range Texts {
			require.Equal(t, a.Text(i, path), b.Text(i, path))
			if a.Text(i, path) != c.Text(i, path) {
				different++
			}
		}
		require.Equal(t, a.ID(i), b.ID(i))
		require.NotEqual(t, a.ID(i), c.ID(i))
		for path, at := range Moments {
			require.Equal(t, at(a, i), at(b, i), path)
		}
		for path, value := range Values {
			require.Equal(t, value(a, i), value(b, i), path)
		}
	}
	assert.Greater(t, different, 1000)
}

func TestUsernamesAreUnique(t *testing.T) {
	t.Parallel()
	p := NewPeople(7, 60_000, Shares(false))
	seen := make(map[string]uint32, 60_000)
	for i := range p.Count() {
		name := strings.ToLower(p.Text(i, "username"))
		other, ok := seen[name]
		require.False(t, ok, "%d and %d are both %s", i, other, name)
		require.LessOrEqual(t, utf8.RuneCountInString(name), 128)
		seen[name] = i
	}
}

// TestMess holds the data against what real directories have.
func TestMess(t *testing.T) {
	t.Parallel()
	p := NewPeople(1, 5000, Shares(false))
	pattern := func(a, expr string) func(uint32) bool {
		re := regexp.MustCompile(expr)
		return func(i uint32) bool { return re.MatchString(p.Text(i, a)) }
	}
	tests := map[string]struct {
		has      func(uint32) bool
		least    int
		atMostOf int // 0: no bound
	}{
		"no e-mail":                   {pattern("email", `^$`), 50, 1000},
		"shared e-mail":               {pattern("email", `^info@`), 20, 300},
		"username in capitals":        {pattern("username", `^[A-Z]{5,}`), 100, 0},
		"username from a digit":       {pattern("username", `^\d`), 100, 0},
		"username from an umlaut":     {pattern("username", `^[äöüÄÖÜ]`), 5, 0},
		"username from punctuation":   {pattern("username", `^["#_(]`), 10, 0},
		"username with a backslash":   {pattern("username", `\\`), 20, 0},
		"username with a comma":       {pattern("username", `,`), 20, 0},
		"Chinese name":                {pattern("name.given", `\p{Han}`), 50, 0},
		"Arabic name":                 {pattern("name.family", `\p{Arabic}`), 20, 0},
		"Cyrillic name":               {pattern("name.family", `\p{Cyrillic}`), 20, 0},
		"apostrophe in the name":      {pattern("name.family", `'`), 50, 0},
		"no family name":              {pattern("name.family", `^$`), 50, 1000},
		"emoji":                       {pattern("nickname", `[\x{1F300}-\x{1FAFF}]`), 10, 0},
		"quotes":                      {pattern("title", `"`), 50, 0},
		"backslash":                   {pattern("title", `\\`), 50, 0},
		"percent sign":                {pattern("title", `%`), 50, 0},
		"line break":                  {pattern("address.streetAddress", "\n"), 50, 0},
		"no address":                  {pattern("address.locality", `^$`), 500, 3000},
		"no title":                    {pattern("title", `^$`), 500, 2500},
		"employee type in lower case": {pattern("type", `^contractor$`), 10, 200},
		"employee type with a comma":  {pattern("type", `,`), 10, 200},
		"no employee type":            {pattern("type", `^$`), 200, 1500},
		"blank in front":              {pattern("nickname", `^ `), 10, 0},
		"disabled":                    {func(i uint32) bool { return !p.enabled(i) }, 200, 1000},
		"locked":                      {pattern("account.status", `^LOCKED$`), 50, 300},
		"never signed on":             {func(i uint32) bool { return p.signedOn(i) == 0 }, 1000, 3000},
		"no password":                 {pattern("password.status", `^NO_PASSWORD$`), 50, 500},
		"external identity provider":  {pattern("identityProvider.type", `^OPENID_CONNECT$`), 100, 600},
		"the large population":        {func(i uint32) bool { return p.Population(i) == 1 }, 2900, 3100},
		"the empty population":        {func(i uint32) bool { return p.Population(i) == 9 }, 0, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			for i := range p.Count() {
				if tt.has(i) {
					n++
				}
			}
			assert.GreaterOrEqual(t, n, tt.least)
			if tt.atMostOf > 0 {
				assert.Less(t, n, tt.atMostOf)
			}
		})
	}
}

func TestTextsAreValid(t *testing.T) {
	t.Parallel()
	p := NewPeople(3, 3000, Shares(true))
	for i := range p.Count() {
		for path := range Texts {
			v := p.Text(i, path)
			require.True(t, utf8.ValidString(v))
			require.LessOrEqual(t, utf8.RuneCountInString(v), 256)
		}
		if c := p.Text(i, "address.countryCode"); c != "" {
			require.Len(t, c, 2)
		}
		require.GreaterOrEqual(t, p.updated(i), p.created(i))
		require.GreaterOrEqual(t, p.created(i), Epoch)
		require.GreaterOrEqual(t, p.updated(i), p.signedOn(i))
	}
}

func TestCustomValues(t *testing.T) {
	t.Parallel()
	p := NewPeople(1, 2000, Shares(false))
	badges := map[string]bool{}
	for _, c := range customs {
		holders, several := 0, 0
		for i := range p.Count() {
			value := p.Custom(c.name)(i)
			if value != nil {
				holders++
			}
			if list, ok := value.([]any); ok && len(list) > 1 {
				several++
			}
			if badge, ok := value.(string); ok && c.name == "badge" {
				require.False(t, badges[badge], badge)
				badges[badge] = true
			}
		}
		assert.Greater(t, holders, 50, c.name)
		assert.Less(t, holders, 1800, c.name)
		assert.Equal(t, c.name == "skills" || c.name == "vehicles", several > 0, c.name)
	}
	assert.Len(t, customs, numCustoms)
	assert.Len(t, attributes, numTexts)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	users, groups := IDs(SaltOf("users")), IDs(SaltOf("groups"))
	seen := map[string]bool{}
	for _, i := range []uint32{0, 1, 2, 1000, 999_999, 1 << 24, 1<<32 - 1} {
		id := users.ID(i)
		require.False(t, seen[id])
		seen[id] = true
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		back, ok := users.Index(id)
		assert.True(t, ok)
		assert.Equal(t, i, back)
		_, ok = groups.Index(id)
		assert.False(t, ok, "an id of another kind")
		for bit := range 128 {
			changed := uuid.MustParse(id)
			changed[bit/8] ^= 1 << (bit % 8)
			if k, ok := users.Index(changed.String()); ok {
				assert.NotEqual(t, i, k)
			}
		}
		parsed, ok := ParseID(strings.ToUpper(id))
		assert.True(t, ok)
		assert.Equal(t, id, parsed)
	}
	for _, text := range []string{"", "x", "b7510814e5a045f993b96332af2d0738", "b7510814-e5a0-45f9-93b9-6332af2d073g", "b7510814-e5a0-45f9-93b9_6332af2d0738", "{b7510814-e5a0-45f9-93b9-6332af2d073}"} {
		_, ok := ParseID(text)
		assert.False(t, ok, text)
	}
	again := NamedID("a")
	assert.Equal(t, again, NamedID("a"))
	assert.NotEqual(t, NamedID("a"), NamedID("b"))
}

func TestSpecs(t *testing.T) {
	t.Parallel()
	for _, consumers := range []bool{false, true} {
		total, empty, most := uint64(0), 0, uint64(0)
		for _, share := range Shares(consumers) {
			total += share
			most = max(most, share)
			if share == 0 {
				empty++
			}
		}
		assert.EqualValues(t, 1000, total)
		assert.EqualValues(t, 600, most)
		assert.Equal(t, 1, empty)
	}
}
