package sim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

const (
	mediaJSON   = "application/json"
	mediaImport = "application/vnd.pingidentity.user.import+json"
)

// readOnly members of a user are ignored in a body. The rest of this list is
// written by calls of their own, or on creation alone.
var readOnly = map[string]bool{
	"id": true, "environment": true, "createdAt": true, "updatedAt": true, "enabled": true, "emailVerified": true,
	"lastSignOn": true, "account": true, "memberOfGroupIDs": true, "memberOfGroupNames": true, "verifyStatus": true,
	"mfaEnabled": true, "population": true, "lifecycle": true, "identityProvider": true, "password": true,
	"startDate": true, "endDate": true, "memberOfExternalGroups": true,
}

// longest is the documented length of a text attribute in characters.
func longest(a data.Text) int {
	switch a {
	case data.Username:
		return 128
	case data.ExternalID:
		return 1024
	case data.PostalCode:
		return 40
	case data.MobilePhone, data.PrimaryPhone:
		return 32
	}
	return 256
}

// applyUser writes the members of a body to a user. With merge, what is not in
// the body stays; else it is cleared.
func (e *environment) applyUser(u *user, b *body, merge bool) error {
	if !merge {
		u.text, u.custom = [data.NumTexts]string{}, nil
	}
	nested := map[string]*body{"": b}
	for a, path := range data.Names {
		object, name := "", path
		if head, tail, ok := strings.Cut(path, "."); ok {
			object, name = head, tail
		}
		in := nested[object]
		if in == nil {
			in = b.child(object)
			nested[object] = in
		}
		cleared := object != "" && b.has(object) && in.members == nil // null clears the whole object
		if in.has(name) || cleared {
			u.text[a] = in.text(name, longest(data.Text(a)))
		}
		if in.err != nil {
			return in.err
		}
	}
	if err := e.applyCustom(u, b); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	return e.checkUser(u, b)
}

// applyCustom writes the custom attributes of a body and refuses names that are
// no attributes.
func (e *environment) applyCustom(u *user, b *body) error {
	for _, name := range sortedKeys(b.members) {
		top := slices.ContainsFunc(data.Names[:], func(path string) bool { return path == name || strings.HasPrefix(path, name+".") })
		if top || readOnly[name] || strings.HasPrefix(name, "_") {
			continue
		}
		k := slices.IndexFunc(e.attributes, func(a *attribute) bool {
			return a.name == name && a.schemaType == "CUSTOM" && !a.deleted && a.enabled
		})
		if k < 0 {
			return invalidValue(name, "The attribute is not known.")
		}
		values, err := e.attributes[k].read(b.members[name])
		if err != nil {
			return err
		}
		u.custom = slices.DeleteFunc(u.custom, func(v customValue) bool { return v.attribute == k })
		if len(values) > 0 {
			u.custom = append(u.custom, customValue{k, values})
		}
	}
	slices.SortFunc(u.custom, func(x, y customValue) int { return x.attribute - y.attribute })
	return nil
}

// checkUser holds a changed user against the rules.
func (e *environment) checkUser(u *user, b *body) error {
	switch {
	case u.text[data.Username] == "":
		return required("username")
	case u.text[data.Email] != "" && !strings.Contains(u.text[data.Email], "@"):
		return invalidValue("email", "must be an e-mail address")
	case u.text[data.CountryCode] != "" && len(u.text[data.CountryCode]) != 2:
		return invalidValue("address.countryCode", "must be a country code of two letters")
	case b.size > maxProfile:
		return invalidData(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The user is larger than 16 KB."})
	}
	if other, ok := e.userByUsername(u.text[data.Username]); ok && other != u.index {
		return notUnique("username", e.userID(other).String())
	}
	for _, v := range u.custom {
		a := e.attributes[v.attribute]
		if a.required && len(v.values) == 0 {
			return required(a.name)
		}
		if !a.unique {
			continue
		}
		if other, ok := e.holder(v.attribute, v.values[0], u.index); ok {
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

// createUser also imports: with the import media type a password may come along.
func (s *Server) createUser(c *call) (reply, error) {
	b, err := c.readBody(mediaJSON, mediaImport)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	now := c.now.UnixMilli()
	u := &user{
		index: e.nextUser, enabled: true, groups: make(map[int]bool),
		status: data.Status{Lifecycle: "ACCOUNT_OK", Verify: "NOT_INITIATED", Provider: "PING_ONE", Password: "NO_PASSWORD"},
		times:  data.Times{Created: now, Updated: now},
	}
	if err := e.placeUser(u, b); err != nil {
		return reply{}, err
	}
	if !c.access.seesPopulation(e.populationID(u.population)) {
		return reply{}, forbidden()
	}
	if err := e.applyUser(u, b, false); err != nil {
		return reply{}, err
	}
	if strings.HasPrefix(c.request.Header.Get("Content-Type"), mediaImport) {
		password := b.child("password")
		if u.password = password.text("value", 255); u.password != "" {
			u.status.Password = "OK"
			if password.bool("forceChange", false) {
				u.status.Password = "MUST_CHANGE_PASSWORD"
			}
		}
		if password.err != nil {
			return reply{}, password.err
		}
	}
	e.nextUser++
	e.store(u.index, u, c.now)
	return reply{status: http.StatusCreated, body: s.appendWholeUser(c, u), location: c.address() + "/" + e.userID(u.index).String()}, nil
}

// placeUser reads what is set on creation alone.
func (e *environment) placeUser(u *user, b *body) error {
	id := b.refer("population")
	u.status.MFA = b.bool("mfaEnabled", false)
	lifecycle := b.child("lifecycle")
	if status := lifecycle.text("status", 64); status != "" {
		lifecycle.oneOf("status", status, "ACCOUNT_OK", "VERIFICATION_REQUIRED")
		u.status.Lifecycle = status
	}
	u.providerID = b.refer("identityProvider")
	if u.providerID != "" {
		u.status.Provider, u.status.Password = "OPENID_CONNECT", "EXTERNAL"
	}
	if lifecycle.err != nil {
		b.fail(asAPIError(lifecycle.err))
	}
	if b.err != nil {
		return b.err
	}
	var ok bool
	if id == "" {
		if u.population, ok = e.defaultPopulation(); !ok {
			return required("population.id")
		}
		return nil
	}
	if u.population, ok = e.populationByID(id); !ok {
		return invalidValue("population.id", "The population does not exist.")
	}
	return nil
}

func (s *Server) replaceUser(c *call) (reply, error) { return s.writeUser(c, false) }

func (s *Server) patchUser(c *call) (reply, error) { return s.writeUser(c, true) }

func (s *Server) writeUser(c *call, merge bool) (reply, error) {
	i, _, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	changed := c.environment.own(i)
	if err := c.environment.applyUser(changed, b, merge); err != nil {
		return reply{}, err
	}
	return s.saveUser(c, changed), nil
}

// saveUser stores a changed user and answers with it.
func (s *Server) saveUser(c *call, u *user) reply {
	u.times.Updated = c.now.UnixMilli()
	c.environment.store(u.index, u, c.now)
	return reply{body: s.appendWholeUser(c, u)}
}

func (s *Server) deleteUser(c *call) (reply, error) {
	i, _, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	c.environment.store(i, nil, c.now)
	return reply{status: http.StatusNoContent}, nil
}
