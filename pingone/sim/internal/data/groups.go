package data

import (
	"math"
	"strconv"
)

// GroupSpec describes a seeded group.
type GroupSpec struct {
	Name, Description, ExternalID string
	Population                    int    // -1: of the environment
	Share                         uint64 // direct members: part of all users (of the population) out of 2^64
	Parents                       []int
	UserFilter                    string
	SourceType                    string // GATEWAY, IDP
	CustomData                    string // JSON object
}

// part of 2^64.
func part(f float64) uint64 { return uint64(f * math.MaxUint64) }

// fixed groups: a nested tree of three levels, dynamic, external and empty ones.
// Parents are places in this list.
var fixed = []GroupSpec{
	0:  {Name: "All Staff", Description: "Everybody by nesting", Population: -1},
	1:  {Name: "Engineering", Population: -1, Share: part(0.01), Parents: []int{0}, CustomData: `{"cost":12,"tags":["a","ü"]}`},
	2:  {Name: "Platform", Population: -1, Share: part(0.02), Parents: []int{1}},
	3:  {Name: "Databases", Description: "Level three", Population: -1, Share: part(0.015), Parents: []int{2}},
	4:  {Name: "Sales", Population: -1, Share: part(0.05), Parents: []int{0}, ExternalID: "S-1", CustomData: `{"region":{"code":"EU \"1\""}}`},
	5:  {Name: "Vertrieb Süd", Population: -1, Share: part(0.02), Parents: []int{4}},
	6:  {Name: "On Call", Description: "In two trees", Population: -1, Share: part(0.004), Parents: []int{2, 4}},
	7:  {Name: "Managers (dynamic)", Population: -1, UserFilter: `title eq "Manager"`},
	8:  {Name: "Contractors (dynamic)", Population: -1, UserFilter: `type eq "Contractor" and enabled eq true`, Parents: []int{0}},
	9:  {Name: "Germany or Switzerland", Population: -1, UserFilter: `address.countryCode eq "DE" or address.countryCode eq "CH"`},
	10: {Name: "Empty", Description: "No members", Population: -1},
	11: {Name: "Empty parent", Population: -1},
	12: {Name: "Empty child", Population: -1, Parents: []int{11}},
	13: {Name: "cn=ldap-users,ou=\"x\\y\",dc=example", Population: -1, Share: part(0.03), ExternalID: "cn=ldap-users", SourceType: "GATEWAY"},
	14: {Name: "IdP Federated", Population: -1, Share: part(0.02), ExternalID: "idp:fed", SourceType: "IDP"},
	15: {Name: "管理者", Description: "日本語の名前", Population: -1, Share: part(0.005)},
	16: {Name: "engineering", Description: "Differs by case alone, in a population", Population: 1, Share: part(0.05)},
}

// areas and their share of the users, for the plain groups.
var areas = []struct {
	name  string
	share float64
}{
	{"Everyone in Apps", 0.2},
	{"Finance", 0.02},
	{"Legal & Compliance", 0.005},
	{"HR", 0.01},
	{"VPN", 0.12},
	{"Wi-Fi Guests", 0.03},
	{"Jira", 0.08},
	{"GitHub", 0.06},
	{"Salesforce", 0.04},
	{"Payroll", 0.008},
	{"Facilities", 0.012},
	{"Security", 0.006},
	{"Data Science", 0.009},
	{"Support L1", 0.018},
	{"Support L2", 0.007},
}

// Groups of an environment with a number of populations: about 60.
func Groups(populations int) []GroupSpec {
	out := append([]GroupSpec(nil), fixed...)
	for k, area := range areas {
		out = append(out, GroupSpec{Name: area.name, Population: -1, Share: part(area.share), ExternalID: "app|" + strconv.Itoa(k)})
	}
	for k := range 10 {
		out = append(out, GroupSpec{Name: "Project " + string(rune('A'+k)), Description: "Project team", Population: -1, Share: part(0.003 * float64(k+1))})
	}
	for p := range populations {
		n := strconv.Itoa(p + 1)
		out = append(out,
			GroupSpec{Name: "Team " + n + ".1", Description: "Of one population", Population: p, Share: part(0.4)},
			GroupSpec{Name: "Team " + n + ".2", Description: "Of one population", Population: p, Share: part(0.1)},
		)
	}
	return out
}
