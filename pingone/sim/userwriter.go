package sim

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// userLinks are the relations of a user in every row, with the path below the user.
var userLinks = []struct{ name, path string }{
	{"password", "/password"},
	{"password.set", "/password"},
	{"password.reset", "/password"},
	{"password.check", "/password"},
	{"password.recover", "/password"},
	{"account.sendVerificationCode", ""},
	{"linkedAccounts", "/linkedAccounts"},
}

// userWriter writes rows of users; what they have in common is made once.
type userWriter struct {
	environment *environment
	address     string                             // of the users
	population  func(dst []byte, id string) []byte // embeds the population; nil: does not
	single      bool                               // embed what only single reads have
}

func (r *userRows) newUserWriter() *userWriter {
	w := &userWriter{environment: r.call.environment, address: r.self + "/"}
	if has(r.expand, "population") || has(r.expand, "populations") {
		w.population = func(dst []byte, id string) []byte { return r.server.appendRow(dst, r.call, "populations", id) }
	}
	return w
}

// append writes a user; more adds members at the end.
func (w *userWriter) append(dst []byte, u *user, more func(o *object)) []byte {
	e, t := w.environment, &u.text
	id := e.userID(u.index)
	o := open(dst)
	w.appendLinks(&o, id)
	w.appendEmbedded(&o, u)
	o.id(id)
	o.ref("environment", e.id)
	w.appendAccount(&o, u)
	appendNested(&o, "address", t, addressMembers)
	w.appendStates(&o, u)
	o.text("locale", t[data.Locale])
	o.bool("mfaEnabled", u.status.MFA)
	o.text("mobilePhone", t[data.MobilePhone])
	appendNested(&o, "name", t, nameMembers)
	o.text("nickname", t[data.Nickname])
	appendNested(&o, "photo", t, photoMembers)
	o.ref("population", e.populationID(u.population))
	for _, a := range []data.Text{data.PreferredLanguage, data.PrimaryPhone, data.Timezone, data.Title, data.Type} {
		o.text(data.Names[a], t[a])
	}
	o.time("startDate", u.times.Start)
	o.time("updatedAt", u.times.Updated)
	o.text("username", t[data.Username])
	o.text("verifyStatus", u.status.Verify)
	w.appendCustom(&o, u)
	if more != nil {
		more(&o)
	}
	return o.close()
}

// appendStates writes what tells how the user stands.
func (w *userWriter) appendStates(o *object, u *user) {
	t := &u.text
	o.text("accountId", t[data.AccountID])
	o.time("createdAt", u.times.Created)
	o.text("email", t[data.Email])
	if u.status.HasEmailVerified {
		o.bool("emailVerified", u.status.EmailVerified)
	}
	o.bool("enabled", u.enabled)
	o.time("endDate", u.times.End)
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
	if w.population == nil && !w.single {
		return
	}
	e := w.environment
	embedded := o.child("_embedded")
	if w.single && u.status.Password != "" {
		password := embedded.child("password")
		password.text("status", u.status.Password)
		embedded.end(password)
	}
	switch {
	case w.population != nil:
		embedded.key("population")
		embedded.dst = w.population(embedded.dst, e.populationID(u.population).String())
	case w.single:
		embedded.ref("population", e.populationID(u.population))
	}
	o.end(embedded)
}

func (w *userWriter) appendAccount(o *object, u *user) {
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
