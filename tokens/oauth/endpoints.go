// Package oauth speaks to PingOne's authorization server: every grant and
// every way a client may authenticate, and the logins of people at a desktop,
// in a terminal and through the gateway's own web pages.
//
// It makes single requests; package tokens decides when to make them and keeps
// what they give.
package oauth

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Endpoints are the addresses of one authorization server, as PingOne lays
// them out below /as.
type Endpoints struct {
	// Issuer is the base of the others and the value of the iss claim.
	Issuer string
	// Authorize, Token, Device, Revoke, UserInfo and JWKS are the endpoints of
	// RFC 6749, RFC 8628, RFC 7009 and OpenID Connect.
	Authorize, Token, Device, Revoke, UserInfo, JWKS string
}

// authHosts are PingOne's authorization hosts by region code.
var authHosts = map[string]string{
	"NA": "auth.pingone.com", "US": "auth.pingone.com", "CA": "auth.pingone.ca", "EU": "auth.pingone.eu",
	"AU": "auth.pingone.com.au", "SG": "auth.pingone.sg", "AP": "auth.pingone.asia",
}

// NewEndpoints derives the endpoints from the connection properties Region,
// WorkerAppEnvironmentId and AuthorizationServerURL; an empty region means NA.
//
// A server address without a path is a custom domain, whose addresses hold no
// environment id: https://login.example.com/as/token. On PingOne's own hosts
// and on loopback the environment id is put in. A server address with a path
// is used as it is, with /as added unless it ends so. Errors are
// gwerr.Config.
func NewEndpoints(region, environmentID, server string) (Endpoints, error) {
	if server != "" {
		return fromServer(environmentID, server, false)
	}
	region = cmp.Or(region, "NA")
	host, ok := authHosts[strings.ToUpper(region)]
	if !ok {
		return Endpoints{}, gwerr.New(gwerr.Config, fmt.Sprintf("Region %q is not known.", region),
			"Use NA, CA, EU, AU, SG or AP.").On("Region")
	}
	if environmentID == "" {
		return Endpoints{}, gwerr.New(gwerr.Config, "WorkerAppEnvironmentId is missing.",
			"Set it to the id of the environment that owns the application.").On("WorkerAppEnvironmentId")
	}
	return below("https://" + host + "/" + url.PathEscape(environmentID) + "/as"), nil
}

// NewPlainEndpoints is NewEndpoints for a server whose address may begin with
// http: a simulator in a closed network. Secrets and tokens then travel in
// clear.
func NewPlainEndpoints(region, environmentID, server string) (Endpoints, error) {
	if server == "" {
		return NewEndpoints(region, environmentID, server)
	}
	return fromServer(environmentID, server, true)
}

func fromServer(environmentID, server string, plain bool) (Endpoints, error) {
	bad := func(why, hint string) (Endpoints, error) {
		return Endpoints{}, gwerr.New(gwerr.Config, "AuthorizationServerURL "+why+".", hint).On("AuthorizationServerURL")
	}
	u, err := url.Parse(strings.TrimRight(server, "/"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return bad("is not an address", "Write it as https://login.example.com.")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return bad("holds more than host and path", "Remove user, query and fragment.")
	case u.Scheme == "http" && !plain && !isLoopback(u.Hostname()):
		return bad("is not encrypted", "Use https. For a simulator in a closed network set AllowPlainHTTP.")
	}
	if u.Path == "" && environmentID != "" && (isPingOne(u.Hostname()) || isLoopback(u.Hostname())) {
		u.Path = "/" + environmentID
	}
	if !strings.HasSuffix(u.Path, "/as") {
		u.Path += "/as"
	}
	u.RawPath = ""
	return below(u.String()), nil
}

func below(issuer string) Endpoints {
	return Endpoints{
		Issuer: issuer, Authorize: issuer + "/authorize", Token: issuer + "/token",
		Device: issuer + "/device_authorization", Revoke: issuer + "/revoke",
		UserInfo: issuer + "/userinfo", JWKS: issuer + "/jwks",
	}
}

func isPingOne(host string) bool {
	for _, h := range authHosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
