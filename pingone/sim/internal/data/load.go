package data

import (
	_ "embed"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed people.yaml
var peopleFile []byte

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
	Cities        []city
}

type city struct{ Name, Region, Postal string }

var words = sync.OnceValue(func() *wordLists {
	out := new(wordLists)
	if err := yaml.UnmarshalWithOptions(peopleFile, out, yaml.Strict()); err != nil {
		panic(err) // the file is part of the program
	}
	return out
})
