package redact_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/audit/redact"
)

func TestSQL(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"text", "SELECT Id FROM Users WHERE Username = 'anna'", "SELECT Id FROM Users WHERE Username = ?"},
		{"quote in text", "Name = 'O''Brien' AND x = 'y'", "Name = ? AND x = ?"},
		{"backslash is a character", `a = '\' OR b = 'x'`, `a = ? OR b = ?`},
		{"escape string", `a = E'it\'s' OR b = 'x'`, `a = E? OR b = ?`},
		{"name that ends in e", `SELECT Name'\'`, "SELECT Name?"},
		{"numbers", "x > 42 AND y = -1.5e10 AND z = 0xFF LIMIT 10", "x > ? AND y = -? AND z = ? LIMIT ?"},
		{"names with digits", "Users2.Col1 = t2.a_1", "Users2.Col1 = t2.a_1"},
		{"quoted names", `"Users" . "E""mail" = 'x'`, `"Users" . "E""mail" = ?`},
		{"bracketed names", "[CData].[Administrators].[Users]", "[CData].[Administrators].[Users]"},
		{"dollar quotes", "a = $$anna$$ OR b = $tag$ anna $$ $tag$", "a = ? OR b = ?"},
		{"parameters", "a = $1 OR b = $name", "a = $1 OR b = $name"},
		{"comments", "SELECT 1 -- anna\n, 2 /* anna /* again */ anna */ FROM t", "SELECT ?  , ?   FROM t"},
		{"open text", "a = 'anna", "a = ?"},
		{"open name", `a = "anna`, "a = ?"},
		{"open comment", "a /* anna", "a  "},
		{"open dollar quote", "a = $$anna", "a = ?"},
		{"typed literal", "d > TIMESTAMP '2026-01-01'", "d > TIMESTAMP ?"},
		{"invalid UTF-8", "a\xff = 'x'", "a? = ?"},
		{"line feeds", "SELECT\n1", "SELECT ?"},
		{"empty", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := redact.SQL(c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestOData(t *testing.T) {
	t.Parallel()
	const root = "/odata/pingone/Administrators"
	const id = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	cases := []struct{ name, in, want string }{
		{"set", root + "/Users", root + "/Users"},
		{"text", root + "/Users?$filter=Username%20eq%20'anna'&$select=Id,Username&$top=5", root + "/Users?$filter=Username eq ?&$select=Id,Username&$top=5"},
		{"quote in text", root + "/Users?$filter=Name eq 'O''Brien' and x eq 1", root + "/Users?$filter=Name eq ? and x eq ?"},
		{"plus and hex", root + "/Users?%24filter=Name+eq+%27anna%27", root + "/Users?$filter=Name eq ?"},
		{"guid", root + "/Users?$filter=Id eq " + id, root + "/Users?$filter=Id eq ?"},
		{"guid that begins with a letter", root + "/Users?$filter=Id eq abcdef01-5717-4562-b3fc-2c963f66afa6", root + "/Users?$filter=Id eq ?"},
		{"date", root + "/Users?$filter=CreatedAt ge 2026-01-01T10:11:12.5%2B02:00", root + "/Users?$filter=CreatedAt ge ?"},
		{"functions", root + "/Users?$filter=startswith(tolower(Email),'anna')", root + "/Users?$filter=startswith(tolower(Email),?)"},
		{"lists", root + `/Users?$filter=Name in ('a',"b")`, root + "/Users?$filter=Name in (?,?)"},
		{"key", root + "/Users('" + id + "')/Email", root + "/Users(?)/Email"},
		{"named keys", root + "/M(UserId=" + id + ",GroupId='x')", root + "/M(UserId=?,GroupId=?)"},
		{"key with a slash", root + "/Users('a%2Fb')", root + "/Users(?)"},
		{"key as segment", root + "/Users/" + id, root + "/Users/?"},
		{"e-mail as segment", root + "/Users/anna@example.com", root + "/Users/?"},
		{"environment by id", "/odata/pingone/" + id + "/Users", "/odata/pingone/" + id + "/Users"},
		{"environment by name", "/odata/pingone/Partner%20Portal%20Z%C3%BCrich/Users", "/odata/pingone/Partner Portal Zürich/Users"},
		{"nested", root + "/Users?$expand=Groups($filter=Name eq 'x';$top=3)", root + "/Users?$expand=Groups($filter=Name eq ?;$top=?)"},
		{"search", root + "/Users?$search=anna", root + "/Users?$search=?"},
		{"alias", root + "/Users?$filter=Name eq @n&@n='anna'", root + "/Users?$filter=Name eq @n&@n=?"},
		{"next link", root + "/Users?$skiptoken=abc", root + "/Users?$skiptoken=?"},
		{"unknown option", root + "/Users?apikey=secret", root + "/Users?apikey=?"},
		{"words in top", root + "/Users?$top=a@b", root + "/Users?$top=?"},
		{"bad encoding", root + "/%zz?$filter=%zz&%zz=1", root + "/??$filter=?&?"},
		{"open text", root + "/Users?$filter=Name eq 'anna", root + "/Users?$filter=Name eq ?"},
		{"metadata", root + "/$metadata?$format=application/xml", root + "/$metadata?$format=application/xml"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := redact.OData(c.in); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestNoLiteralSurvives builds random conditions around a marked value.
func TestNoLiteralSurvives(t *testing.T) {
	t.Parallel()
	const mark = "SeKrEt"
	r := rand.New(rand.NewPCG(1, 2))
	noise := []string{"a", "'", "''", `"`, `\`, " ", "--", "/*", "*/", "$$", "(", ")", "é", "\n", "$1", "E", "[", "]", ";", "%"}
	for range 20_000 {
		var value strings.Builder
		for range r.IntN(6) {
			value.WriteString(noise[r.IntN(len(noise))])
		}
		value.WriteString(mark)
		for range r.IntN(6) {
			value.WriteString(noise[r.IntN(len(noise))])
		}
		literal := "'" + strings.ReplaceAll(value.String(), "'", "''") + "'"
		other := "'" + strings.Repeat("''", r.IntN(3)) + "'"
		for _, condition := range []string{
			"a = " + literal, "a = " + other + " AND b = " + literal, `"x" = ` + other + " OR " + literal + " = c", "a IN (" + other + "," + literal + ")",
		} {
			if got := redact.SQL(condition); strings.Contains(got, mark) {
				t.Fatalf("SQL %q gives %q", condition, got)
			}
			target := "/odata/c/s/Users(" + url.PathEscape(literal) + ")?$filter=" + url.QueryEscape(condition)
			if got := redact.OData(target); strings.Contains(got, mark) {
				t.Fatalf("OData %q gives %q", target, got)
			}
		}
	}
}

// FuzzRedact: no text makes the redactor fail, give more than one line or
// invalid UTF-8, or show what stands in quotes.
func FuzzRedact(f *testing.F) {
	f.Add("SELECT 'a' FROM \"b\" -- c", "x")
	f.Add("/odata/a/b/c('d')?$filter=e eq 'f'", "'")
	f.Fuzz(func(t *testing.T, text, value string) {
		for _, got := range []string{redact.SQL(text), redact.OData(text)} {
			if strings.ContainsAny(got, "\n\r") || !utf8.ValidString(got) {
				t.Fatalf("%q gives %q", text, got)
			}
		}
		got := redact.SQL(fmt.Sprintf("a = '%s' AND b = 1", strings.ReplaceAll(strings.ToValidUTF8(value, ""), "'", "''")))
		if got != "a = ? AND b = ?" {
			t.Fatalf("%q gives %q", value, got)
		}
	})
}
