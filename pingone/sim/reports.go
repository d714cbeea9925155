package sim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

const (
	// atHand is how long audit activities can be read at once.
	atHand = 14 * day
	// seededActivities are in each environment with users from the start, in the
	// days before it; some are older than what can be read at once.
	seededActivities = 320
	seededSpan       = 16 * day
)

// checkActivities demands that a filter has at most one subject beside a range of
// time; some may stand beside a population.
func checkActivities(spec filterSpec, x *scim.Expr) {
	subjects := make(map[string]bool)
	eachComparison(x, func(x *scim.Expr) { subjects[x.Attr] = true })
	alone := subjects["resources.id"] || subjects["correlationId"]
	population := subjects["resources.population.id"]
	for _, name := range []string{"recordedAt", "createdAt", "resources.population.id"} {
		delete(subjects, name)
	}
	if len(subjects) > 1 || len(subjects) == 1 && population && alone {
		panic(spec.refuse("These attributes cannot be tested together.", 0))
	}
}

// activitiesOf are the seeded activities and those of writes. Lists have those
// that can be read at once.
func activitiesOf(p *place) *resource.Collection {
	out, oldest := resource.NewCollection(), instant(p.call.now.UnixMilli()-atHand)
	for _, a := range slices.Concat(p.call.environment.history(), p.call.environment.recorded) {
		if p.id != "" || resource.First(a, "recordedAt") >= oldest {
			out.Put(&resource.Row{ID: resource.First(a, "id"), Members: a})
		}
	}
	return out
}

// signedOn is what is recorded when a user signs on to an application.
const signedOn = "USER.ACCESS_ALLOWED"

// signsOn are the applications that users sign on to.
func (e *environment) signsOn() []*resource.Row {
	return slices.DeleteFunc(e.rows.Read("applications").All(), func(app *resource.Row) bool {
		return app.Members["type"] == "WORKER" || app.Members["protocol"] == "EXTERNAL_LINK"
	})
}

// seedActivities makes the history of an environment before a time: of changes, and of
// sign-ons to the applications.
func (e *environment) seedActivities(before time.Time, apps []*resource.Row) (out []map[string]any) {
	if e.people.Count() == 0 {
		return nil
	}
	kinds := []string{signedOn, "USER.UPDATED", signedOn, "USER.CREATED", "USER.UPDATED", signedOn, "USER.DELETED", "GROUP.UPDATED"}
	salt := data.SaltOf("activities " + e.id)
	for k := range uint64(seededActivities) {
		h := data.Mix(salt + k)
		at := before.UnixMilli() - int64(seededSpan) + int64(k*(seededSpan/seededActivities)+h%(seededSpan/seededActivities))
		user, actor := uint32(h>>8)%e.people.Count(), uint32(h>>24)%e.people.Count()
		kind := kinds[h%uint64(len(kinds))]
		a := newActivity(data.IDs(salt).ID(uint32(k)), at, kind, AppWorker.ID)
		if kind == signedOn {
			app := apps[(h>>40)%uint64(len(apps))]
			actors(a)["client"] = e.party("CLIENT", app.ID, resource.First(app.Members, "name"), "")
			user = actor
		} else if h%7 == 0 {
			a["result"] = map[string]any{"status": "FAILED", "description": "\"Quoted\", refused"}
		}
		if h%3 == 0 && kind != signedOn {
			a["tags"] = []any{"adminIdentityEvent"}
		}
		actors(a)["user"] = e.seededUser(actor)
		touched := []any{e.seededUser(user)}
		if strings.HasPrefix(kind, "GROUP") {
			touched = append(touched, e.party("GROUP", e.seedID("groups", uint32(h>>16)%4), "", ""))
		}
		a["resources"] = touched
		out = append(out, a)
	}
	return out
}

// newActivity is what happened at a time, by a client.
func newActivity(id string, at int64, action, client string) map[string]any {
	thing, verb, _ := strings.Cut(action, ".")
	said := titled(thing) + " " + titled(verb)
	return map[string]any{
		"id": id, "recordedAt": instant(at), "createdAt": instant(at), "correlationId": data.NamedID("correlation " + id),
		"action": map[string]any{"type": action, "description": said},
		"actors": map[string]any{"client": map[string]any{
			"id": client, "name": appName(client), "type": "CLIENT", "environment": map[string]any{"id": data.NamedID("environment " + EnvironmentAdministrators)},
		}},
		"result": map[string]any{"status": "SUCCESS", "description": titled(verb) + " " + titled(thing)},
	}
}

// actors are those of an activity.
func actors(a map[string]any) map[string]any {
	all, _ := a["actors"].(map[string]any) // newActivity makes it so
	return all
}

// titled writes USER_CREATED as User created.
func titled(word string) string {
	words := strings.ToLower(strings.ReplaceAll(word, "_", " "))
	return strings.ToUpper(words[:1]) + words[1:]
}

func appName(client string) string {
	for _, a := range []App{AppWorker, AppWorkerPost, AppWorkerSecretJWT, AppWorkerKeyJWT, AppCustomersOnly, AppPopulationOnly} {
		if a.ID == client {
			return a.Name
		}
	}
	return client
}

// party is who acted or what was touched; a name or population may be empty.
func (e *environment) party(kind, id, name, population string) map[string]any {
	out := map[string]any{
		"type": kind, "id": id, "environment": map[string]any{"id": e.id},
		"href": "https://api.pingone.eu/v1/environments/" + e.id + "/" + strings.ToLower(kind) + "s/" + id,
	}
	if name != "" {
		out["name"] = name
	}
	if population != "" {
		out["population"] = map[string]any{"id": population}
	}
	return out
}

// seededUser is a user of the seed who acted or was touched.
func (e *environment) seededUser(i uint32) map[string]any {
	return e.party("USER", e.people.ID(i), e.people.Text(i, "username"), e.seededPopulation(i))
}

// record notes a write that succeeded, to a row of a resource. The lock is held.
func (e *environment) record(c *call, t *resource.Type, answer reply) {
	verb := map[string]string{http.MethodPost: "CREATED", http.MethodDelete: "DELETED"}[c.request.Method]
	if verb == "" || verb == "CREATED" && answer.status != http.StatusCreated {
		verb = "UPDATED"
	}
	row := make(map[string]any)
	if answer.body != nil {
		_ = json.Unmarshal(answer.body.Bytes(), &row) // it was written here
	}
	touched := append([]string{e.id}, c.params...)
	name, _ := row["name"].(string)
	kind := strings.ToUpper(strings.ReplaceAll(t.One, " ", "_"))
	id := data.NamedID("activity " + e.id + strconv.Itoa(len(e.recorded)))
	a := newActivity(id, c.now.UnixMilli(), kind+"."+verb, cmp.Or(c.access.client, AppWorker.ID))
	if c.access.user != "" {
		actors(a)["user"] = e.party("USER", c.access.user, "", "")
	}
	party := e.party(kind, cmp.Or(resource.First(row, "id"), touched[len(touched)-1]), cmp.Or(resource.First(row, "username"), name), resource.First(row, "population.id"))
	a["resources"] = []any{party}
	e.recorded = append(e.recorded, a)
}

// metricSpans are the spans that callers ask for: how many there are, and how long
// each is in years, months and days.
var metricSpans = map[string]struct{ most, years, months, days int }{
	"DAY": {30, 0, 0, 1}, "MONTH": {12, 0, 1, 0}, "YEAR": {2, 1, 0, 0},
}

// counted makes the rows of a metric, the oldest first: made up, and the same for
// the same span and name.
func counted(now time.Time, span, name string) *resource.Collection {
	out, s := resource.NewCollection(), metricSpans[span]
	year, month, day := now.UTC().Date()
	if s.days == 0 {
		day = 1
	}
	if s.years > 0 {
		month = time.January
	}
	begin := func(back int) time.Time {
		return time.Date(year-back*s.years, month-time.Month(back*s.months), day-back*s.days, 0, 0, 0, 0, time.UTC)
	}
	for back := s.most - 1; back >= 0; back-- {
		from, to := begin(back), begin(back-1)
		out.Put(&resource.Row{ID: strconv.Itoa(back), Members: map[string]any{
			"startDate": instant(from.UnixMilli()), "endDate": instant(to.UnixMilli()),
			"value": int(data.Mix(data.SaltOf(name)+uint64(from.Unix())) % 1000),
		}})
	}
	return out
}

// activeIdentities makes the rows of the metric of a place. A parameter chooses
// the spans by its values.
func activeIdentities(parameter string, values map[string]string, name func(p *place) string) func(p *place) *resource.Collection {
	return func(p *place) *resource.Collection {
		span, ok := values[p.call.query.Get(parameter)]
		if !ok {
			panic(invalidParameter(parameter, "The value is not one that there is."))
		}
		return counted(p.call.now, span, name(p))
	}
}

// totalIdentities are the identities of each day.
func totalIdentities(p *place) *resource.Collection {
	total, days := int(p.call.environment.people.Count()), counted(p.call.now, "DAY", "identities "+p.owners[0])
	for _, row := range days.All() {
		from, _ := time.Parse(time.RFC3339, resource.First(row.Members, "startDate"))
		value, _ := row.Members["value"].(int)
		row.Members["date"], row.Members["totalIdentities"] = from.Unix(), total+value%10
	}
	return days
}

// betweenDays tests whether a day is in a range, both ends included.
func betweenDays(x *scim.Expr) func(row *resource.Row) bool {
	operator := map[string]string{"startDate": "ge", "endDate": "le"}[x.Attr]
	test := comparison(operator, asInstant(x.Value.Text), true)
	return func(row *resource.Row) bool { return test(resource.First(row.Members, "startDate")) }
}
