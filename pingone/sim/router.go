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
