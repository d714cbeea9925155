package sim

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// minPassword is the shortest password of the only policy.
const minPassword = 8

// OneTimeCode is the code in every message that the simulator does not send.
const OneTimeCode = "424242"

// userPassword is the state of a user's password as a row of its own. Its member
// value, which is not declared and so never answered, is the password itself.
type userPassword struct{ *stored }

func passwordOf(p *place) source { return &userPassword{&stored{place: p}} }

// ownerOf is the user whose password it is; it must not be changed.
func ownerOf(p *place) *user {
	users, _ := p.above.source.(*userRows) // the path says so
	return users.user
}

// find implements source. Some users have no password, not even an unset one:
// setting one makes it.
func (r *userPassword) find(string) (*resource.Row, error) {
	u := ownerOf(r.place)
	if u.status.Password == "" && r.call.request.Method == http.MethodGet {
		return nil, nil
	}
	m := map[string]any{"status": u.status.Password, "value": u.password}
	if policy := r.call.environment.passwordPolicy(u.population); policy != "" {
		m["passwordPolicy"] = map[string]any{"id": policy}
	}
	if u.times.PasswordChanged != 0 && u.status.Password != "NO_PASSWORD" && u.status.Password != "EXTERNAL" {
		m["lastChangedAt"] = instant(u.times.PasswordChanged)
	}
	return &resource.Row{ID: r.above.id, Members: m}, nil
}

// put implements source.
func (r *userPassword) put(row *resource.Row) {
	e := r.call.environment
	u := e.own(ownerOf(r.place).index)
	u.password, _ = row.Members["value"].(string)
	u.status.Password, _ = row.Members["status"].(string)
	if text, ok := row.Members["lastChangedAt"].(string); ok {
		at, _ := time.Parse(time.RFC3339, text) // it was written here
		u.times.PasswordChanged = at.UnixMilli()
	}
	u.times.Updated = r.call.now.UnixMilli()
	e.store(u.index, u, r.call.now)
}

// knows checks a password.
func knows(row *resource.Row, password string) bool {
	if status := row.Members["status"]; status == "" || status == "NO_PASSWORD" || status == "EXTERNAL" {
		return false
	}
	if own := row.Members["value"]; own != "" {
		return own == password
	}
	return password == UserPassword
}

// textOf is a text in a body; false when it is not there or is none.
func textOf(sent map[string]any, name string) (string, bool) {
	text, ok := sent[name].(string)
	return text, ok && text != ""
}

// sets makes the action that sets a password, given in a member. Without one the
// password is taken away, where the action may.
func sets(member, status string, unsets bool) action {
	return func(p *place, row *resource.Row, sent map[string]any) error {
		after := status
		if current, ok := textOf(sent, "currentPassword"); ok {
			if !knows(row, current) {
				return invalidValue("currentPassword", "The password is wrong.")
			}
			after = "OK"
		}
		if sent["forceChange"] == true {
			after = "MUST_CHANGE_PASSWORD"
		}
		password, given := textOf(sent, member)
		switch {
		case !given && sent[member] != nil:
			return invalidValue(member, "must be a string that is not empty")
		case !given && unsets:
			after = "NO_PASSWORD"
		case !given:
			return required(member)
		case utf8.RuneCountInString(password) < minPassword && sent["bypassPolicy"] != true:
			return invalidValue(member, "The password does not meet the password policy.")
		}
		row.Members["value"], row.Members["status"], row.Members["lastChangedAt"] = password, after, instant(p.call.now.UnixMilli())
		return nil
	}
}

func checkPassword(_ *place, row *resource.Row, sent map[string]any) error {
	if password, _ := textOf(sent, "password"); !knows(row, password) {
		return invalidValue("password", "The password is wrong.")
	}
	return nil
}

// turns makes the action that gives a password another status: in the status
// from, or in any when from is empty.
func turns(from, to string) action {
	return func(_ *place, row *resource.Row, _ map[string]any) error {
		switch status := row.Members["status"]; {
		case status == "" || status == "NO_PASSWORD":
			return invalidData(detail{Code: "NO_PASSWORD", Target: "password", Message: "The user has no password."})
		case from == "" || status == from:
			row.Members["status"] = to
		}
		return nil
	}
}

func sendRecoveryCode(p *place, _ *resource.Row, _ map[string]any) error {
	if ownerOf(p).text[data.Email] == "" {
		return constraint("email", "The user has no e-mail address.")
	}
	return nil
}
