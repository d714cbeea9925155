package sim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// minPassword is the shortest password of the only policy.
const minPassword = 8

// OneTimeCode is the code in every message that the simulator does not send.
const OneTimeCode = "424242"

// passwordOf is the state of a user's password as a row of its own. Its member
// value, which is not declared and so never answered, is the password itself.
// Some users have no password, not even an unset one: setting one makes it.
func passwordOf(p *place) *resource.Collection {
	user := p.above.found
	state, ok := user.Members["password"].(map[string]any)
	if !ok && p.call.request.Method == http.MethodGet {
		return resource.NewCollection()
	}
	m := map[string]any{"status": ""}
	maps.Copy(m, state)
	if policy := p.call.environment.passwordPolicy(resource.First(user.Members, "population.id")); policy != "" {
		m["passwordPolicy"] = map[string]any{"id": policy}
	}
	if m["status"] == "NO_PASSWORD" || m["status"] == "EXTERNAL" {
		delete(m, "lastChangedAt")
	}
	return resource.NewCollection(&resource.Row{ID: user.ID, Members: m})
}

// putPassword keeps the state of a password in the user's row.
func putPassword(p *place, row *resource.Row) {
	user := copied(p.above.found)
	user.Members["password"], user.Members["updatedAt"] = row.Members, instant(p.call.now.UnixMilli())
	p.above.put(user)
}

// knows checks a password.
func knows(row *resource.Row, password string) bool {
	if status := row.Members["status"]; status == "" || status == "NO_PASSWORD" || status == "EXTERNAL" {
		return false
	}
	return password == cmp.Or(resource.First(row.Members, "value"), UserPassword)
}

// textOf is a text in a body; false when it is not there or is none.
func textOf(sent map[string]any, name string) (string, bool) {
	text, ok := sent[name].(string)
	return text, ok && text != ""
}

// sets makes the action that sets a password, given in a member. Without one the
// password is taken away, where the action may.
func sets(member, status string, unsets bool) action {
	return func(p *place, row *resource.Row, sent map[string]any) {
		after := status
		if current, ok := textOf(sent, "currentPassword"); ok {
			if !knows(row, current) {
				panic(invalidValue("currentPassword", "The password is wrong."))
			}
			after = "OK"
		}
		if sent["forceChange"] == true {
			after = "MUST_CHANGE_PASSWORD"
		}
		password, given := textOf(sent, member)
		switch {
		case !given && sent[member] != nil:
			panic(invalidValue(member, "must be a string that is not empty"))
		case !given && unsets:
			after = "NO_PASSWORD"
		case !given:
			panic(required(member))
		case utf8.RuneCountInString(password) < minPassword && sent["bypassPolicy"] != true:
			panic(invalidValue(member, "The password does not meet the password policy."))
		}
		row.Members["value"], row.Members["status"], row.Members["lastChangedAt"] = password, after, instant(p.call.now.UnixMilli())
	}
}

func checkPassword(_ *place, row *resource.Row, sent map[string]any) {
	if password, _ := textOf(sent, "password"); !knows(row, password) {
		panic(invalidValue("password", "The password is wrong."))
	}
}

// turns makes the action that gives a password another status: in the status
// from, or in any when from is empty.
func turns(from, to string) action {
	return func(_ *place, row *resource.Row, _ map[string]any) {
		switch status := row.Members["status"]; {
		case status == "" || status == "NO_PASSWORD":
			panic(invalidData(detail{Code: "NO_PASSWORD", Target: "password", Message: "The user has no password."}))
		case from == "" || status == from:
			row.Members["status"] = to
		}
	}
}

func sendRecoveryCode(p *place, _ *resource.Row, _ map[string]any) {
	if p.above.found.Members["email"] == nil {
		panic(constraint("email", "The user has no e-mail address."))
	}
}

// byCreation are the ids of rows as they come without an order.
func byCreation(p *place) (ids []string) {
	rows := p.rows.All()
	slices.SortStableFunc(rows, func(a, b *resource.Row) int {
		return strings.Compare(resource.First(a.Members, "createdAt"), resource.First(b.Members, "createdAt"))
	})
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}

// reorder lists rows in the order that is sent, those it does not name last.
func reorder(p *place, _ *resource.Row, sent map[string]any) {
	ids := resource.Values(sent, "order.id")
	if len(ids) == 0 {
		panic(invalidValue("order", "The order must name devices."))
	}
	for _, id := range ids {
		if p.rows.Find(id) == nil {
			panic(invalidValue("order", "The order names what is not there."))
		}
	}
	arrange(p, ids)
}

func arrange(p *place, ids []string) {
	for _, row := range p.rows.All() {
		if !slices.Contains(ids, row.ID) {
			ids = append(ids, row.ID)
		}
	}
	for _, id := range ids {
		if row := p.rows.Find(id); row != nil {
			p.rows.Delete(id)
			p.rows.Put(row)
		}
	}
}
