package data

import (
	"fmt"
	"slices"
)

// GroupSpec describes a seeded group.
type GroupSpec struct {
	Name, Description string
	ExternalID        string   `yaml:"externalId"`
	Population        *int     // nil: of the environment
	Share             float64  // direct members: part of all users (of the population)
	Parents           []string // groups before it
	UserFilter        string   `yaml:"userFilter"`
	SourceType        string   `yaml:"sourceType"` // GATEWAY, IDP
	CustomData        string   `yaml:"customData"` // JSON object
}

// Groups of an environment with a number of populations: about 60.
func Groups(populations int) []GroupSpec {
	out := slices.Clone(seeded().groups)
	for k := range 10 {
		out = append(out, GroupSpec{Name: "Project " + string(rune('A'+k)), Description: "Project team", Share: 0.003 * float64(k+1)})
	}
	for p := range populations {
		for n, share := range []float64{0.4, 0.1} {
			name := fmt.Sprintf("Team %d.%d", p+1, n+1)
			out = append(out, GroupSpec{Name: name, Description: "Of one population", Population: &p, Share: share})
		}
	}
	return out
}
