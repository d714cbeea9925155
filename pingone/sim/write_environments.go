package sim

import (
	"net/http"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

var (
	environmentKinds    = []string{"PRODUCTION", "SANDBOX"}
	environmentStatuses = []string{"ACTIVE", "DELETE_PENDING"}
	regions             = []string{"NA", "CA", "EU", "AU", "SG", "AP"}
)

// applyEnvironment reads an environment from a body: what is not in it is
// cleared, but for the products, which have a call of their own.
func (s *Server) applyEnvironment(info *environmentInfo, b *body) error {
	region := info.region
	info.name, info.description, info.icon = b.text("name", 256), b.text("description", 1024), b.text("icon", 1024)
	info.kind = b.text("type", 32)
	b.oneOf("type", info.kind, environmentKinds...)
	if info.region = b.text("region", 32); info.region == "" {
		info.region = region
	}
	b.oneOf("region", info.region, regions...)
	license := b.refer("license")
	switch {
	case b.err != nil:
		return b.err
	case info.name == "":
		return required("name")
	case info.kind == "":
		return required("type")
	case info.region == "":
		return required("region")
	case region != "" && info.region != region:
		return constraint("region", "An environment cannot be moved to another region.")
	case license == "":
		return required("license.id")
	}
	var ok bool
	if info.license, ok = s.activeLicense(license); !ok {
		return invalidValue("license.id", "The license does not exist or is not active.")
	}
	return nil
}

// applyProducts reads a bill of materials.
func applyProducts(info *environmentInfo, b *body, id data.ID) error {
	var products []product
	b.value("products", &products, "an array of products")
	solution := b.text("solutionType", 64)
	if b.err != nil {
		return b.err
	}
	for k := range products {
		if products[k].Type == "" {
			return required("products.type")
		}
		products[k].ID = data.NamedID("product " + id.String() + products[k].Type).String()
	}
	info.products, info.solution = products, solution
	return nil
}

func (s *Server) createEnvironment(c *call) (reply, error) {
	if !c.access.write || !c.access.organization {
		return reply{}, forbidden()
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	now := c.now.UnixMilli()
	info := environmentInfo{status: "ACTIVE", createdAt: now, updated: now, productsUpdated: now}
	if err := s.applyEnvironment(&info, b); err != nil {
		return reply{}, err
	}
	id := data.IDs(data.Mix(s.opt.Seed ^ data.SaltOf("environments"))).ID(s.made.Add(1))
	if err := applyProducts(&info, b.child("billOfMaterials"), id); err != nil {
		return reply{}, err
	}
	e := s.addEnvironment(id, info, 0)
	return reply{status: http.StatusCreated, body: s.appendEnvironment(nil, c, e, true), location: c.address() + "/" + id.String()}, nil
}

// changeEnvironment reads a body, changes what the environment says of itself,
// and answers with it.
func (s *Server) changeEnvironment(c *call, apply func(info *environmentInfo, b *body) error) (reply, error) {
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	info := *c.environment.info.Load()
	if err := apply(&info, b); err != nil {
		return reply{}, err
	}
	info.updated = c.now.UnixMilli()
	c.environment.info.Store(&info)
	return reply{body: s.appendEnvironment(nil, c, c.environment, false)}, nil
}

func (s *Server) replaceEnvironment(c *call) (reply, error) {
	return s.changeEnvironment(c, s.applyEnvironment)
}

func (s *Server) putEnvironmentType(c *call) (reply, error) {
	return s.changeEnvironment(c, func(info *environmentInfo, b *body) error {
		kind := b.text("type", 32)
		b.oneOf("type", kind, environmentKinds...)
		if b.err == nil && kind == "" {
			return required("type")
		}
		info.kind = kind
		return b.problem()
	})
}

func (s *Server) putEnvironmentStatus(c *call) (reply, error) {
	return s.changeEnvironment(c, func(info *environmentInfo, b *body) error {
		status := b.text("status", 32)
		b.oneOf("status", status, environmentStatuses...)
		if b.err == nil && status == "" {
			return required("status")
		}
		info.setStatus(status, c.now.UnixMilli())
		return b.problem()
	})
}

// setStatus deletes an environment softly or brings it back.
func (i *environmentInfo) setStatus(status string, now int64) {
	if i.softDeleted = 0; status == "DELETE_PENDING" {
		i.softDeleted = now
	}
	i.status = status
}

// deleteEnvironment: a production environment can be brought back for a while.
func (s *Server) deleteEnvironment(c *call) (reply, error) {
	e := c.environment
	info := *e.info.Load()
	switch now := c.now.UnixMilli(); {
	case e == s.environments()[0]:
		return reply{}, constraint("id", "The environment holds the applications that call the API.")
	case info.kind == "SANDBOX":
		s.removeEnvironment(e)
	case info.softDeleted == 0:
		info.setStatus("DELETE_PENDING", now)
		info.updated = now
		e.info.Store(&info)
	case now < info.softDeleted+30*day:
		return reply{}, constraint("hardDeletedAllowedAt", "The environment cannot be deleted for good yet.")
	default:
		s.removeEnvironment(e)
	}
	return reply{status: http.StatusNoContent}, nil
}

func (s *Server) putBillOfMaterials(c *call) (reply, error) {
	_, err := s.changeEnvironment(c, func(info *environmentInfo, b *body) error {
		info.productsUpdated = c.now.UnixMilli()
		return applyProducts(info, b, c.environment.id)
	})
	if err != nil {
		return reply{}, err
	}
	return reply{body: appendProducts(nil, c, c.environment)}, nil
}
