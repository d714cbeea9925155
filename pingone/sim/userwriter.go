package sim

import (
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// write writes the row of a user. It does so from the user itself: lists of a
// million of them leave without a tree of members each. Single reads embed the
// state of the password and a stub of the population.
func (r *userRows) write(dst []byte, u *user) []byte {
	e := r.call.environment
	id := e.userID(u.index)
	o := open(dst)
	r.writeLinks(&o, id)
	if !r.listing || r.expand != "" {
		r.writeEmbedded(&o, u)
	}
	o.id(id)
	o.ref("environment", e.id)
	o.ref("population", e.populationID(u.population))
	writeTexts(&o, &u.text)
	writeStates(&o, u)
	for _, v := range u.custom {
		if a := e.attributes[v.attribute]; a.inUse() {
			o.foreignKey(a.name)
			o.dst = a.write(o.dst, v.values)
		}
	}
	if r.include != "" {
		r.writeGroups(&o, u)
	}
	return o.close()
}

func (r *userRows) writeLinks(o *object, id data.ID) {
	links := o.child("_links")
	var self [64]byte
	own := string(id.Append(self[:0]))
	links.link("self", r.self, "/", own)
	for _, l := range r.generic.kind.Links {
		links.link(l.Name, r.self, "/", own, l.Text[1:])
	}
	o.end(links)
}

func (r *userRows) writeEmbedded(o *object, u *user) {
	population := r.call.environment.populationID(u.population)
	embedded := o.child("_embedded")
	if !r.listing && u.status.Password != "" {
		password := embedded.child("password")
		password.text("status", u.status.Password)
		embedded.end(password)
	}
	if has(r.expand, "population") || has(r.expand, "populations") {
		embedded.key("population")
		embedded.dst = r.server.appendRow(embedded.dst, r.call, "populations", population.String())
	} else if !r.listing {
		embedded.ref("population", population)
	}
	o.end(embedded)
}

// textPaths are the paths of the text attributes in two parts: the object that a
// text is in, which may be the user, and its name.
var textPaths = func() (out [data.NumTexts][2]string) {
	for a, path := range data.Names {
		object, name, nested := strings.Cut(path, ".")
		if out[a] = [2]string{object, name}; !nested {
			out[a] = [2]string{"", path}
		}
	}
	return out
}()

// writeTexts writes the text attributes. Those of an object follow each other.
func writeTexts(o *object, texts *[data.NumTexts]string) {
	var inner object
	within := ""
	for a, path := range textPaths {
		if within != "" && path[0] != within {
			o.end(inner)
			within = ""
		}
		switch {
		case texts[a] == "":
		case path[0] == "":
			o.text(path[1], texts[a])
		default:
			if within == "" {
				inner, within = o.child(path[0]), path[0]
			}
			inner.text(path[1], texts[a])
		}
	}
	if within != "" {
		o.end(inner)
	}
}

// writeStates writes what tells how the user stands.
func writeStates(o *object, u *user) {
	account := o.child("account")
	account.bool("canAuthenticate", u.enabled && !u.status.Locked)
	if u.status.Locked {
		account.text("status", "LOCKED")
		account.time("lockedAt", u.times.LockedAt)
		if u.times.UnlockAt > 0 {
			// As it was at the lock, so that a row reads the same each time.
			account.int("secondsUntilUnlock", int((u.times.UnlockAt-u.times.LockedAt)/1000))
			account.time("unlockAt", u.times.UnlockAt)
		}
	} else {
		account.text("status", "OK")
	}
	o.end(account)
	o.time("createdAt", u.times.Created)
	if u.status.HasEmailVerified {
		o.bool("emailVerified", u.status.EmailVerified)
	}
	o.bool("enabled", u.enabled)
	o.time("endDate", u.times.End)
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
	o.bool("mfaEnabled", u.status.MFA)
	o.time("startDate", u.times.Start)
	o.time("updatedAt", u.times.Updated)
	o.text("verifyStatus", u.status.Verify)
}

// write writes what users have of the attribute.
func (a *attribute) write(dst []byte, values []string) []byte {
	switch {
	case a.multiValued && a.kind != "JSON":
		return appendTexts(dst, values)
	case a.multiValued:
		return append(append(append(dst, '['), strings.Join(values, ",")...), ']')
	case a.kind == "JSON":
		return append(dst, values[0]...)
	}
	return appendString(dst, values[0])
}

// writeGroups writes what include asks for.
func (r *userRows) writeGroups(o *object, u *user) {
	e := r.call.environment
	var ids, names []string
	for _, m := range e.memberships(u) {
		ids = append(ids, e.groups[m.group].id.String())
		names = append(names, e.groupText(m.group, "name"))
	}
	if has(r.include, "memberOfGroupIDs") {
		o.key("memberOfGroupIDs")
		o.dst = appendTexts(o.dst, ids)
	}
	if has(r.include, "memberOfGroupNames") {
		o.key("memberOfGroupNames")
		o.dst = appendTexts(o.dst, names)
	}
}
