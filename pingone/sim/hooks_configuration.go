package sim

import "github.com/pingone-gateway/gateway/pingone/sim/internal/resource"

// credentialsOf shows the credentials of a gateway in its own row.
func credentialsOf(p *place, row *resource.Row) any {
	var out []any
	for _, credential := range p.store.Read("gateways/" + row.ID + "/credentials").All() {
		out = append(out, credential.Members)
	}
	if out == nil {
		return nil
	}
	return out
}

// permissionResource is what a permission is about, with its name.
func permissionResource(p *place, _ *resource.Row) any {
	row := p.above.found
	return map[string]any{"id": row.ID, "name": row.Members["name"]}
}
