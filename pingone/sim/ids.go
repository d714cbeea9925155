package sim

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
	if e := s.environmentNamed(name); e != nil {
		return e.id.String()
	}
	return ""
}

func (s *Server) environmentNamed(name string) *environment {
	for _, e := range s.environments() {
		if e.says("name") == name {
			return e
		}
	}
	return nil
}

// Populations are the ids of an environment's populations by name.
func (s *Server) Populations(environment string) map[string]string {
	e := s.environmentNamed(environment)
	if e == nil {
		return nil
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make(map[string]string)
	for _, row := range e.populations().All() {
		out[row.Members["name"].(string)] = row.ID
	}
	return out
}

// Groups are the ids of an environment's groups by name.
func (s *Server) Groups(environment string) map[string]string {
	e := s.environmentNamed(environment)
	if e == nil {
		return nil
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make(map[string]string)
	for _, row := range e.rows.Read("groups").All() {
		out[row.Members["name"].(string)] = row.ID
	}
	return out
}

// SchemaID is the id of an environment's user schema.
func (s *Server) SchemaID(environment string) string {
	if e := s.environmentNamed(environment); e != nil {
		return e.rows.Read("schemas").Only().ID
	}
	return ""
}

// UserID is the id of a seeded user by place: 0 is ada.admin, who may do
// everything, 1 is rita.reader, who may read, 2 is noah.norole.
func (s *Server) UserID(environment string, index int) string {
	if e := s.environmentNamed(environment); e != nil {
		return e.userID(uint32(index)).String()
	}
	return ""
}
