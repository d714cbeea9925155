package sim

import (
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// seededUser is a user as the seed has it. Nothing of it is kept: its members are
// made when they are asked for.
type seededUser struct {
	*environment
	index  uint32
	status data.Status
	times  data.Times
}

func (e *environment) seededUser(i uint32) *seededUser {
	return &seededUser{e, i, e.people.Status(i), e.people.Times(i)}
}

// seededTexts make the texts of users that follow from more than words, by their
// paths; empty where a user has none. Those of data.Texts stand beside them.
var seededTexts = map[string]func(u *seededUser) string{
	"id":            func(u *seededUser) string { return u.userID(u.index) },
	"population.id": func(u *seededUser) string { return u.populations().Row(u.people.Population(u.index)).ID },
	"identityProvider.id": func(u *seededUser) string {
		if u.status.Provider == "PING_ONE" {
			return ""
		}
		return data.NamedID(u.id + "/identityProviders/partner")
	},
	"identityProvider.type":  func(u *seededUser) string { return u.status.Provider },
	"lifecycle.status":       func(u *seededUser) string { return u.status.Lifecycle },
	"verifyStatus":           func(u *seededUser) string { return u.status.Verify },
	"password.status":        func(u *seededUser) string { return u.status.Password },
	"password.lastChangedAt": func(u *seededUser) string { return moment(u.times.PasswordChanged) },
	"account.status": func(u *seededUser) string {
		if u.status.Locked {
			return "LOCKED"
		}
		return "OK"
	},
	"account.lockedAt": func(u *seededUser) string { return moment(u.times.LockedAt) },
	"account.unlockAt": func(u *seededUser) string { return moment(u.times.UnlockAt) },
	"createdAt":        func(u *seededUser) string { return moment(u.times.Created) },
	"updatedAt":        func(u *seededUser) string { return moment(u.times.Updated) },
	"startDate":        func(u *seededUser) string { return moment(u.times.Start) },
	"endDate":          func(u *seededUser) string { return moment(u.times.End) },
	"lastSignOn.at":    func(u *seededUser) string { return moment(u.times.SignOn) },
	"lastSignOn.remoteIp": func(u *seededUser) string {
		if u.times.SignOn == 0 {
			return ""
		}
		return u.people.RemoteIP(u.index)
	},
}

// seededValues make what is no text; nil where a user has none.
var seededValues = map[string]func(u *seededUser) any{
	"account.secondsUntilUnlock": func(u *seededUser) any {
		if u.times.UnlockAt == 0 {
			return nil
		}
		return (u.times.UnlockAt - u.times.LockedAt) / 1000 // as it was at the lock, so that a row reads the same each time
	},
	"enabled":    func(u *seededUser) any { return u.people.Enabled(u.index) },
	"mfaEnabled": func(u *seededUser) any { return u.status.MFA },
	"emailVerified": func(u *seededUser) any {
		if !u.status.HasEmailVerified {
			return nil
		}
		return u.status.EmailVerified
	},
}

// moment is an instant that there may be, 0 for none.
func moment(ms int64) string {
	if ms == 0 {
		return ""
	}
	return instant(ms)
}

// seededMember is a member of users with what makes it: a text, another value, or
// the members of an object. Texts stand by themselves, as most members are such
// and any each is allocated.
type seededMember struct {
	*resource.Member
	text     func(u *seededUser) string
	value    func(u *seededUser) any
	children []seededMember
}

// seededMember finds what makes the member at a path.
func (e *environment) seededMember(m *resource.Member, path string) seededMember {
	out := seededMember{Member: m, text: seededTexts[path], value: seededValues[path]}
	if word := data.Texts[path]; word != nil {
		out.text = func(u *seededUser) string { return word(u.people, u.index) }
	}
	if a := e.schema()[path]; a != nil && a.seeded != nil {
		out.value = func(u *seededUser) any { return a.seeded(u.index) }
	}
	if path == "account.canAuthenticate" {
		out.value = func(u *seededUser) any { return u.people.Enabled(u.index) && !u.status.Locked }
	}
	for _, child := range m.Children {
		if !child.WriteOnly && child.Asked == "" {
			out.children = append(out.children, e.seededMember(child, strings.TrimPrefix(path+"."+child.Name, ".")))
		}
	}
	return out
}

// seededShape are the members that lists show of users.
func (e *environment) seededShape() []seededMember {
	return e.making.get(e.structure, func() []seededMember { return e.seededMember(usersShape(e), "").children })
}

// fromSeed makes the row of a seeded user.
func (e *environment) fromSeed(i uint32) *resource.Row {
	u, out := e.seededUser(i), make(map[string]any)
	set := func(path string, v any) {
		if v != nil && v != "" {
			setPath(out, path, v)
		}
	}
	for path, text := range seededTexts {
		set(path, text(u))
	}
	for path, word := range data.Texts {
		set(path, word(e.people, i))
	}
	for path, value := range seededValues {
		set(path, value(u))
	}
	for name, a := range e.schema() {
		if a.seeded != nil {
			set(name, a.seeded(i))
		}
	}
	return &resource.Row{ID: resource.First(out, "id"), Members: out}
}

// seededTextsAt are the texts at a path of a seeded user, for filters. Those of
// words are by far the most.
func (e *environment) seededTextsAt(path string, i uint32, dst []string) []string {
	var text string
	if word := data.Texts[path]; word != nil {
		text = word(e.people, i)
	} else if m := e.seededMember(&resource.Member{}, path); m.value != nil {
		return resource.Values(m.value(e.seededUser(i)), "")
	} else if m.text != nil {
		text = m.text(e.seededUser(i))
	}
	if text == "" {
		return dst
	}
	return append(dst, text)
}

// writeSeeded writes a seeded user as lists show it. Making a row costs more than
// writing it, and lists of a million write each row once.
func (p *place) writeSeeded(e *jx.Encoder, i uint32) {
	u := p.call.environment.seededUser(i)
	e.ObjStart()
	e.FieldStart("_links")
	p.writeLinks(e, &resource.Row{ID: u.userID(i)})
	p.writeMade(e, u, u.seededShape(), "")
	e.ObjEnd()
}

// writeMade writes the members that a user has, of the row or of an object in it,
// which is there when any of them is.
func (p *place) writeMade(e *jx.Encoder, u *seededUser, members []seededMember, object string) {
	open := object == ""
	for _, m := range members {
		var text string
		var v any
		switch {
		case m.text != nil:
			text = m.text(u)
		case m.value != nil:
			v = m.value(u)
		case m.Kind == resource.Owner:
			p.writeMember(e, nil, m.Member, nil)
		default:
			p.writeMade(e, u, m.children, m.Name)
		}
		if text == "" && v == nil {
			continue
		}
		if !open {
			e.FieldStart(object)
			e.ObjStart()
			open = true
		}
		e.FieldStart(m.Name)
		if v != nil {
			p.writeValue(e, nil, m.Member, v)
		} else {
			e.Str(text)
		}
	}
	if open && object != "" {
		e.ObjEnd()
	}
}
