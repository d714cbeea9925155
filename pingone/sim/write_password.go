package sim

import (
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// passwordMedia is the start of every media type of password actions.
const passwordMedia = "application/vnd.pingidentity.password."

// minPassword is the shortest password of the only policy.
const minPassword = 8

func (s *Server) passwordReply(c *call, u *user) reply {
	e, address := c.environment, c.base+c.userPath(u.index)
	policy := e.passwordPolicy(u.population)
	o := open(nil)
	links := o.child("_links")
	links.link("self", address, "/password")
	links.link("environment", c.base, "/environments/", e.id.String())
	links.link("user", address)
	links.link("passwordPolicy", c.base, "/environments/", e.id.String(), "/passwordPolicies/", policy)
	for _, name := range []string{"password.check", "password.reset", "password.set", "password.recover"} {
		links.link(name, address, "/password")
	}
	o.end(links)
	if has(c.query.Get("expand"), "passwordPolicy") {
		embedded := o.child("_embedded")
		embedded.key("passwordPolicy")
		embedded.dst = s.appendRow(embedded.dst, c, "passwordPolicies", policy)
		o.end(embedded)
	}
	o.ref("environment", e.id)
	o.ref("user", e.userID(u.index))
	if policy != "" {
		inner := o.child("passwordPolicy")
		inner.text("id", policy)
		o.end(inner)
	}
	o.text("status", u.status.Password)
	if u.status.Password != "NO_PASSWORD" && u.status.Password != "EXTERNAL" {
		o.time("lastChangedAt", u.times.PasswordChanged)
	}
	return reply{body: o.close()}
}

func (s *Server) readPassword(c *call) (reply, error) {
	_, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	if u.status.Password == "" {
		return reply{}, notFound("The user has no password.")
	}
	return s.passwordReply(c, u), nil
}

// putPassword sets, unsets and resets passwords, by media type.
func (s *Server) putPassword(c *call) (reply, error) {
	i, _, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	media := c.mediaOf()
	b, err := c.readBody(passwordMedia+"set+json", passwordMedia+"setValue+json", passwordMedia+"reset+json")
	if err != nil {
		return reply{}, err
	}
	u := c.environment.own(i)
	status, name := "OK", "value"
	if media == passwordMedia+"reset+json" {
		status, name = "MUST_CHANGE_PASSWORD", "newPassword"
	}
	if b.has("currentPassword") {
		if !u.knows(b.text("currentPassword", 255)) {
			return reply{}, invalidValue("currentPassword", "The password is wrong.")
		}
		status = "OK"
	}
	if b.bool("forceChange", false) {
		status = "MUST_CHANGE_PASSWORD"
	}
	password := b.text(name, 255)
	unset := media == passwordMedia+"setvalue+json" && !b.has(name)
	switch {
	case b.err != nil:
		return reply{}, b.err
	case unset:
		status = "NO_PASSWORD"
	case password == "":
		return reply{}, required(name)
	case utf8.RuneCountInString(password) < minPassword && !b.bool("bypassPolicy", false):
		return reply{}, invalidValue(name, "The password does not meet the password policy.")
	}
	u.password, u.status.Password, u.times.PasswordChanged = password, status, c.now.UnixMilli()
	s.saveUser(c, u)
	return s.passwordReply(c, u), nil
}

// knows checks a password.
func (u *user) knows(password string) bool {
	switch {
	case u.status.Password == "" || u.status.Password == "NO_PASSWORD" || u.status.Password == "EXTERNAL":
		return false
	case u.password != "":
		return password == u.password
	}
	return password == UserPassword
}

// actOnPassword checks, forces a change, unlocks and sends recovery codes. The
// last three have no body and no +json in their media types.
func (s *Server) actOnPassword(c *call) (reply, error) {
	i, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	media := c.mediaOf()
	changed := c.environment.own(i)
	switch media {
	case passwordMedia + "check+json":
		return s.checkPassword(c, u)
	case passwordMedia + "forcechange":
		changed.status.Password = "MUST_CHANGE_PASSWORD"
	case passwordMedia + "unlock":
		if changed.status.Password == "PASSWORD_LOCKED_OUT" {
			changed.status.Password = "OK"
		}
	case passwordMedia + "sendrecoverycode":
		if u.text[data.Email] == "" {
			return reply{}, constraint("email", "The user has no e-mail address.")
		}
		return s.passwordReply(c, u), nil
	case passwordMedia + "recover+json":
		return reply{}, invalidData(detail{Code: "INVALID_OTP", Target: "recoveryCode", Message: "The recovery code is wrong or has expired."})
	default:
		return reply{}, unsupportedMedia(c.request.Header.Get("Content-Type"))
	}
	if u.status.Password == "" || u.status.Password == "NO_PASSWORD" {
		return reply{}, invalidData(detail{Code: "NO_PASSWORD", Target: "password", Message: "The user has no password."})
	}
	s.saveUser(c, changed)
	return s.passwordReply(c, changed), nil
}

func (s *Server) checkPassword(c *call, u *user) (reply, error) {
	b, err := c.readBody(passwordMedia + "check+json")
	if err != nil {
		return reply{}, err
	}
	password := b.text("password", 255)
	switch {
	case b.err != nil:
		return reply{}, b.err
	case !u.knows(password):
		return reply{}, invalidValue("password", "The password is wrong.")
	}
	return s.passwordReply(c, u), nil
}
