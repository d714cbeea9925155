package sim

import "github.com/pingone-gateway/gateway/pingone/sim/internal/resource"

// credentialsOf shows the credentials of a gateway in its own row.
func credentialsOf(_ *Server, c *call, row *resource.Row) any {
	var out []any
	for _, credential := range c.environment.rows.Read("gateways/" + row.ID + "/credentials").All() {
		out = append(out, credential.Members)
	}
	if out == nil {
		return nil
	}
	return out
}

// permissionResource is what a permission is about, with its name.
func permissionResource(_ *Server, c *call, _ *resource.Row) any {
	row := c.environment.rows.Read("applicationResources").Find(canonical(c.params[0]))
	return map[string]any{"id": row.ID, "name": row.Members["name"]}
}
