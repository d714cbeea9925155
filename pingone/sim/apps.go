package sim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/authserver"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// App is an application that is registered in the Administrators environment.
type App struct {
	ID     string // client id
	Name   string
	Secret string // empty for public clients and for private_key_jwt
	Method string // tokenEndpointAuthMethod
}

// The applications. Their ids and secrets are the same in every simulator.
var (
	// AppWorker may do everything in every environment.
	AppWorker = app("Worker", "CLIENT_SECRET_BASIC")
	// AppWorkerPost is the same with the secret in the body.
	AppWorkerPost = app("Worker (post)", "CLIENT_SECRET_POST")
	// AppWorkerSecretJWT is the same with an assertion signed by the secret.
	AppWorkerSecretJWT = app("Worker (secret JWT)", "CLIENT_SECRET_JWT")
	// AppWorkerKeyJWT is the same with an assertion signed by WorkerKey.
	AppWorkerKeyJWT = app("Worker (private key JWT)", "PRIVATE_KEY_JWT")
	// AppReadOnly may read everything and write nothing.
	AppReadOnly = app("Worker (read only)", "CLIENT_SECRET_BASIC")
	// AppCustomersOnly has roles in the Customers environment alone.
	AppCustomersOnly = app("Worker (Customers)", "CLIENT_SECRET_BASIC")
	// AppPopulationOnly has roles for one population of Administrators.
	AppPopulationOnly = app("Worker (one population)", "CLIENT_SECRET_BASIC")
	// AppDirectoryOnly has the role Identity Data Read Only in every environment:
	// configuration is hidden from it.
	AppDirectoryOnly = app("Worker (directory)", "CLIENT_SECRET_BASIC")
	// AppNoRoles has no role, so it gets no token.
	AppNoRoles = app("Worker (no roles)", "CLIENT_SECRET_BASIC")
	// AppWeb signs users in with a code and keeps them with refresh tokens.
	AppWeb = app("Web", "CLIENT_SECRET_BASIC")
	// AppNative is a public client: code with PKCE, refresh tokens.
	AppNative = app("Native", "NONE")
	// AppDevice is a public client for the device flow.
	AppDevice = app("Device", "NONE")
)

func app(name, method string) App {
	a := App{ID: data.NamedID("app " + name), Name: name, Method: method}
	if method != "NONE" && method != "PRIVATE_KEY_JWT" {
		a.Secret = "simulator-" + data.NamedID("secret "+name)
	}
	return a
}

// unrotated is the secret of an application that a call made, as its file says.
const unrotated = "not-a-secret-yet"

// RedirectURI is registered with the Web and Native applications, and with it
// every loopback address of the path /callback on any port.
const RedirectURI = "http://127.0.0.1/callback"

// UserPassword is the password of every user that none was set for.
const UserPassword = "2FederateM0re!"

// WorkerKey is the private key of AppWorkerKeyJWT as PEM (PKCS #8).
func (s *Server) WorkerKey() []byte { return s.auth.ClientKey() }

// directory lets the authorization server sign users in.
type directory struct{ server *Server }

// in looks a user up in an environment; false when there is none.
func (d directory) in(env string, look func(e *environment) *resource.Row) (*resource.Row, bool) {
	e := d.server.environment(env)
	if e == nil {
		return nil, false
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	row := look(e)
	return row, row != nil
}

// User implements authserver.Directory.
func (d directory) User(env, username string) (subject, password string, ok bool) {
	row, ok := d.in(env, func(e *environment) *resource.Row {
		if i, found := e.userByUsername(username); found {
			return e.latest(i)
		}
		return nil
	})
	if !ok {
		return "", "", false
	}
	if canAuthenticate(nil, row) == true {
		password = cmp.Or(resource.First(row.Members, "password.value"), UserPassword)
	}
	return row.ID, password, true
}

// Profile implements authserver.Directory.
func (d directory) Profile(env, subject string) (map[string]any, bool) {
	row, ok := d.in(env, func(e *environment) *resource.Row { return e.userOf(subject) })
	if !ok {
		return nil, false
	}
	claims := make(map[string]any)
	for name, path := range map[string]string{
		"preferred_username": "username", "email": "email", "given_name": "name.given", "family_name": "name.family",
		"name": "name.formatted", "locale": "locale",
	} {
		if text := resource.First(row.Members, path); text != "" {
			claims[name] = text
		}
	}
	return claims, true
}

// App implements authserver.Directory: the applications are those of the API. A
// worker without roles gets no token.
func (d directory) App(env, id string) (app authserver.App, ok bool) {
	_, ok = d.in(env, func(e *environment) *resource.Row {
		row := e.rows.Read("applications").Find(id)
		if row == nil || row.Members["enabled"] != true || row.Members["protocol"] != "OPENID_CONNECT" {
			return nil
		}
		app = authserver.App{
			ID: id, Secrets: e.secrets(id), Method: resource.First(row.Members, "tokenEndpointAuthMethod"),
			RedirectURI: resource.First(row.Members, "redirectUris"), NoRoles: len(d.server.appAccess(id).environments) == 0,
		}
		for _, grant := range resource.Values(row.Members, "grantTypes") {
			app.Grants = append(app.Grants, cmp.Or(map[string]string{"DEVICE_CODE": authserver.DeviceCode}[grant], strings.ToLower(grant)))
		}
		return row
	})
	return app, ok
}

// secrets are those of an application that are good now: the present one, and the
// one before until it expires.
func (e *environment) secrets(application string) []string {
	row := e.rows.Read("applications/" + application + "/secret").Only()
	if row == nil {
		return []string{unrotated}
	}
	out := []string{resource.First(row.Members, "secret")}
	if asInstant(resource.First(row.Members, "previous.expiresAt")) > instant(e.server.opt.Clock().UnixMilli()) {
		out = append(out, resource.First(row.Members, "previous.secret"))
	}
	return out
}

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
func (s *Server) authorize(r *http.Request) access {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		panic(unauthorized("The access token is missing."))
	}
	claims, err := s.auth.Verify(strings.TrimSpace(token))
	if err != nil {
		panic(unauthorized("The access token is not valid: " + err.Error() + "."))
	}
	a := s.appAccess(claims.ClientID)
	if claims.Subject != "" {
		a = s.userAccess(claims.Environment, claims.Subject)
	}
	if len(a.environments) == 0 {
		panic(forbidden())
	}
	a.client, a.user = claims.ClientID, claims.Subject
	return a
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
	administrators, shop := s.environments()[0], data.NamedID("environment "+EnvironmentCustomers)
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
	e := s.environment(env)
	if !ok || e == nil || row.Members["enabled"] != true {
		return access{}
	}
	switch i, _ := e.people.Index(subject); {
	case e == s.environments()[0] && e.people.IsAdmin(i):
		return s.everywhere(true)
	case e.people.IsAuditor(i):
		return access{environments: map[string]bool{e.id: true}, narrow: true}
	}
	return access{}
}
