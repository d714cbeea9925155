package data

// PopulationSpec describes a seeded population.
type PopulationSpec struct {
	Share                       Share
	Name, Description, Language string
	Alternative                 []string
	Default                     bool
}

// Populations of an environment: one of them has 60 % of all users, one has
// none. The first takes what the others leave.
func Populations(consumers bool) []PopulationSpec {
	if consumers {
		return []PopulationSpec{
			{Share{40}, "Default", "", "", nil, true},
			{Share{600}, "Shop", "Everyone with a basket", "en", []string{"shop"}, false},
			{Share{150}, "Loyalty \"Gold\"", "Café & more, 10% off", "fr", nil, false},
			{Share{80}, "Loyalty", "", "", nil, false},
			{Share{60}, "Händler", "Wiederverkäufer", "de", []string{"b2b", "handel"}, false},
			{Share{50}, "日本のお客様", "", "ja", nil, false},
			{Share{20}, "Press", "", "", nil, false},
			{Share{0}, "Archived (empty)", "Nobody is here", "", nil, false},
		}
	}
	return []PopulationSpec{
		{Share{40}, "Default", "", "", nil, true},
		{Share{600}, "Employees", "Staff of all countries", "en", []string{"emp", "staff"}, false},
		{Share{130}, "Contractors", "External people, time-limited", "", nil, false},
		{Share{90}, "Partners", "Suppliers \"A\" and B\\C", "", []string{"partner"}, false},
		{Share{50}, "Interns", "", "", nil, false},
		{Share{40}, "Büro Zürich", "Talstraße 1, 8001 Zürich", "de", nil, false},
		{Share{30}, "東京オフィス", "", "ja", nil, false},
		{Share{19}, "Service accounts, robots", "No people", "", nil, false},
		{Share{1}, "Board", "", "", nil, false},
		{Share{0}, "Alumni (empty)", "Nobody is here", "", nil, false},
	}
}
