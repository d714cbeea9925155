package sim

import (
	"net/http"
	"strings"
)

// The parts of a user that have addresses of their own.

// part answers with the fields of one part.
func (s *Server) part(c *call, write func(o *object, u *user)) (reply, error) {
	_, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return c.partReply(u, write), nil
}

func (c *call) partReply(u *user, write func(o *object, u *user)) reply {
	o := open(nil)
	links := o.child("_links")
	links.link("self", c.address())
	links.link("user", c.base, c.userPath(u.index))
	links.link("environment", c.base, "/environments/", c.environment.id.String())
	o.end(links)
	write(&o, u)
	return reply{body: o.close()}
}

// change reads a body, changes a user and answers with the part.
func (s *Server) change(c *call, apply func(u *user, b *body) error, write func(o *object, u *user)) (reply, error) {
	i, _, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	u := c.environment.own(i)
	if err := apply(u, b); err != nil {
		return reply{}, err
	}
	if b.err != nil {
		return reply{}, b.err
	}
	s.saveUser(c, u)
	return c.partReply(u, write), nil
}

func writeEnabled(o *object, u *user) { o.bool("enabled", u.enabled) }

func writeMFA(o *object, u *user) { o.bool("mfaEnabled", u.status.MFA) }

func (c *call) writePopulation(o *object, u *user) {
	o.id(c.environment.populationID(u.population))
}

func writeProvider(o *object, u *user) {
	o.text("id", u.providerID)
	o.text("type", u.status.Provider)
}

func (s *Server) readEnabled(c *call) (reply, error) { return s.part(c, writeEnabled) }

func (s *Server) readMFAEnabled(c *call) (reply, error) { return s.part(c, writeMFA) }

func (s *Server) readUserPopulation(c *call) (reply, error) { return s.part(c, c.writePopulation) }

func (s *Server) readUserIdentityProvider(c *call) (reply, error) { return s.part(c, writeProvider) }

func (s *Server) putEnabled(c *call) (reply, error) {
	return s.change(c, func(u *user, b *body) error {
		if !b.has("enabled") {
			return required("enabled")
		}
		u.enabled = b.bool("enabled", u.enabled)
		return nil
	}, writeEnabled)
}

func (s *Server) putMFAEnabled(c *call) (reply, error) {
	return s.change(c, func(u *user, b *body) error {
		if !b.has("mfaEnabled") {
			return required("mfaEnabled")
		}
		u.status.MFA = b.bool("mfaEnabled", u.status.MFA)
		return nil
	}, writeMFA)
}

// putUserPopulation moves a user, who leaves the groups of the old population.
func (s *Server) putUserPopulation(c *call) (reply, error) {
	e := c.environment
	return s.change(c, func(u *user, b *body) error {
		id := b.id()
		p, ok := e.populationByID(id)
		switch {
		case b.err != nil:
			return b.err
		case id == "":
			return required("id")
		case !ok:
			return invalidValue("id", "The population does not exist.")
		case !c.access.seesPopulation(e.populationID(p)):
			return forbidden()
		}
		for g := range u.groups {
			if of := e.groups[g].population; of >= 0 && of != p {
				delete(u.groups, g)
			}
		}
		u.population = p
		return nil
	}, c.writePopulation)
}

func (s *Server) putUserIdentityProvider(c *call) (reply, error) {
	return s.change(c, func(u *user, b *body) error {
		id := b.id()
		switch {
		case b.err != nil:
			return b.err
		case id == "":
			return required("id")
		case c.environment.rows.Read("identityProviders").Find(id) == nil:
			return invalidValue("id", "The identity provider does not exist.")
		}
		u.providerID, u.status.Provider = id, c.environment.providerType(id)
		return nil
	}, writeProvider)
}

func writeVerifyStatus(o *object, u *user) { o.text("verifyStatus", u.status.Verify) }

func (s *Server) readVerifyStatus(c *call) (reply, error) { return s.part(c, writeVerifyStatus) }

func (s *Server) putVerifyStatus(c *call) (reply, error) {
	return s.change(c, func(u *user, b *body) error {
		status := b.text("verifyStatus", 64)
		b.oneOf("verifyStatus", status, "NOT_INITIATED", "ENABLED", "DISABLED")
		if b.err == nil && status == "" {
			return required("verifyStatus")
		}
		u.status.Verify = status
		return nil
	}, writeVerifyStatus)
}

const (
	mediaLock   = "application/vnd.pingidentity.account.lock+json"
	mediaUnlock = "application/vnd.pingidentity.account.unlock+json"
)

// mediaOf is the media type of a request in small letters, without parameters.
func (c *call) mediaOf() string {
	name, _, _ := strings.Cut(c.request.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// actOnUser locks and unlocks accounts.
func (s *Server) actOnUser(c *call) (reply, error) {
	i, _, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	u := c.environment.own(i)
	switch c.mediaOf() {
	case mediaLock:
		u.status.Locked, u.times.LockedAt, u.times.UnlockAt = true, c.now.UnixMilli(), 0
	case mediaUnlock:
		u.status.Locked, u.times.LockedAt, u.times.UnlockAt = false, 0, 0
	default:
		return reply{}, unsupportedMedia(c.request.Header.Get("Content-Type"))
	}
	out := s.saveUser(c, u)
	out.status = http.StatusOK
	return out, nil
}
