package sim

import (
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// mediaImport is the media type of creations that may bring a password along.
const mediaImport = "application/vnd.pingidentity.user.import+json"

// userRows are the users of an environment: made from the seed when they are
// asked for, or kept because they were written.
type userRows struct {
	*place
	user *user // that was found; it must not be changed
}

func usersOf(p *place) source { return &userRows{place: p} }

// find implements source. The row has the population alone.
func (r *userRows) find(id string) (*resource.Row, error) {
	if _, ok := data.ParseID(id); !ok {
		return nil, invalidRequest(detail{Code: "INVALID_VALUE", Target: "userId", Message: "The id of a user must be a UUID."})
	}
	e := r.call.environment
	if r.user = e.userOf(id); r.user == nil {
		return nil, nil
	}
	population := e.populationID(r.user.population).String()
	return &resource.Row{ID: id, Members: map[string]any{"population": map[string]any{"id": population}}}, nil
}

// userOf finds a user by the text of its id; nil when there is none.
func (e *environment) userOf(text string) *user {
	id, ok := data.ParseID(text)
	if !ok {
		return nil
	}
	if i, ok := e.people.Index(id); ok {
		return e.latest(i, &user{})
	}
	return nil
}

// whole implements source: the members are what the row says.
func (r *userRows) whole(row *resource.Row) *resource.Row {
	members, err := decodeObject(r.single(nil, row))
	if err != nil {
		panic(err) // it was written here
	}
	return &resource.Row{ID: row.ID, Members: members}
}

func (r *userRows) search(at cursor) (*selection, error) {
	q, err := r.server.query(r.call, at.Filter)
	if err != nil {
		return nil, err
	}
	found := r.call.environment.find(q, r.call.now)
	r.user = &user{}
	return &found, nil
}

func (r *userRows) listed(dst []byte, number uint32) []byte {
	return r.write(dst, r.call.environment.listed(number, r.call.now, r.user))
}

func (r *userRows) single(dst []byte, _ *resource.Row) []byte { return r.write(dst, r.user) }

func (r *userRows) remove(*resource.Row) {
	r.call.environment.store(r.user.index, nil, r.call.now)
}

// put implements source: it keeps the state that the members describe.
func (r *userRows) put(row *resource.Row) {
	e, now := r.call.environment, r.call.now.UnixMilli()
	id, _ := data.ParseID(row.ID)
	i, _ := e.people.Index(id)
	u := e.own(i)
	if u == nil {
		e.nextUser++
		u = &user{index: i, groups: make(map[int]bool), status: data.Status{Password: "NO_PASSWORD"}, times: data.Times{Created: now}}
		if resource.Values(row.Members, "identityProvider.id") != nil {
			u.status.Password = "EXTERNAL"
		}
	}
	e.apply(u, row.Members, now)
	u.times.Updated = now
	e.store(i, u, r.call.now)
	r.user = u
}

// apply gives a user the state that the members of its row describe.
func (e *environment) apply(u *user, members map[string]any, now int64) {
	text := func(path string) string { return resource.First(members, path) }
	for a, path := range data.Names {
		u.text[a] = text(path)
	}
	u.enabled, u.status.MFA, u.status.Verify = members["enabled"] == true, members["mfaEnabled"] == true, text("verifyStatus")
	u.status.Lifecycle, u.providerID, u.status.Provider = text("lifecycle.status"), text("identityProvider.id"), text("identityProvider.type")
	e.move(u, text("population.id"))
	switch locked := text("account.status") == "LOCKED"; {
	case locked && !u.status.Locked:
		u.status.Locked, u.times.LockedAt, u.times.UnlockAt = true, now, 0
	case !locked:
		u.status.Locked, u.times.LockedAt, u.times.UnlockAt = false, 0, 0
	}
	if password := text("password.value"); password != "" {
		u.password, u.status.Password = password, "OK"
		if text("password.forceChange") == "true" {
			u.status.Password = "MUST_CHANGE_PASSWORD"
		}
	}
	// Attributes that are disabled keep their values unseen.
	u.custom = slices.DeleteFunc(u.custom, func(v customValue) bool { return e.attributes[v.attribute].inUse() })
	for k, a := range e.attributes {
		if values := members[a.name]; a.inUse() && values != nil {
			if texts := a.texts(values); len(texts) > 0 {
				u.custom = append(u.custom, customValue{k, texts})
			}
		}
	}
	slices.SortFunc(u.custom, func(x, y customValue) int { return x.attribute - y.attribute })
}

// move puts a user into a population. It leaves the groups of other ones.
func (e *environment) move(u *user, population string) {
	u.population, _ = e.populationByID(population)
	for g := range u.groups {
		if of := e.groups[g].population; of >= 0 && of != u.population {
			delete(u.groups, g)
		}
	}
}

// newUser gives the id of the next user.
func newUser(c *call, _ *resource.Collection) string {
	return c.environment.userID(c.environment.nextUser).String()
}

// storeUser holds a user against the rules.
func storeUser(p *place, old, row *resource.Row) error {
	e, m := p.call.environment, row.Members
	if old == nil {
		beginUser(p, m)
	}
	if m["population"] == nil {
		k, ok := e.defaultPopulation()
		if !ok {
			return required("population.id")
		}
		m["population"] = map[string]any{"id": e.populationID(k).String()}
	}
	if _, ok := e.populationByID(resource.First(m, "population.id")); !ok {
		return invalidValue("population.id", "The population does not exist.")
	}
	if !seesPopulationOf(p.call, row) {
		return forbidden()
	}
	if err := checkProvider(p, old, m); err != nil {
		return err
	}
	return e.checkUnique(row)
}

// beginUser completes a new user.
func beginUser(p *place, m map[string]any) {
	if p.call.mediaOf() != mediaImport {
		delete(m, "password")
	}
	if resource.Values(m, "lifecycle.status") == nil {
		m["lifecycle"] = map[string]any{"status": "ACCOUNT_OK"}
	}
	provider, _ := m["identityProvider"].(map[string]any)
	if provider == nil {
		m["identityProvider"] = map[string]any{"type": "PING_ONE"}
	} else {
		provider["type"] = "OPENID_CONNECT"
	}
}

// checkProvider takes another identity provider if it is there.
func checkProvider(p *place, old *resource.Row, m map[string]any) error {
	if old == nil {
		return nil
	}
	ids, before := resource.Values(m, "identityProvider.id"), resource.Values(old.Members, "identityProvider.id")
	switch {
	case slices.Equal(ids, before):
		return nil
	case ids == nil:
		return required("id")
	}
	e := p.call.environment
	if e.rows.Read("identityProviders").Find(ids[0]) == nil {
		return invalidValue("id", "The identity provider does not exist.")
	}
	m["identityProvider"] = map[string]any{"id": ids[0], "type": e.providerType(ids[0])}
	return nil
}

// checkUnique looks for other users with the username or with the value of a
// unique attribute.
func (e *environment) checkUnique(row *resource.Row) error {
	id, _ := data.ParseID(row.ID)
	index, _ := e.people.Index(id)
	if other, ok := e.userByUsername(resource.First(row.Members, "username")); ok && other != index {
		return notUnique("username", e.userID(other).String())
	}
	for k, a := range e.attributes {
		value, ok := row.Members[a.name].(string)
		if !ok || !a.unique || !a.inUse() {
			continue
		}
		if other, ok := e.holder(k, value, index); ok {
			return notUnique(a.name, e.userID(other).String())
		}
	}
	return nil
}

// holder finds another user with a value of a unique attribute.
func (e *environment) holder(attribute int, value string, except uint32) (uint32, bool) {
	want := customIs(attribute, "eq", value)
	for _, i := range e.scan(want, nil) {
		if _, changed := e.written[i]; !changed && i != except {
			return i, true
		}
	}
	for _, i := range e.order {
		u := e.latest(i, nil)
		if i != except && u != nil && want(&subject{environment: e, index: i, user: u}) {
			return i, true
		}
	}
	return 0, false
}

// locks makes the action that locks or unlocks an account.
func locks(status string) action {
	return func(_ *place, row *resource.Row, _ map[string]any) error {
		row.Members["account"] = map[string]any{"status": status}
		return nil
	}
}

// verifies makes an account good.
func verifies(_ *place, row *resource.Row, _ map[string]any) error {
	row.Members["lifecycle"] = map[string]any{"status": "ACCOUNT_OK"}
	return nil
}
