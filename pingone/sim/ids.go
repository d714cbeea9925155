package sim

import "slices"

// Environment names, as they come from every simulator.
const (
	EnvironmentAdministrators = administrators
	EnvironmentCustomers      = customers
	EnvironmentPartners       = partners
	EnvironmentRetired        = retired
)

// OrganizationID is the id of the organization with the environments. It does not depend on the seed.
func (s *Server) OrganizationID() string { return organizationID }

// LicenseID is the id of the license that the environments use.
func (s *Server) LicenseID() string { return licenseID }

// EnvironmentID is the id of an environment by name; empty when there is none.
// It does not depend on the seed. The applications are those of Administrators.
func (s *Server) EnvironmentID(name string) string {
	return reading(s, name, func(e *environment) string { return e.id })
}

func (s *Server) environmentNamed(name string) *environment {
	all := s.environments()
	if k := slices.IndexFunc(all, func(e *environment) bool { return e.says("name") == name }); k >= 0 {
		return all[k]
	}
	return nil
}

// reading reads from an environment, by name, at one moment. It gives nothing
// when there is no such environment.
func reading[T any](s *Server, name string, read func(e *environment) T) (out T) {
	if e := s.environmentNamed(name); e != nil {
		e.mu.RLock()
		defer e.mu.RUnlock()
		out = read(e)
	}
	return out
}

// Populations are the ids of an environment's populations by name.
func (s *Server) Populations(env string) map[string]string {
	return reading(s, env, func(e *environment) map[string]string {
		out := make(map[string]string)
		for _, row := range e.populations().All() {
			name, _ := row.Members["name"].(string)
			out[name] = row.ID
		}
		return out
	})
}

// Groups are the ids of an environment's groups by name.
func (s *Server) Groups(env string) map[string]string {
	out := make(map[string]string)
	for _, g := range s.AllGroups(env) {
		out[g.Name] = g.ID
	}
	return out
}

// SchemaID is the id of an environment's user schema.
func (s *Server) SchemaID(env string) string {
	return reading(s, env, func(e *environment) string { return e.rows.Read("schemas").Only().ID })
}

// UserID is the id of a seeded user by place: 0 is ada.admin, who may do
// everything, 1 is rita.reader, who may read, 2 is noah.norole.
func (s *Server) UserID(env string, index int) string {
	return reading(s, env, func(e *environment) string { return e.userID(uint32(index)) })
}
