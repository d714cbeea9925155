package model_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// tokens are the parts of a condition that stand between blanks and signs, each with
// its kind.
var tokens = regexp.MustCompile(`duration'[^']*'|'(?:[^']|'')*'|[A-Za-z_$@][\w.]*|[-\d][\w.:+-]*|.`)

// rewritten is a condition with some of its tokens changed.
func rewritten(filter string, change func(token, before, after string) string) string {
	all := tokens.FindAllString(filter, -1)
	var b strings.Builder
	at := func(i int) string {
		if i < 0 || i >= len(all) {
			return ""
		}
		return all[i]
	}
	for i, token := range all {
		b.WriteString(change(token, at(i-1), at(i+1)))
	}
	return b.String()
}

// boundWith binds a filter on Books beside other options.
func boundWith(t *testing.T, filter string, others ...string) *query.Query {
	t.Helper()
	options := "$filter=" + url.QueryEscape(filter)
	for _, o := range others {
		name, value, _ := strings.Cut(o, "=")
		options += "&" + name + "=" + url.QueryEscape(value)
	}
	tree, err := uri.Parse("Books", strings.ReplaceAll(options, "+", "%20"), uri.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	r, err := model.Bind(odatatest.New(0).Main, tree, model.Options{Namespace: "Library", Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	return r.Query(nil, -1)
}

// TestOtherSpellingsOfConditions writes random conditions in other ways that mean the
// same, which are bound as the same.
func TestOtherSpellingsOfConditions(t *testing.T) {
	t.Parallel()
	r := random(t)
	own := regexp.MustCompile(`^(Id|Title|Author|Pages|Sold|Price|InPrint|BoughtAt|Tags|Extra|Summary|ShelfId|Shelf|Loans)$`)
	words := regexp.MustCompile(`^(and|or|not|eq|ne|lt|le|gt|ge|in|add|sub|mul|div|divby|mod|contains|startswith|endswith|tolower|toupper|trim|length|indexof|substring|concat|year|month|day|hour|minute|second|round|floor|ceiling)$`)
	changed := map[string]int{}
	for n := range fewer(1500) {
		filter := odatatest.Filters{Rand: r, Simple: n%2 == 0}.Make(1 + n%4)
		plain := boundWith(t, filter)
		var aliases []string
		inLambda := strings.Contains(filter, ":")
		spellings := map[string]string{
			"in parentheses": "((" + filter + "))",
			"with constants behind aliases": rewritten(filter, func(token, before, _ string) string {
				number := regexp.MustCompile(`^\d+$`).MatchString(token) && before != "-"
				if token[0] != '\'' && !number {
					return token
				}
				aliases = append(aliases, fmt.Sprintf("@p%d=%s", len(aliases), token))
				return fmt.Sprintf("@p%d", len(aliases)-1)
			}),
			"behind $it": rewritten(filter, func(token, before, after string) string {
				if own.MatchString(token) && before != "/" && before != ":" && after != ":" {
					return "$it/" + token
				}
				return token
			}),
			"in capitals": rewritten(filter, func(token, before, after string) string {
				if words.MatchString(token) && before != "/" && (after == "(" || after == " ") {
					return strings.ToUpper(token)
				}
				return token
			}),
			"with more blanks": rewritten(filter, func(token, _, _ string) string {
				if token == " " {
					return "  "
				}
				return token
			}),
			"of the type": rewritten(filter, func(token, before, after string) string {
				if own.MatchString(token) && before != "/" && before != ":" && after != ":" && !inLambda {
					return "Library.Book/" + token
				}
				return token
			}),
		}
		for name, text := range spellings {
			if text == filter {
				continue
			}
			changed[name]++
			got := boundWith(t, text, aliases...)
			if got.Accesses[0].Where.String() != plain.Accesses[0].Where.String() || got.Plain.FilterSQL != plain.Plain.FilterSQL {
				t.Fatalf("%s\n%s: %s %v\nwhere %s, SQL %s\nnot   %s, SQL %s", filter, name, text, aliases,
					got.Accesses[0].Where, got.Plain.FilterSQL, plain.Accesses[0].Where, plain.Plain.FilterSQL)
			}
		}
	}
	for name, n := range changed {
		if n < fewer(300) {
			t.Errorf("%s: only %d conditions were written so", name, n)
		}
	}
}

// TestFiltersInTransformations: conditions one behind the other keep what they do as
// one, whichever options they stand in.
func TestFiltersInTransformations(t *testing.T) {
	t.Parallel()
	r := random(t)
	for n := range fewer(600) {
		make := func() string { return odatatest.Filters{Rand: r, Simple: n%3 > 0}.Make(n % 3) }
		a, b := make(), make()
		whole := boundWith(t, "("+a+") and ("+b+")")
		for name, got := range map[string]*query.Query{
			"one each":       boundWith(t, b, "$apply=filter("+a+")"),
			"both before":    boundWith(t, "true", "$apply=filter("+a+")/filter("+b+")"),
			"one of the two": boundWith(t, "true", "$apply=identity/filter(("+a+") and ("+b+"))"),
		} {
			// The order of what is joined is free.
			if got, want := conjuncts(got), conjuncts(whole); got != want {
				t.Fatalf("%s\n%s\n%s: %s\nnot %s", a, b, name, got, want)
			}
		}
	}
}

// conjuncts are what is pushed of a query, and whether that is all, in one order.
func conjuncts(q *query.Query) string {
	parts := strings.Split(q.Accesses[0].Where.String(), " AND ")
	slices.Sort(parts)
	return fmt.Sprint(strings.Join(slices.Compact(parts), " AND "), q.Accesses[0].WhereComplete)
}

// TestRandomFeeds chooses columns, an order, a condition and bounds, and writes by
// itself the statement that reads them.
func TestRandomFeeds(t *testing.T) {
	t.Parallel()
	r := random(t)
	columns := []string{"Id", "Title", "Author", "Pages", "Sold", "Price", "InPrint", "BoughtAt", "Summary", "ShelfId"}
	quoted := func(name string) string { return `"Books"."` + name + `"` }
	for range fewer(500) {
		selected, ordered := some(r, 4, columns...), some(r, 3, columns...)
		if len(selected) == 0 {
			selected = []string{"Title"}
		}
		var options, order, list []string
		options = append(options, "$select="+strings.Join(selected, ","))
		for _, name := range ordered {
			switch direction := pick(r, "", " asc", " desc"); direction {
			case " desc":
				list, order = append(list, name+" desc"), append(order, quoted(name)+" DESC NULLS LAST")
			default:
				list, order = append(list, name+direction), append(order, quoted(name)+" ASC NULLS FIRST")
			}
		}
		if len(list) > 0 {
			options = append(options, "$orderby="+strings.Join(list, ","))
		}
		if !slices.Contains(ordered, "Id") {
			order = append(order, quoted("Id")+" ASC NULLS FIRST")
		}
		visible := strings.Join(selected, " ")
		read := make([]string, 0, len(selected)+1)
		for _, name := range selected {
			read = append(read, quoted(name))
		}
		if !slices.Contains(selected, "Id") {
			visible += "+Id"
			read = append(read, quoted("Id"))
		}
		where, sql := "TRUE", ""
		if r.IntN(2) == 0 {
			options = append(options, "$filter=Author eq 'it''s'")
			where, sql = "Author = 'it''s'", ` WHERE "Books"."Author" = 'it''s'`
		}
		limit, top := int64(-1), ""
		if r.IntN(2) == 0 {
			limit = int64(r.IntN(9))
			options = append(options, fmt.Sprint("$top=", limit))
			top = fmt.Sprint(" LIMIT ", limit)
		}
		r.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
		address := "Books?" + strings.Join(options, "&")
		got, err := bind(t, address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		want := `SELECT ` + strings.Join(read, ", ") + ` FROM "Main"."Books"` + sql + ` ORDER BY ` + strings.Join(order, ", ") + top
		if len(ordered) == 0 {
			want = "Books " + where
		}
		if reads(got, nil, limit) != want || columnNames(got) != visible || got.ByEngine() != (len(ordered) > 0) {
			t.Fatalf("%s\ngot  %s of %s\nwant %s of %s", address, reads(got, nil, limit), columnNames(got), want, visible)
		}
		if (got.Top == nil) != (limit < 0) || got.Top != nil && *got.Top != limit {
			t.Fatalf("%s: top %v", address, got.Top)
		}
	}
}

// clubWay is a navigation property of the club: where it leads, and along which
// columns, "" where it leads over the table of links.
type clubWay struct {
	from, name, to, own, theirs string
	many                        bool
}

var clubWays = []clubWay{
	{"Towns", "People", "People", "Id", "TownId", true},
	{"Towns", "Teams", "Teams", "Id", "TownId", true},
	{"People", "Town", "Towns", "TownId", "Id", false},
	{"People", "Members", "Members", "Id", "PersonId", true},
	{"People", "Teams", "Teams", "Id", "", true},
	{"Teams", "Town", "Towns", "TownId", "Id", false},
	{"Teams", "Members", "Members", "Id", "TeamId", true},
	{"Teams", "People", "People", "Id", "", true},
	{"Members", "Person", "People", "PersonId", "Id", false},
	{"Members", "Team", "Teams", "TeamId", "Id", false},
}

// clubColumns are the columns of the club's tables, and how many of them are the key.
var clubColumns = map[string][]string{"Towns": {"Id", "Name"}, "People": {"Id", "Name", "TownId"}, "Teams": {"Id", "Name", "TownId"}, "Members": {"PersonId", "TeamId", "Role"}}

// expandedAtRandom makes the options of rows of a table, and a check of what they
// are bound to.
func expandedAtRandom(r *rand.Rand, table string, depth int) (options []string, check func(got *model.Resource) string) {
	selected := some(r, 2, clubColumns[table]...)
	if len(selected) > 0 {
		options = append(options, "$select="+strings.Join(selected, ","))
	}
	var items []string
	var checks []func(x *model.Expansion) string
	var ways []clubWay
	for _, way := range clubWays {
		if way.from == table && depth > 0 && table != "Members" { // what links lead to is joined to them
			ways = append(ways, way)
		}
	}
	for _, way := range some(r, 2, ways...) {
		inner, checkInner := expandedAtRandom(r, way.to, depth-1)
		top, count, condition := -1, false, ""
		if way.many {
			if r.IntN(2) == 0 {
				top = r.IntN(5)
				inner = append(inner, fmt.Sprint("$top=", top))
			}
			if count = r.IntN(2) == 0; count {
				inner = append(inner, "$count=true")
			}
			if text := clubColumns[way.to][len(clubColumns[way.to])-1]; (text == "Name" || text == "Role") && r.IntN(2) == 0 {
				condition = text + " = 'x'"
				inner = append(inner, "$filter="+text+" eq 'x'")
			}
		}
		item := way.name
		if len(inner) > 0 {
			item += "(" + strings.Join(inner, ";") + ")"
		}
		items = append(items, item)
		checks = append(checks, func(x *model.Expansion) string {
			switch {
			case x.Navigation.Name != way.name || x.Target.Table.Name != way.to || x.Navigation.Many != way.many:
				return fmt.Sprintf("%s is %s to %s", way.name, x.Navigation.Name, x.Target.Table.Name)
			case (x.Top == nil) != (top < 0) || x.Top != nil && *x.Top != int64(top) || x.CountWanted != count || x.CountOnly:
				return fmt.Sprintf("%s: top %v, count %v", way.name, x.Top, x.CountWanted)
			case condition != "" && way.own != "" && way.theirs != "" && !x.Target.ByEngine() && !strings.Contains(reads(x.Target, nil, -1), condition):
				return fmt.Sprintf("%s reads %s", way.name, reads(x.Target, nil, -1))
			case way.theirs == "" && x.Target.LinkColumn() == nil, way.theirs != "" && x.Target.LinkColumn() != nil:
				return fmt.Sprintf("%s: link %v", way.name, x.Target.LinkColumn())
			case way.theirs != "" && columnAt(x.Target, x.To[0]) != way.theirs:
				return fmt.Sprintf("%s leads to %s", way.name, columnAt(x.Target, x.To[0]))
			}
			return checkInner(x.Target)
		})
	}
	if len(items) > 0 {
		options = append(options, "$expand="+strings.Join(items, ","))
	}
	return options, func(got *model.Resource) string {
		if len(got.Expand) != len(checks) {
			return fmt.Sprintf("%d expansions of %s, not %d", len(got.Expand), table, len(checks))
		}
		shown := selected
		if len(shown) == 0 {
			shown = clubColumns[table]
		}
		if visible, _, _ := strings.Cut(columnNames(got), "+"); visible != strings.Join(shown, " ") {
			return fmt.Sprintf("%s shows %s, not %v", table, visible, shown)
		}
		for i := range checks {
			if wrong := checks[i](&got.Expand[i]); wrong != "" {
				return wrong
			}
			for _, way := range clubWays {
				if at := got.Expand[i].From[0]; way.from == table && way.name == got.Expand[i].Navigation.Name && columnAt(got, at) != way.own {
					return fmt.Sprintf("%s of %s begins at %s", way.name, table, columnAt(got, at))
				}
			}
		}
		return ""
	}
}

func columnAt(r *model.Resource, at int) string {
	if at >= len(r.Columns) {
		return ""
	}
	return r.Table.Columns[r.Columns[at]].Name
}

// TestRandomExpansions expands at random, down to four levels: what each reads, along
// which columns, and what of it is shown.
func TestRandomExpansions(t *testing.T) {
	t.Parallel()
	r := random(t)
	expansions := 0
	for range fewer(1000) {
		table := pick(r, "Towns", "People", "Teams", "Members")
		options, check := expandedAtRandom(r, table, 4)
		address := table + "?" + strings.Join(options, "&")
		got := bindClub(t, address)
		if wrong := check(got); wrong != "" {
			t.Fatalf("%s\n%s", address, wrong)
		}
		expansions += len(got.Expand)
	}
	if expansions < fewer(300) {
		t.Errorf("only %d expansions", expansions)
	}
}

// TestMisspeltNamesAnywhere misspells each name in each option in turn: the error is
// about that name, at its place in the option.
func TestMisspeltNamesAnywhere(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`\{(\w+)\}`)
	for _, option := range []string{
		"$select={Title},{Author}", "$select=Library.Book/{Title}", "$orderby={Title} desc,{Pages},length({Author})", "$orderby={Shelf}/{Name}", "$orderby={Loans}/$count desc",
		"$filter={Shelf}/{Name} eq 'x' and {Loans}/any(l:l/{Reader} eq {Author})", "$filter={Pages} in (1,2) or not contains({Title},{Summary})",
		"$filter=case({InPrint}:{Pages},true:{Sold}) gt 1", "$filter={Tags}/all(t:t ne {Title})", "$filter={Loans}/$count($filter={Reader} eq 'x') gt 1",
		"$filter=cast({Pages},Edm.String) eq {Title}", "$filter=$it/{Price} gt 1.5 and Library.Book/{Sold} lt 3",
		"$expand={Shelf}", "$expand={Shelf}($select={Name})", "$expand={Loans}($filter={Reader} eq 'x';$orderby={Number} desc,{Reader})",
		"$expand={Loans}($expand={Book}($select={Title};$expand={Shelf}))", "$expand={Loans}/$count($filter={Reader} eq 'x')", "$expand={Loans}($compute=length({Reader}) as L;$select=L,{Number})",
		"$compute={Pages} add {Sold} as P,length({Title}) as L", "$apply=filter({Pages} gt 1)/groupby(({Author},{Shelf}/{Name}),aggregate({Pages} with sum as S))",
		"$apply=topcount(2,{Pages})", "$apply=orderby({Title},{Pages} desc)/top(3)", "$apply=compute({Pages} mul 2 as Q)/aggregate({Sold} with max as M,Q with min as N)",
		"$apply=concat(groupby(({Author})),filter({InPrint}))", "$apply=groupby((rollup({Author},{Pages})))", "$apply=aggregate({Pages} with sum from {Author} with average as X)",
	} {
		plain := names.ReplaceAllString(option, "$1")
		if _, err := bind(t, "Books?"+plain); err != nil {
			t.Errorf("%s: %v", plain, err)
			continue
		}
		places := names.FindAllStringSubmatchIndex(option, -1)
		for i := range places {
			var wrong strings.Builder
			from, at, name := 0, 0, ""
			for k, p := range places {
				wrong.WriteString(option[from:p[0]])
				if k == i {
					at, name = wrong.Len(), option[p[2]:p[3]]
				}
				wrong.WriteString(option[p[2]:p[3]])
				if k == i {
					wrong.WriteString("x")
				}
				from = p[1]
			}
			wrong.WriteString(option[from:])
			_, err := bind(t, "Books?"+wrong.String())
			e := gwerr.From(err)
			if position := at - strings.IndexByte(option, '=') - 1; err == nil || e.Code != gwerr.UnknownColumn || e.Position != position || e.Hint != "Did you mean "+name+"?" || e.Target == "" {
				t.Errorf("%s: %v at %d, not %d, on %q: %s", &wrong, e.Code, e.Position, position, e.Target, e.Hint)
			}
		}
	}
}

// TestTypesOfTheClub: each column of a resource has its own type, wherever it stands.
func TestTypesOfTheClub(t *testing.T) {
	t.Parallel()
	for table, columns := range clubColumns {
		for _, name := range columns {
			got := bindClub(t, table+"?$select="+name)
			want := catalog.GUID
			if name == "Name" || name == "Role" {
				want = catalog.String
			}
			if columnAt(got, 0) != name || got.Type(0) != want {
				t.Errorf("%s of %s is %s of type %s", columnAt(got, 0), table, name, got.Type(0))
			}
		}
	}
}
