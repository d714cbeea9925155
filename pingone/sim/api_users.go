package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// user finds the user that a call is about. The row must not be changed.
func (s *Server) user(c *call, text string) (uint32, *user, error) {
	id, ok := data.ParseID(text)
	if !ok {
		return 0, nil, invalidRequest(detail{Code: "INVALID_VALUE", Target: "userId", Message: "The id of a user must be a UUID."})
	}
	missing := notFound("The user does not exist.")
	i, ok := c.environment.people.Index(id)
	if !ok {
		return 0, nil, missing
	}
	u := c.environment.latest(i, &user{})
	if u == nil {
		return 0, nil, missing
	}
	if !c.access.seesPopulation(c.environment.populations[u.population].id) {
		return 0, nil, forbidden()
	}
	return i, u, nil
}

// userByUsername finds a user by name, in any case.
func (e *environment) userByUsername(name string) (uint32, bool) {
	want := fold(name)
	for _, i := range lookup(e.index(data.Username), foldHash(want)) {
		if u := e.latest(i, &user{}); u != nil && foldEqual(u.text[data.Username], want) {
			return i, true
		}
	}
	for _, i := range e.order {
		if u := e.latest(i, nil); u != nil && foldEqual(u.text[data.Username], want) {
			return i, true
		}
	}
	return 0, false
}

// query compiles a filter on users for what a caller may see.
func (s *Server) query(c *call, filter string) (query, error) {
	e := c.environment
	var parts allOf
	if filter != "" {
		x, err := usersSpec(e.attributes, s.opt.Unconfirmed).parse(filter)
		if err != nil {
			return query{}, err
		}
		parts = append(parts, e.compile(x))
	}
	if c.access.populations != nil {
		var seen populationIn
		for k, p := range e.populations {
			if c.access.seesPopulation(p.id) {
				seen = append(seen, k)
			}
		}
		parts = append(parts, seen)
		filter = fmt.Sprint(seen, filter)
	}
	if len(parts) == 0 {
		return query{}, nil
	}
	return query{key: filter, match: parts}, nil
}

// compileUserFilter compiles the userFilter of a dynamic group. It may use what
// a search for users may, other groups excepted.
func (s *Server) compileUserFilter(e *environment, text string) (predicate, error) {
	spec := usersSpec(e.attributes, s.opt.Unconfirmed)
	spec.groupPath = false
	x, err := spec.parse(text)
	if err != nil {
		return nil, err
	}
	return e.compile(x), nil
}

func (s *Server) listUsers(c *call) (reply, error) {
	e := c.environment
	p, err := s.paging(c, s.opt.MaxUsersPage, s.opt.MaxUsersPage)
	if err != nil {
		return reply{}, err
	}
	q, err := s.query(c, p.filter)
	if err != nil {
		return reply{}, err
	}
	found := e.find(q, c.now)
	rows, more := found.page(p.from, p.limit)
	l := &listing{key: "users", count: found.count()}
	if s.opt.MaxCount > 0 && l.count > s.opt.MaxCount {
		l.count = -1
	}
	s.linkUsers(c, p, l, rows, more)
	c.open(l)
	w := newUserWriter(e, c.base, has(p.expand, "population") || has(p.expand, "populations"))
	var scratch user
	for _, i := range rows {
		u := e.listed(i, c.now, &scratch)
		l.add(func(dst []byte) []byte { return w.append(dst, u, nil) })
	}
	return l.close(), nil
}

// linkUsers sets the next and prev links of a page. A page read backward has
// something after it, one read forward from somewhere something before it.
func (s *Server) linkUsers(c *call, p paging, l *listing, rows []uint32, more bool) {
	if len(rows) == 0 {
		return
	}
	first, last := rows[0], rows[len(rows)-1]
	if more && !p.from.backward || p.from.backward {
		l.next = s.link(c, p, position{index: last + 1})
	}
	if more && p.from.backward || p.continued && !p.from.backward {
		l.prev = s.link(c, p, position{index: first, backward: true})
	}
}

func (s *Server) readUser(c *call) (reply, error) {
	_, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return reply{body: s.appendWholeUser(c, u)}, nil
}

// appendWholeUser writes a single user: with the state of the password, a stub
// of the population and what include asks for.
func (s *Server) appendWholeUser(c *call, u *user) []byte {
	e, expand := c.environment, c.query.Get("expand")
	w := newUserWriter(e, c.base, has(expand, "population") || has(expand, "populations"))
	w.single = true
	return w.append(nil, u, func(o *object) {
		include := c.query.Get("include")
		ids, names := has(include, "memberOfGroupIDs"), has(include, "memberOfGroupNames")
		if !ids && !names {
			return
		}
		var idList, nameList []string
		for _, m := range e.memberships(u) {
			idList = append(idList, idText(e.groups[m.group].id))
			nameList = append(nameList, e.groups[m.group].name)
		}
		if ids {
			o.key("memberOfGroupIDs")
			o.dst = appendTexts(o.dst, idList)
		}
		if names {
			o.key("memberOfGroupNames")
			o.dst = appendTexts(o.dst, nameList)
		}
	})
}

// groupMembership is a group that a user or group belongs to.
type groupMembership struct {
	group int
	kind  membership
}

// memberships lists the groups of a user, in the order of the groups.
func (e *environment) memberships(u *user) []groupMembership {
	s := &subject{environment: e, index: u.index, user: u}
	kinds := make([]membership, len(e.groups))
	tree := e.nesting()
	for g := range e.groups {
		switch {
		case e.direct(s, g):
			kinds[g] = directly
		case kinds[g] == outside && !e.groups[g].deleted && e.dynamic(s, g):
			kinds[g] = indirectly
		case kinds[g] == outside:
			continue
		}
		for _, above := range tree.ancestors[g] {
			if kinds[above] == outside {
				kinds[above] = indirectly
			}
		}
	}
	var out []groupMembership
	for g, kind := range kinds {
		if kind != outside && !e.groups[g].deleted {
			out = append(out, groupMembership{g, kind})
		}
	}
	return out
}

// userLinks are the relations of a user in every row, with the path below the user.
var userLinks = []struct{ name, path string }{
	{"password", "/password"}, {"password.set", "/password"}, {"password.reset", "/password"}, {"password.check", "/password"},
	{"password.recover", "/password"}, {"account.sendVerificationCode", ""}, {"linkedAccounts", "/linkedAccounts"},
}

// userWriter writes rows of users; what they have in common is made once.
type userWriter struct {
	environment *environment
	base        string
	address     string // of the users
	expand      bool   // embed the population
	single      bool   // embed what only single reads have
}

func newUserWriter(e *environment, base string, expand bool) *userWriter {
	return &userWriter{environment: e, base: base, address: base + "/environments/" + e.id.String() + "/users/", expand: expand}
}

// append writes a user; more adds members at the end.
func (w *userWriter) append(dst []byte, u *user, more func(o *object)) []byte {
	e, t := w.environment, &u.text
	id := e.userID(u.index)
	o := open(dst)
	w.appendLinks(&o, id)
	w.appendEmbedded(&o, u)
	o.id("id", id)
	o.ref("environment", e.id)
	w.appendAccount(&o, u)
	appendNested(&o, "address", t, addressMembers)
	o.text("accountId", t[data.AccountID])
	o.time("createdAt", u.times.Created)
	o.text("email", t[data.Email])
	if u.status.HasEmailVerified {
		o.bool("emailVerified", u.status.EmailVerified)
	}
	o.bool("enabled", u.enabled)
	o.text("externalId", t[data.ExternalID])
	provider := o.child("identityProvider")
	provider.text("id", u.providerID)
	provider.text("type", u.status.Provider)
	o.end(provider)
	if u.times.SignOn != 0 {
		signOn := o.child("lastSignOn")
		signOn.time("at", u.times.SignOn)
		signOn.text("remoteIp", u.remoteIP)
		o.end(signOn)
	}
	lifecycle := o.child("lifecycle")
	lifecycle.text("status", u.status.Lifecycle)
	o.end(lifecycle)
	o.text("locale", t[data.Locale])
	o.bool("mfaEnabled", u.status.MFA)
	o.text("mobilePhone", t[data.MobilePhone])
	appendNested(&o, "name", t, nameMembers)
	o.text("nickname", t[data.Nickname])
	appendNested(&o, "photo", t, photoMembers)
	o.ref("population", e.populations[u.population].id)
	for _, a := range []data.Text{data.PreferredLanguage, data.PrimaryPhone, data.Timezone, data.Title, data.Type} {
		o.text(data.Names[a], t[a])
	}
	o.time("updatedAt", u.times.Updated)
	o.text("username", t[data.Username])
	o.text("verifyStatus", u.status.Verify)
	w.appendCustom(&o, u)
	if more != nil {
		more(&o)
	}
	return o.close()
}

func (w *userWriter) appendLinks(o *object, id data.ID) {
	links := o.child("_links")
	var self [64]byte
	own := string(id.Append(self[:0]))
	links.link("self", w.address, own)
	for _, l := range userLinks {
		links.link(l.name, w.address, own, l.path)
	}
	o.end(links)
}

func (w *userWriter) appendEmbedded(o *object, u *user) {
	if !w.expand && !w.single {
		return
	}
	e := w.environment
	embedded := o.child("_embedded")
	if w.single {
		password := embedded.child("password")
		password.text("status", u.status.Password)
		embedded.end(password)
	}
	switch {
	case w.expand:
		embedded.key("population")
		embedded.dst = e.appendPopulation(embedded.dst, w.base, u.population, e.counts().populations[u.population])
	case w.single:
		embedded.ref("population", e.populations[u.population].id)
	}
	o.end(embedded)
}

func (w *userWriter) appendAccount(o *object, u *user) {
	account := o.child("account")
	account.bool("canAuthenticate", u.enabled && !u.status.Locked)
	if u.status.Locked {
		account.text("status", "LOCKED")
		account.time("lockedAt", u.times.LockedAt)
	} else {
		account.text("status", "OK")
	}
	o.end(account)
}

func (w *userWriter) appendCustom(o *object, u *user) {
	for _, v := range u.custom {
		a := w.environment.attributes[v.attribute]
		if a.deleted || !a.enabled {
			continue
		}
		o.foreignKey(a.name)
		switch {
		case a.kind == "JSON" && a.multiValued:
			o.dst = append(append(append(o.dst, '['), strings.Join(v.values, ",")...), ']')
		case a.kind == "JSON":
			o.dst = append(o.dst, v.values[0]...)
		case a.multiValued:
			o.dst = appendTexts(o.dst, v.values)
		default:
			o.dst = appendString(o.dst, v.values[0])
		}
	}
}

var (
	nameMembers    = []data.Text{data.Given, data.Family, data.Middle, data.Formatted, data.HonorificPrefix, data.HonorificSuffix}
	addressMembers = []data.Text{data.Street, data.Locality, data.Region, data.PostalCode, data.CountryCode}
	photoMembers   = []data.Text{data.Photo}
)

// appendNested writes the members of name, address or photo.
func appendNested(o *object, key string, t *[data.NumTexts]string, members []data.Text) {
	if !slices.ContainsFunc(members, func(a data.Text) bool { return t[a] != "" }) {
		return
	}
	inner := o.child(key)
	for _, a := range members {
		inner.text(data.Names[a][len(key)+1:], t[a])
	}
	o.end(inner)
}
