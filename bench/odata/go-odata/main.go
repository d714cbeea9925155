// Command go-odata serves the rows of a JSON file by github.com/nlstn/go-odata, from
// a slice, as one of the OData servers that the benchmarks compare.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/nlstn/go-odata"
	"gorm.io/gorm"
	"gorm.io/gorm/utils/tests"
)

// User is an entity; the set is Users.
type User struct {
	ID         string    `json:"Id" odata:"key"`
	Username   string    `json:"Username"`
	Email      string    `json:"Email"`
	FirstName  string    `json:"FirstName"`
	LastName   string    `json:"LastName"`
	Department *string   `json:"Department"`
	Enabled    bool      `json:"Enabled"`
	SignOns    int32     `json:"SignOns"`
	CreatedAt  time.Time `json:"CreatedAt"`
	UpdatedAt  time.Time `json:"UpdatedAt"`
}

func main() {
	listen := flag.String("listen", "", "address to listen on")
	rows := flag.String("rows", "", "file of the rows")
	flag.Parse()
	if err := run(*listen, *rows); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var users []User
	if err := json.Unmarshal(text, &users); err != nil {
		return err
	}
	// The library wants a database, which virtual entities never ask.
	db, err := gorm.Open(tests.DummyDialector{}, &gorm.Config{})
	if err != nil {
		return err
	}
	service, err := odata.NewService(db)
	if err != nil {
		return err
	}
	if err := service.RegisterVirtualEntity(&User{}); err != nil {
		return err
	}
	if err := service.SetEntityOverwrite("Users", overwrite(users)); err != nil {
		return err
	}
	s := &http.Server{Addr: listen, Handler: service, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

// overwrite reads the slice with the least work: no copy, no search.
func overwrite(users []User) *odata.EntityOverwrite {
	at := make(map[string]int, len(users))
	for i := range users {
		at[users[i].ID] = i
	}
	return &odata.EntityOverwrite{
		GetCollection: func(ctx *odata.OverwriteContext) (*odata.CollectionResult, error) {
			items := users
			if o := ctx.QueryOptions; o != nil && o.Top != nil {
				items = items[:min(*o.Top, len(items))]
			}
			return &odata.CollectionResult{Items: items}, nil
		},
		GetEntity: func(ctx *odata.OverwriteContext) (any, error) {
			i, found := at[ctx.EntityKey]
			if !found {
				return nil, gorm.ErrRecordNotFound
			}
			return &users[i], nil
		},
	}
}
