package sim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// limitedPopulation is the population that AppPopulationOnly has roles for.
const limitedPopulation = 2

// access is what the roles of a caller allow.
type access struct {
	environments map[string]bool
	populations  map[string]bool // nil: all; else only these
	write        bool
	organization bool   // may see licenses
	client, user string // who calls
	narrow       bool   // has roles for the directory alone: configuration is hidden
}

// may reports whether a caller has a role of one of the classes of permission.
func (a access) may(classes []string) bool {
	held := map[string]bool{"everyone": true, "directory": true, "configuration": !a.narrow, "organization": a.organization}
	return slices.ContainsFunc(classes, func(class string) bool { return held[class] })
}

func (a access) sees(environment string) bool { return a.environments[environment] }

// seesPopulation reports whether the caller may see a population.
func (a access) seesPopulation(id string) bool { return a.populations == nil || a.populations[id] }

// authorize checks the bearer token of an API call and finds its roles.
func (s *Server) authorize(r *http.Request) (access, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return access{}, unauthorized("The access token is missing.")
	}
	claims, err := s.auth.Verify(strings.TrimSpace(token))
	if err != nil {
		return access{}, unauthorized("The access token is not valid: " + err.Error() + ".")
	}
	a := s.appAccess(claims.ClientID)
	if claims.Subject != "" {
		a = s.userAccess(claims.Environment, claims.Subject)
	}
	if len(a.environments) == 0 {
		return access{}, forbidden()
	}
	a.client, a.user = claims.ClientID, claims.Subject
	return a, nil
}

// everywhere is an administrator's access to the whole organization.
func (s *Server) everywhere(write bool) access {
	a := access{environments: make(map[string]bool), write: write, organization: true}
	for _, e := range s.environments() {
		a.environments[e.id] = true
	}
	return a
}

// appAccess are the roles of a worker application.
func (s *Server) appAccess(client string) access {
	administrators, shop := s.environments()[0], data.NamedID("environment "+customers)
	switch client {
	case AppCustomersOnly.ID:
		return access{environments: map[string]bool{shop: true}, write: true}
	case AppPopulationOnly.ID:
		only := administrators.seedID("populations", limitedPopulation)
		return access{environments: map[string]bool{administrators.id: true}, populations: map[string]bool{only: true}, write: true, narrow: true}
	case AppReadOnly.ID:
		return s.everywhere(false)
	case AppDirectoryOnly.ID:
		a := s.everywhere(false)
		a.organization, a.narrow = false, true
		return a
	case AppWorker.ID, AppWorkerPost.ID, AppWorkerSecretJWT.ID, AppWorkerKeyJWT.ID:
		return s.everywhere(true)
	}
	return access{}
}

// userAccess are the roles of a user who signed in.
func (s *Server) userAccess(env, subject string) access {
	row, ok := directory{s}.in(env, func(e *environment) *resource.Row { return e.userOf(subject) })
	if !ok || row.Members["enabled"] != true {
		return access{}
	}
	e := s.environment(env)
	if e == nil {
		return access{}
	}
	switch i, _ := e.userByID(subject); {
	case e == s.environments()[0] && e.people.IsAdmin(i):
		return s.everywhere(true)
	case e.people.IsAuditor(i):
		return access{environments: map[string]bool{e.id: true}, narrow: true}
	}
	return access{}
}
