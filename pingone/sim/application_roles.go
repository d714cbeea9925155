package sim

import "github.com/pingone-gateway/gateway/pingone/sim/internal/resource"

// ofApplicationRole reads a member of the application role that a row assigns.
func ofApplicationRole(member string) compute {
	return func(p *place, row *resource.Row) any {
		if role := p.store.Read("applicationRoles").Find(row.ID); role != nil {
			return role.Members[member]
		}
		return nil
	}
}

// usersWith are the users of an application role, as rows of its own.
func usersWith(p *place, role string) *resource.Collection {
	return p.call.environment.rows.At("applicationRoles/" + role + "/users")
}

// assignApplicationRole gives a user a role that there is.
func assignApplicationRole(p *place, _, row *resource.Row) error {
	if p.call.environment.rows.Read("applicationRoles").Find(row.ID) == nil {
		return invalidValue("id", "The application role does not exist.")
	}
	user := p.above.id
	usersWith(p, row.ID).Put(&resource.Row{ID: user, Members: map[string]any{"id": user}})
	return nil
}

func withdrawApplicationRole(p *place, row *resource.Row) (*resource.Row, error) {
	usersWith(p, row.ID).Delete(p.above.id)
	return nil, nil
}
