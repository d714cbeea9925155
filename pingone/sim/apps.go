package sim

import (
	"cmp"

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
	a := App{ID: data.NamedID("app " + name).String(), Name: name, Method: method}
	if method != "NONE" && method != "PRIVATE_KEY_JWT" {
		a.Secret = "simulator-" + data.NamedID("secret "+name).String()
	}
	return a
}

// RedirectURI is registered with the Web and Native applications, and with it
// every loopback address of the path /callback on any port.
const RedirectURI = "http://127.0.0.1/callback"

// UserPassword is the password of every user that none was set for.
const UserPassword = "2FederateM0re!"

// WorkerKey is the private key of AppWorkerKeyJWT as PEM (PKCS #8).
func (s *Server) WorkerKey() ([]byte, error) { return s.auth.ClientKey() }

// apps registers the applications with the authorization server.
func (s *Server) apps() map[string][]authserver.App {
	machine := []string{authserver.ClientCredentials}
	human := []string{authserver.AuthorizationCode, authserver.RefreshToken}
	var out []authserver.App
	for _, a := range []App{
		AppWorker, AppWorkerPost, AppWorkerSecretJWT, AppWorkerKeyJWT, AppReadOnly, AppCustomersOnly, AppPopulationOnly, AppDirectoryOnly, AppNoRoles,
	} {
		out = append(out, authserver.App{ID: a.ID, Secret: a.Secret, Method: a.Method, Grants: machine, NoRoles: a == AppNoRoles})
	}
	for _, a := range []App{AppWeb, AppNative} {
		out = append(out, authserver.App{ID: a.ID, Secret: a.Secret, Method: a.Method, Grants: human, RedirectURI: RedirectURI})
	}
	device := []string{authserver.DeviceCode, authserver.RefreshToken}
	out = append(out, authserver.App{ID: AppDevice.ID, Method: AppDevice.Method, Grants: device})
	return map[string][]authserver.App{s.environments()[0].id.String(): out}
}

// directory lets the authorization server sign users in.
type directory struct{ server *Server }

// in looks a user up in an environment; false when there is none.
func (d directory) in(env string, look func(e *environment) *resource.Row) (*resource.Row, bool) {
	id, _ := data.ParseID(env)
	e := d.server.environment(id)
	if e == nil {
		return nil, false
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	row := look(e)
	return row, row != nil
}

func named(username string) func(e *environment) *resource.Row {
	return func(e *environment) *resource.Row {
		if i, ok := e.userByUsername(username); ok {
			return e.latest(i)
		}
		return nil
	}
}

// SignIn implements authserver.Directory.
func (d directory) SignIn(environment, username, password string) (string, bool) {
	row, ok := d.in(environment, named(username))
	if !ok || canAuthenticate(nil, row) != true || password != cmp.Or(resource.First(row.Members, "password.value"), UserPassword) {
		return "", false
	}
	return row.ID, true
}

// UserByName implements authserver.Directory.
func (d directory) UserByName(environment, username string) (string, bool) {
	row, ok := d.in(environment, named(username))
	if !ok {
		return "", false
	}
	return row.ID, true
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
