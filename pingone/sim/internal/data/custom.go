package data

import "strconv"

// Custom is a custom attribute that generated users have values of.
type Custom uint8

// The custom attributes, in the order of CustomNames.
const (
	Badge Custom = iota
	CostCenter
	Skills
	Clearance
	SecondPhone
	UserNameClash
	TypeClash
	Room
	Preferences
	Vehicles
	Legacy
	NumCustoms
)

// CustomNames are the attributes' names: some of them differ from a standard
// one by case alone, or are no identifiers of most languages.
var CustomNames = [NumCustoms]string{
	"badge", "cost-center", "skills", "clearance", "2ndPhone", "userName", "employeetype", "büro:nr", "preferences", "vehicles", "legacyId",
}

var skills = []string{"go", "sql", "Go", "C++", "project \"X\"", "deutsch", "français", "日本語", "a,b"}

// Custom appends the values of a custom attribute: none, one, or several when it
// is multi-valued. JSON attributes give JSON text.
func (p *People) Custom(dst []string, i uint32, c Custom) []string {
	h := p.hash(i, hashCustom+uint64(c))
	if int(h%100) >= customShare[c] {
		return dst
	}
	h >>= 10
	switch c {
	case Badge:
		return append(dst, "B-"+strconv.Itoa(int(i)+1))
	case CostCenter:
		return append(dst, "CC "+strconv.Itoa(int(h%40)))
	case Skills:
		for n := h%3 + 1; n > 0; n-- {
			dst = append(dst, skills[(h/5+n*4)%uint64(len(skills))])
		}
		return dst
	case Clearance:
		return append(dst, pick(h, []string{"public", "internal", "Secret"}))
	case SecondPhone:
		return append(dst, "+1.303555"+strconv.Itoa(int(1000+h%9000)))
	case UserNameClash:
		return append(dst, "legacy\\u"+strconv.Itoa(int(i)))
	case TypeClash:
		return append(dst, pick(h, []string{"FT", "PT"}))
	case Room:
		return append(dst, pick(h, []string{"Zürich-1", "Köln/2", "00123"}))
	case Preferences:
		return append(dst, `{"theme":"`+pick(h, []string{"dark", "light"})+`","pageSize":`+strconv.Itoa(int(h%5)*25)+`,"tags":["a\"b","ü"],"nested":{"on":true}}`)
	case Vehicles:
		dst = append(dst, `{"plate":"ZH `+strconv.Itoa(int(h%90000))+`","electric":`+strconv.FormatBool(h>>20%2 == 0)+`}`)
		if h>>30%2 == 0 {
			dst = append(dst, `{"plate":"B-`+strconv.Itoa(int(h%9000))+`"}`)
		}
		return dst
	case Legacy:
		return append(dst, "L"+strconv.Itoa(int(i)))
	default:
		panic("data: " + strconv.Itoa(int(c)) + " is no custom attribute")
	}
}

// customShare is the percentage of users who have a value.
var customShare = [NumCustoms]int{60, 70, 25, 30, 15, 10, 20, 12, 20, 8, 50}
