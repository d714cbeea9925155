package sim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

const (
	audit = "rlgAuditRps"
	// atHand is how long audit activities can be read at once.
	atHand = 14 * day
	// seededActivities are in each environment with users from the start, in the
	// days before it; some are older than what can be read at once.
	seededActivities = 320
	seededSpan       = 16 * day
)

// inEnvironment runs a reading handler under the environment's read lock.
func inEnvironment(h handler) handler {
	return func(c *call) (reply, error) {
		c.environment.mu.RLock()
		defer c.environment.mu.RUnlock()
		return h(c)
	}
}

func (s *Server) addActivities(n *node) {
	const activities = "/environments/{env}/activities"
	n.add("GET "+activities, audit, inEnvironment(s.listActivities))
	n.add("GET "+activities+"/{id}", audit, inEnvironment(s.readActivity))
}

// slots pages through a slice: has tells whether the member at an index belongs
// to the result, row writes it.
func (s *Server) slots(c *call, p paging, l *listing, n int, has func(k int) bool, row func(e *jx.Encoder, k uint32)) reply {
	var all []uint32
	for k := range n {
		if has(k) {
			all = append(all, uint32(k))
		}
	}
	return c.page(l, s.turn(c, p, l, all), row)
}

var opsEq = resource.Words{"eq"}

// activitySpec is what a filter may test; checkActivities says how.
var activitySpec = filterSpec{attributes: map[string]resource.Words{
	"recordedAt": {"ge", "gt", "le", "lt"}, "createdAt": {"gt", "lt"},
	"correlationId": opsEq, "actors.client.id": opsEq, "actors.user.id": opsEq, "actors.user.name": opsEq,
	"resources.id": opsEq, "resources.type": opsEq, "resources.population.id": opsEq, "action.type": opsEq,
}}

// checkActivities demands a range of time and at most one subject; some may
// stand beside a population.
func checkActivities(x *scim.Expr) error {
	const population = "resources.population.id"
	ranged, subjects := false, map[string]bool{}
	var walk func(x *scim.Expr)
	walk = func(x *scim.Expr) {
		switch {
		case x.Kind != scim.Compare:
		case x.Attr == "recordedAt" || x.Attr == "createdAt":
			ranged = true
		default:
			subjects[x.Attr] = true
		}
		for _, child := range x.Children {
			walk(child)
		}
	}
	walk(x)
	if !ranged {
		return activitySpec.refuse("A range of recordedAt or createdAt is required.", 0)
	}
	alone := subjects["resources.id"] || subjects["correlationId"]
	if len(subjects) > 2 || len(subjects) == 2 && (!subjects[population] || alone) {
		return activitySpec.refuse("These attributes cannot be tested together.", 0)
	}
	return nil
}

func (s *Server) listActivities(c *call) (reply, error) {
	p, err := s.paging(c, 100, 1000)
	if err != nil {
		return reply{}, err
	}
	if p.at.Filter == "" {
		return reply{}, activitySpec.refuse("A range of recordedAt or createdAt is required.", 0)
	}
	x, err := c.parse(activitySpec, p.at.Filter)
	if err == nil {
		err = checkActivities(x)
	}
	if err != nil {
		return reply{}, err
	}
	all, oldest := c.environment.activities(), instant(c.now.UnixMilli()-atHand)
	match := compile(x, func(x *scim.Expr) func(a map[string]any) bool {
		test := comparison(x.Op, x.Value.Text, false)
		return func(a map[string]any) bool { return slices.ContainsFunc(resource.Values(a, x.Attr), test) }
	})
	matches := func(k int) bool { return resource.First(all[k], "recordedAt") >= oldest && match(all[k]) }
	l := &listing{key: "activities", uncounted: true}
	return s.slots(c, p, l, len(all), matches, func(e *jx.Encoder, k uint32) { writeActivity(e, c, all[k]) }), nil
}

func (s *Server) readActivity(c *call) (reply, error) {
	for _, a := range c.environment.activities() {
		if a["id"] == canonical(c.params[0]) {
			e := jx.GetEncoder()
			writeActivity(e, c, a)
			return reply{body: e}, nil
		}
	}
	return reply{}, notFound("The activity does not exist.")
}

// writeActivity writes an activity with its address.
func writeActivity(e *jx.Encoder, c *call, a map[string]any) {
	e.ObjStart()
	e.FieldStart("_links")
	e.ObjStart()
	link(e, "self", c.base+"/environments/"+c.environment.id.String()+"/activities/"+resource.First(a, "id"))
	e.ObjEnd()
	for _, name := range sortedKeys(a) {
		e.FieldStart(name)
		writeJSON(e, a[name])
	}
	e.ObjEnd()
}

// activities are the seeded ones and those of writes. The lock is held.
func (e *environment) activities() []map[string]any {
	return append(slices.Clip(e.history()), e.recorded...)
}

// seedActivities makes the history of an environment before a time.
func (e *environment) seedActivities(before time.Time) (out []map[string]any) {
	if e.people.Count() == 0 {
		return nil
	}
	kinds := []string{"USER.UPDATED", "USER.CREATED", "USER.UPDATED", "USER.DELETED", "GROUP.UPDATED"}
	salt := data.SaltOf("activities " + e.id.String())
	for k := range uint64(seededActivities) {
		h := data.Mix(salt + k)
		at := before.UnixMilli() - int64(seededSpan) + int64(k*(seededSpan/seededActivities)+h%(seededSpan/seededActivities))
		user := uint32(h>>8) % e.people.Count()
		a := newActivity(data.IDs(salt).ID(uint32(k)).String(), at, kinds[h%uint64(len(kinds))], AppWorker.ID)
		if h%7 == 0 {
			a["result"] = map[string]any{"status": "FAILED", "description": "\"Quoted\", refused"}
		}
		if h%3 == 0 {
			a["tags"] = []any{"adminIdentityEvent"}
		}
		actor := uint32(h>>24) % e.people.Count()
		actors(a)["user"] = e.party("USER", e.people.ID(actor).String(), e.people.Text(actor, data.Username), e.people.Population(actor))
		touched := []any{e.party("USER", e.people.ID(user).String(), e.people.Text(user, data.Username), e.people.Population(user))}
		if strings.HasPrefix(kinds[h%uint64(len(kinds))], "GROUP") {
			touched = append(touched, e.party("GROUP", e.ids.groups.ID(uint32(h>>16)%4).String(), "", -1))
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
		"id": id, "recordedAt": instant(at), "createdAt": instant(at), "correlationId": data.NamedID("correlation " + id).String(),
		"action": map[string]any{"type": action, "description": said},
		"actors": map[string]any{"client": map[string]any{
			"id": client, "name": appName(client), "type": "CLIENT", "environment": map[string]any{"id": data.NamedID("environment " + administrators).String()},
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

// party is who acted or what was touched; a negative population is none.
func (e *environment) party(kind, id, name string, population int) map[string]any {
	environment := e.id.String()
	out := map[string]any{
		"type": kind, "id": id, "environment": map[string]any{"id": environment},
		"href": "https://api.pingone.eu/v1/environments/" + environment + "/" + strings.ToLower(kind) + "s/" + id,
	}
	if name != "" {
		out["name"] = name
	}
	if population >= 0 {
		out["population"] = map[string]any{"id": e.populationID(population).String()}
	}
	return out
}

// record notes a write that succeeded. The lock is held.
func (e *environment) record(c *call, answer reply) {
	path := strings.TrimPrefix(c.request.URL.Path, "/v1/environments/"+e.id.String())
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	kind, touched := "ENVIRONMENT", e.id.String()
	for _, s := range segments {
		if _, isID := data.ParseID(s); isID {
			touched = s
		} else {
			kind = constantCase(s)
		}
	}
	verb := map[string]string{http.MethodPost: "CREATED", http.MethodDelete: "DELETED"}[c.request.Method]
	if verb == "" || verb == "CREATED" && answer.status != http.StatusCreated {
		verb = "UPDATED"
	}
	var row struct {
		ID, Username string
		Name         any
		Population   struct{ ID string }
	}
	if answer.body != nil {
		_ = json.Unmarshal(answer.body.Bytes(), &row) // not every answer is a row
	}
	name, _ := row.Name.(string)
	if row.Username != "" {
		name = row.Username
	}
	if row.ID != "" {
		touched = row.ID
	}
	population := -1
	if k, ok := e.populationByID(row.Population.ID); ok {
		population = k
	}
	id := data.NamedID("activity " + e.id.String() + strconv.Itoa(len(e.recorded))).String()
	a := newActivity(id, c.now.UnixMilli(), kind+"."+verb, cmp.Or(c.access.client, AppWorker.ID))
	if c.access.user != "" {
		actors(a)["user"] = e.party("USER", c.access.user, "", -1)
	}
	a["resources"] = []any{e.party(kind, touched, name, population)}
	e.recorded = append(e.recorded, a)
}

// constantCase writes signOnPolicies as SIGN_ON_POLICY.
func constantCase(segment string) string {
	one := strings.TrimSuffix(segment, "s")
	if strings.HasSuffix(segment, "ies") {
		one = strings.TrimSuffix(segment, "ies") + "y"
	}
	var b strings.Builder
	for i, r := range one {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
