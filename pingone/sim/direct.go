package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Write changes the directory from within the process. It does what the API's own
// call of the method does, with the rights of an administrator, and sees no
// unkindness on its way: the path is below an environment, which is given by name,
// such as /users. It gives the id in the answer, if there is one; errors are what
// the API would have answered.
func (s *Server) Write(method, environment, path string, members map[string]any) (id string, err error) {
	e := s.environmentNamed(environment)
	if e == nil {
		return "", fmt.Errorf("there is no environment %q", environment)
	}
	body, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("write the body: %w", err)
	}
	path = "/environments/" + e.id + path
	node, params := s.routes.lookup(path)
	if node == nil || node.routes[method].handle == nil {
		return "", fmt.Errorf("the API has no %s %s", method, path)
	}
	c := &call{
		request: &http.Request{
			Method: method, URL: &url.URL{Path: "/v1" + path}, Body: io.NopCloser(bytes.NewReader(body)),
			Header: http.Header{"Content-Type": {mediaJSON}},
		},
		params: params[1:], environment: e, access: s.everywhere(true), now: s.opt.Clock(), mood: s.unkind.Load(),
	}
	answer, err := node.routes[method].handle(c)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", method, path, err)
	}
	var made struct{ ID string }
	if answer.body != nil {
		err = json.Unmarshal(answer.body.Bytes(), &made)
	}
	return made.ID, err
}
