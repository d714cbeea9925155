package data

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
