package sim

import (
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// eachSeeded visits the members of a seeded user that are not objects, by their
// paths.
func (e *environment) eachSeeded(i uint32, set func(path string, v any)) {
	p := e.people
	status, times := p.Status(i), p.Times(i)
	set("id", e.userID(i).String())
	set("population.id", e.populations().Row(p.Population(i)).ID)
	set("identityProvider.type", status.Provider)
	if status.Provider != "PING_ONE" {
		set("identityProvider.id", data.NamedID(e.id.String()+"/identityProviders/partner").String())
	}
	set("lifecycle.status", status.Lifecycle)
	set("enabled", p.Enabled(i))
	set("mfaEnabled", status.MFA)
	set("verifyStatus", status.Verify)
	if status.HasEmailVerified {
		set("emailVerified", status.EmailVerified)
	}
	p.EachText(i, func(path, text string) { set(path, text) })
	if status.Password != "" {
		set("password.status", status.Password)
	}
	seededAccount(status, times, set)
	for _, at := range []struct {
		path string
		ms   int64
		has  bool
	}{
		{"createdAt", times.Created, true},
		{"updatedAt", times.Updated, true},
		{"lastSignOn.at", times.SignOn, times.SignOn != 0},
		{"password.lastChangedAt", times.PasswordChanged, status.Password != ""},
		{"startDate", times.Start, times.Start != 0},
		{"endDate", times.End, times.End != 0},
	} {
		if at.has {
			set(at.path, instant(at.ms))
		}
	}
	if times.SignOn != 0 {
		set("lastSignOn.remoteIp", p.RemoteIP(i))
	}
	for name, a := range e.schema() {
		if a.seeded != nil {
			if v := a.seeded(i); v != nil {
				set(name, v)
			}
		}
	}
}

// seededAccount visits the members of an account.
func seededAccount(status data.Status, times data.Times, set func(path string, v any)) {
	if !status.Locked {
		set("account.status", "OK")
		return
	}
	set("account.status", "LOCKED")
	set("account.lockedAt", instant(times.LockedAt))
	if times.UnlockAt > 0 {
		// As it was at the lock, so that a row reads the same each time.
		set("account.secondsUntilUnlock", (times.UnlockAt-times.LockedAt)/1000)
		set("account.unlockAt", instant(times.UnlockAt))
	}
}

// fromSeed makes the row of a seeded user.
func (e *environment) fromSeed(i uint32) *resource.Row {
	members := make(map[string]any)
	e.eachSeeded(i, func(path string, v any) {
		outer, name, nested := strings.Cut(path, ".")
		if !nested {
			members[path] = v
		} else if inner, ok := members[outer].(map[string]any); ok {
			inner[name] = v
		} else {
			members[outer] = map[string]any{name: v}
		}
	})
	return &resource.Row{ID: e.userID(i).String(), Members: members}
}

// seededWriter writes seeded users as lists show them. Making a row of each costs
// more than writing it, and lists of a million write each row once.
type seededWriter struct {
	*place
	members []seededMember
	at      map[string]int // places in values, by path
	values  []any          // of the user that is being written
}

// seededMember is a member that lists show, with the place of its value.
type seededMember struct {
	*resource.Member
	at       int
	children []seededMember
}

func newSeededWriter(p *place) *seededWriter {
	w := &seededWriter{place: p, at: make(map[string]int)}
	w.members = w.compile("", p.shape())
	w.values = make([]any, len(w.at))
	return w
}

// compile finds the members of an object that lists show, in their order.
func (w *seededWriter) compile(prefix string, object *resource.Member) (out []seededMember) {
	for _, m := range object.Children {
		if m.WriteOnly || m.Asked != "" {
			continue
		}
		path := prefix + m.Name
		n := seededMember{Member: m, at: len(w.at)}
		w.at[path] = n.at
		n.children = w.compile(path+".", m)
		out = append(out, n)
	}
	return out
}

func (w *seededWriter) set(path string, v any) {
	if k, ok := w.at[path]; ok {
		w.values[k] = v
	}
}

func (w *seededWriter) write(e *jx.Encoder, i uint32) {
	clear(w.values)
	w.call.environment.eachSeeded(i, w.set)
	w.set("account.canAuthenticate", w.values[w.at["enabled"]] == true && w.values[w.at["account.status"]] == "OK")
	row := &resource.Row{ID: w.call.environment.userID(i).String()}
	e.ObjStart()
	e.FieldStart("_links")
	w.writeLinks(e, row)
	w.object(e, row, w.members)
	e.ObjEnd()
}

// object writes members. An object without any is not there.
func (w *seededWriter) object(e *jx.Encoder, row *resource.Row, members []seededMember) {
	for _, m := range members {
		switch v := w.values[m.at]; {
		case m.Kind == resource.Owner:
			w.writeMember(e, row, m.Member, nil)
		case v != nil:
			e.FieldStart(m.Name)
			w.writeValue(e, row, m.Member, v)
		case w.any(m.children):
			e.FieldStart(m.Name)
			e.ObjStart()
			w.object(e, row, m.children)
			e.ObjEnd()
		}
	}
}

func (w *seededWriter) any(members []seededMember) bool {
	for _, m := range members {
		if w.values[m.at] != nil {
			return true
		}
	}
	return false
}
