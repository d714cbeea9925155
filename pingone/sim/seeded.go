package sim

import (
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// seededSink takes the members of a seeded user that are not objects, by their
// paths: texts by themselves, for most members are, and as any each is allocated.
type seededSink interface {
	text(path, text string)
	set(path string, v any)
}

// eachSeeded gives a sink the members of a seeded user.
func (e *environment) eachSeeded(i uint32, to seededSink) {
	p := e.people
	status, times := p.Status(i), p.Times(i)
	to.text("id", e.userID(i).String())
	to.text("population.id", e.populations().Row(p.Population(i)).ID)
	to.text("identityProvider.type", status.Provider)
	if status.Provider != "PING_ONE" {
		to.text("identityProvider.id", data.NamedID(e.id.String()+"/identityProviders/partner").String())
	}
	to.text("lifecycle.status", status.Lifecycle)
	to.set("enabled", p.Enabled(i))
	to.set("mfaEnabled", status.MFA)
	to.text("verifyStatus", status.Verify)
	if status.HasEmailVerified {
		to.set("emailVerified", status.EmailVerified)
	}
	p.EachText(i, to.text)
	if status.Password != "" {
		to.text("password.status", status.Password)
	}
	seededAccount(status, times, to)
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
			to.text(at.path, instant(at.ms))
		}
	}
	if times.SignOn != 0 {
		to.text("lastSignOn.remoteIp", p.RemoteIP(i))
	}
	for name, a := range e.schema() {
		if a.seeded != nil {
			if v := a.seeded(i); v != nil {
				to.set(name, v)
			}
		}
	}
}

// seededAccount gives a sink the members of an account.
func seededAccount(status data.Status, times data.Times, to seededSink) {
	if !status.Locked {
		to.text("account.status", "OK")
		return
	}
	to.text("account.status", "LOCKED")
	to.text("account.lockedAt", instant(times.LockedAt))
	if times.UnlockAt > 0 {
		// As it was at the lock, so that a row reads the same each time.
		to.set("account.secondsUntilUnlock", (times.UnlockAt-times.LockedAt)/1000)
		to.text("account.unlockAt", instant(times.UnlockAt))
	}
}

// seededRow makes the members of a row.
type seededRow map[string]any

func (r seededRow) text(path, text string) { r.set(path, text) }

func (r seededRow) set(path string, v any) {
	outer, name, nested := strings.Cut(path, ".")
	if !nested {
		r[path] = v
	} else if inner, ok := r[outer].(map[string]any); ok {
		inner[name] = v
	} else {
		r[outer] = map[string]any{name: v}
	}
}

// fromSeed makes the row of a seeded user.
func (e *environment) fromSeed(i uint32) *resource.Row {
	members := make(seededRow)
	e.eachSeeded(i, members)
	return &resource.Row{ID: e.userID(i).String(), Members: members}
}

// seededWriter writes seeded users as lists show them. Making a row of each costs
// more than writing it, and lists of a million write each row once.
type seededWriter struct {
	*place
	members []seededMember
	at      map[string]int // places in values, by path
	values  []seededValue  // of the user that is being written
}

// seededValue is a text or another value; without either there is none.
type seededValue struct {
	text  string
	other any
}

func (v seededValue) none() bool { return v.text == "" && v.other == nil }

// seededMember is a member that lists show, with the place of its value.
type seededMember struct {
	*resource.Member
	at       int
	children []seededMember
}

func newSeededWriter(p *place) *seededWriter {
	w := &seededWriter{place: p, at: make(map[string]int)}
	w.members = w.compile("", p.shape())
	w.values = make([]seededValue, len(w.at))
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
		w.values[k].other = v
	}
}

func (w *seededWriter) text(path, text string) {
	if k, ok := w.at[path]; ok {
		w.values[k].text = text
	}
}

func (w *seededWriter) write(e *jx.Encoder, i uint32) {
	clear(w.values)
	w.call.environment.eachSeeded(i, w)
	w.set("account.canAuthenticate", w.values[w.at["enabled"]].other == true && w.values[w.at["account.status"]].text == "OK")
	row := &resource.Row{ID: w.values[w.at["id"]].text}
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
		case v.text != "":
			e.FieldStart(m.Name)
			e.Str(v.text)
		case v.other != nil:
			e.FieldStart(m.Name)
			w.writeValue(e, row, m.Member, v.other)
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
		if !w.values[m.at].none() {
			return true
		}
	}
	return false
}
