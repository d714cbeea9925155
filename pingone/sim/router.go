package sim

import "strings"

// handler answers one call.
type handler func(c *call) (reply, error)

// route is what one method of a path does.
type route struct {
	endpoint string // method and pattern, for counters
	group    string // rate-limit group
	handle   handler
}

// node is a segment of the API's paths.
type node struct {
	fixed  map[string]*node
	param  *node
	routes map[string]route // by method
}

// add registers "METHOD /a/{b}/c".
func (n *node) add(endpoint, group string, h handler) {
	method, pattern, _ := strings.Cut(endpoint, " ")
	for _, segment := range strings.Split(pattern[1:], "/") {
		if segment[0] == '{' {
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			continue
		}
		if n.fixed == nil {
			n.fixed = make(map[string]*node)
		}
		if n.fixed[segment] == nil {
			n.fixed[segment] = &node{}
		}
		n = n.fixed[segment]
	}
	if n.routes == nil {
		n.routes = make(map[string]route)
	}
	n.routes[method] = route{endpoint, group, h}
}

// lookup finds the node of a path and the values of its parameters.
func (n *node) lookup(path string) (*node, []string) {
	var params []string
	for _, segment := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		switch next := n.fixed[segment]; {
		case next != nil:
			n = next
		case n.param != nil && segment != "":
			n, params = n.param, append(params, segment)
		default:
			return nil, nil
		}
	}
	if n.routes == nil {
		return nil, nil
	}
	return n, params
}

const (
	dirRead  = "rlgDirAccessRps"
	dirWrite = "rlgDirWriteRps"
	config   = "rlgConfigRpm"
)

// api lists the endpoints.
func (s *Server) api() *node {
	n := &node{}
	s.addOrganization(n)
	s.addDirectory(n)
	s.addMemberships(n)
	s.addSchemas(n)
	s.addResources(n)
	return n
}

func (s *Server) addOrganization(n *node) {
	n.add("GET /environments", config, s.listEnvironments)
	n.add("POST /environments", config, s.createEnvironment)
	n.add("GET /environments/{env}", config, inEnvironment(s.readEnvironment))
	n.add("PUT /environments/{env}", config, writing(s.replaceEnvironment))
	n.add("DELETE /environments/{env}", config, writing(s.deleteEnvironment))
	n.add("PUT /environments/{env}/type", config, writing(s.putEnvironmentType))
	n.add("PUT /environments/{env}/status", config, writing(s.putEnvironmentStatus))
	n.add("GET /environments/{env}/capabilities", config, inEnvironment(s.readCapabilities))
	n.add("GET /environments/{env}/billOfMaterials", config, inEnvironment(s.readBillOfMaterials))
	n.add("PUT /environments/{env}/billOfMaterials", config, writing(s.putBillOfMaterials))
}

func (s *Server) addDirectory(n *node) {
	const users, groups = "/environments/{env}/users", "/environments/{env}/groups"
	n.add("GET "+users, dirRead, inEnvironment(s.listUsers))
	n.add("POST "+users, dirWrite, writing(s.createUser))
	n.add("GET "+users+"/{id}", dirRead, inEnvironment(s.readUser))
	n.add("PUT "+users+"/{id}", dirWrite, writing(s.replaceUser))
	n.add("PATCH "+users+"/{id}", dirWrite, writing(s.patchUser))
	n.add("DELETE "+users+"/{id}", dirWrite, writing(s.deleteUser))
	n.add("POST "+users+"/{id}", dirWrite, writing(s.actOnUser))
	n.add("GET "+users+"/{id}/enabled", dirRead, inEnvironment(s.readEnabled))
	n.add("PUT "+users+"/{id}/enabled", dirWrite, writing(s.putEnabled))
	n.add("GET "+users+"/{id}/population", dirRead, inEnvironment(s.readUserPopulation))
	n.add("PUT "+users+"/{id}/population", dirWrite, writing(s.putUserPopulation))
	n.add("GET "+users+"/{id}/mfaEnabled", "rlgMfaRps", inEnvironment(s.readMFAEnabled))
	n.add("PUT "+users+"/{id}/mfaEnabled", "rlgMfaRps", writing(s.putMFAEnabled))
	n.add("GET "+users+"/{id}/identityProvider", dirRead, inEnvironment(s.readUserIdentityProvider))
	n.add("PUT "+users+"/{id}/identityProvider", dirWrite, writing(s.putUserIdentityProvider))
	n.add("GET "+users+"/{id}/verifyStatus", dirRead, inEnvironment(s.readVerifyStatus))
	n.add("PUT "+users+"/{id}/verifyStatus", dirWrite, writing(s.putVerifyStatus))
	n.add("GET "+users+"/{id}/password", dirRead, inEnvironment(s.readPassword))
	n.add("PUT "+users+"/{id}/password", dirWrite, writing(s.putPassword))
	n.add("POST "+users+"/{id}/password", dirWrite, writing(s.actOnPassword))
	n.add("GET "+groups, dirRead, inEnvironment(s.listGroups))
	n.add("POST "+groups, dirWrite, writing(s.createGroup))
	n.add("GET "+groups+"/{id}", dirRead, inEnvironment(s.readGroup))
	n.add("PUT "+groups+"/{id}", dirWrite, writing(s.replaceGroup))
	n.add("DELETE "+groups+"/{id}", dirWrite, writing(s.deleteGroup))
}

func (s *Server) addMemberships(n *node) {
	const user, group = "/environments/{env}/users/{user}", "/environments/{env}/groups/{group}"
	n.add("GET "+user+"/memberOfGroups", dirRead, inEnvironment(s.listUserGroups))
	n.add("POST "+user+"/memberOfGroups", dirWrite, writing(s.addUserGroup))
	n.add("GET "+user+"/memberOfGroups/{group}", dirRead, inEnvironment(s.readUserGroup))
	n.add("DELETE "+user+"/memberOfGroups/{group}", dirWrite, writing(s.removeUserGroup))
	n.add("GET "+group+"/memberOfGroups", dirRead, inEnvironment(s.listGroupParents))
	n.add("POST "+group+"/memberOfGroups", dirWrite, writing(s.addGroupParent))
	n.add("GET "+group+"/memberOfGroups/{parent}", dirRead, inEnvironment(s.readGroupParent))
	n.add("DELETE "+group+"/memberOfGroups/{parent}", dirWrite, writing(s.removeGroupParent))
}

func (s *Server) addSchemas(n *node) {
	const schemas = "/environments/{env}/schemas"
	n.add("GET "+schemas, config, inEnvironment(s.listSchemas))
	n.add("GET "+schemas+"/{schema}", config, inEnvironment(s.readSchema))
	n.add("GET "+schemas+"/{schema}/attributes", config, inEnvironment(s.listAttributes))
	n.add("POST "+schemas+"/{schema}/attributes", config, writing(s.createAttribute))
	n.add("GET "+schemas+"/{schema}/attributes/{id}", config, inEnvironment(s.readAttribute))
	n.add("PUT "+schemas+"/{schema}/attributes/{id}", config, writing(s.replaceAttribute))
	n.add("PATCH "+schemas+"/{schema}/attributes/{id}", config, writing(s.patchAttribute))
	n.add("DELETE "+schemas+"/{schema}/attributes/{id}", config, writing(s.deleteAttribute))
}
