package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// The writes below change the directory from within the process. They do what
// the API's own calls do, with the rights of an administrator, and see no
// unkindness on their way. Environments are given by name; errors are what the
// API would have answered.

// CreateUser creates a user from the API's members, such as
// {"username": "ada", "population": {"id": …}}, and gives its id.
func (s *Server) CreateUser(environment string, user map[string]any) (id string, err error) {
	return s.direct(http.MethodPost, environment, "/users", user)
}

// DeleteUser deletes a user.
func (s *Server) DeleteUser(environment, user string) error {
	_, err := s.direct(http.MethodDelete, environment, "/users/"+user, nil)
	return err
}

// ChangeUser changes members of a user as PATCH does.
func (s *Server) ChangeUser(environment, user string, members map[string]any) error {
	_, err := s.direct(http.MethodPatch, environment, "/users/"+user, members)
	return err
}

// RenameUser changes a username.
func (s *Server) RenameUser(environment, user, username string) error {
	return s.ChangeUser(environment, user, map[string]any{"username": username})
}

// EnableUser enables or disables a user.
func (s *Server) EnableUser(environment, user string, enabled bool) error {
	_, err := s.direct(http.MethodPut, environment, "/users/"+user+"/enabled", map[string]any{"enabled": enabled})
	return err
}

// MoveUser moves a user to another population; both are given by id.
func (s *Server) MoveUser(environment, user, population string) error {
	_, err := s.direct(http.MethodPut, environment, "/users/"+user+"/population", map[string]any{"id": population})
	return err
}

// CreatePopulation creates a population and gives its id.
func (s *Server) CreatePopulation(environment, name string) (id string, err error) {
	return s.direct(http.MethodPost, environment, "/populations", map[string]any{"name": name})
}

// DeletePopulation deletes a population, which must be empty.
func (s *Server) DeletePopulation(environment, population string) error {
	_, err := s.direct(http.MethodDelete, environment, "/populations/"+population, nil)
	return err
}

// CreateGroup creates a group from the API's members and gives its id.
func (s *Server) CreateGroup(environment string, group map[string]any) (id string, err error) {
	return s.direct(http.MethodPost, environment, "/groups", group)
}

// DeleteGroup deletes a group with its memberships.
func (s *Server) DeleteGroup(environment, group string) error {
	_, err := s.direct(http.MethodDelete, environment, "/groups/"+group, nil)
	return err
}

// AddMember makes a user a direct member of a group.
func (s *Server) AddMember(environment, user, group string) error {
	_, err := s.direct(http.MethodPost, environment, "/users/"+user+"/memberOfGroups", map[string]any{"id": group})
	return err
}

// RemoveMember ends a direct membership.
func (s *Server) RemoveMember(environment, user, group string) error {
	_, err := s.direct(http.MethodDelete, environment, "/users/"+user+"/memberOfGroups/"+group, nil)
	return err
}

// direct runs a call's handler and gives the id in its answer.
func (s *Server) direct(method, environment, path string, members map[string]any) (id string, err error) {
	e := s.environmentNamed(environment)
	if e == nil {
		return "", fmt.Errorf("there is no environment %q", environment)
	}
	body, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("write the body: %w", err)
	}
	path = "/environments/" + e.id.String() + path
	node, params := s.routes.lookup(strings.TrimPrefix(path, "/"))
	if node == nil {
		return "", fmt.Errorf("the API has no %s", path)
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
