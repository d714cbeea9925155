package console

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// QueryPage shows an editor of SQL. It reads nothing itself: its script asks /sql, as
// every program does, so that callers, rights, limits and the audit trail are the same.
type QueryPage struct {
	Site *Site
	// Connections are the names of all, the default one first.
	Connections []string
}

// examples are statements to begin with.
var examples = []Link{
	{Name: "Contractors by population, joined and counted", Text: "SELECT p.Name AS Population, count(*) AS Contractors\nFROM Users u\nJOIN Populations p ON p.Id = u.PopulationId\nWHERE u.EmployeeType = 'Contractor'\nGROUP BY ALL\nORDER BY Contractors DESC"},
	{Name: "Who has not signed in for 90 days", Text: "SELECT Username, Email, LastSignOnAt\nFROM Users\nWHERE IsEnabled AND LastSignOnAt < now() - INTERVAL 90 DAY\nORDER BY LastSignOnAt"},
	{Name: "The largest groups", Text: "SELECT Name, DirectUsersCount\nFROM Groups\nORDER BY DirectUsersCount DESC\nLIMIT 20"},
	{Name: "New users by month", Text: "SELECT date_trunc('month', CreatedAt)::DATE AS Month, count(*) AS Users\nFROM Users\nGROUP BY ALL\nORDER BY Month"},
	{Name: "Users of every environment", Text: "SELECT EnvironmentName, count(*) AS Users\nFROM AllEnvironments.Users\nGROUP BY ALL"},
}

var formats = []Link{{Name: "CSV", Text: "csv"}, {Name: "Excel", Text: "xlsx"}, {Name: "JSON", Text: "json"}, {Name: "Parquet", Text: "parquet"}}

type queryView struct {
	Page
	Connections       []string
	Connection        string
	SQL, Nonce        string
	Examples, Formats []Link
}

// Policy lets the editor make style sheets of its own.
func (v queryView) Policy() string {
	return strings.Replace(httpguard.PagePolicy, "style-src 'self'", "style-src 'self' 'nonce-"+v.Nonce+"'", 1)
}

// ServeHTTP implements http.Handler. The parameters sql and connection say what stands in
// the editor; nothing runs before its reader wants it.
func (q *QueryPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	observe.RequestOf(r.Context()).SetFrontEnd("console")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		q.Site.Fail(w, r, gwerr.New(gwerr.MethodNotAllowed, "This address takes GET.", "Statements are sent to /sql."))
		return
	}
	wanted := r.URL.Query()
	v := queryView{
		Page: q.Site.Page(r, "Query", Query), Connections: q.Connections, Connection: q.Connections[0], SQL: cmp.Or(wanted.Get("sql"), examples[0].Text),
		Nonce: rand.Text(), Examples: examples, Formats: formats,
	}
	v.Scripts = []string{"query.js"}
	if c := wanted.Get("connection"); slices.Contains(q.Connections, c) {
		v.Connection = c
	}
	if err := q.Site.Render(w, r, http.StatusOK, "query", v); err != nil {
		q.Site.Fail(w, r, gwerr.From(err))
	}
}
