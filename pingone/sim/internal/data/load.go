package data

import (
	_ "embed"
	"errors"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed people.yaml
var peopleFile []byte

//go:embed groups.yaml
var groupsFile []byte

// wordLists are what the texts of users are made of.
type wordLists struct {
	Latin, Others                       []culture
	Titles, Nicknames, Streets, Domains []string
}

// culture is a pool of names with the places that fit them.
type culture struct {
	Given, Family []string
	Country       string // ISO 3166 alpha-2
	Locale        string
	Timezone      string
	Dial          string
	Cities        []struct{ Name, Region, Postal string }
}

// seeds are what the files hold.
type seeds struct {
	words  wordLists
	groups []GroupSpec
}

var seeded = sync.OnceValue(func() *seeds {
	out := new(seeds)
	if err := errors.Join(
		yaml.UnmarshalWithOptions(peopleFile, &out.words, yaml.Strict()), yaml.UnmarshalWithOptions(groupsFile, &out.groups, yaml.Strict()),
	); err != nil {
		panic(err) // the files are part of the program
	}
	return out
})
