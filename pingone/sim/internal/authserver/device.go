package authserver

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Defaults of PingOne's applications.
const (
	deviceLifetime = 600 * time.Second
	deviceInterval = 5 * time.Second
)

// device is a pending device authorization (RFC 8628).
type device struct {
	env, userCode string
	app           App
	scope         string
	expiry        time.Time
	interval      time.Duration
	polled        time.Time
	state         deviceState
	subject       string
}

type deviceState uint8

const (
	pending deviceState = iota
	approved
	refused
)

// userCodeLetters have no vowels and nothing that looks like something else.
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

func newUserCode() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = userCodeLetters[int(b[i])%len(userCodeLetters)]
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// plainCode removes what users add to a code.
func plainCode(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, code))
}

// authorizeDevice is the device authorization endpoint.
func (s *Server) authorizeDevice(x *exchange) {
	app, problem := s.client(x)
	if problem == nil && !slices.Contains(app.Grants, DeviceCode) {
		problem = badRequest("unauthorized_client", "The application may not use this grant type.")
	}
	if problem != nil {
		x.fail(problem.status, problem.code, problem.description)
		return
	}
	now := s.cfg.Clock()
	code, d := randomText(32), &device{
		env: x.env, userCode: newUserCode(), app: app, scope: x.r.PostForm.Get("scope"),
		expiry: now.Add(deviceLifetime), interval: deviceInterval,
	}
	s.mu.Lock()
	s.sweep(now)
	s.devices[code] = d
	s.mu.Unlock()
	page := x.issuer + "/device"
	x.json(http.StatusOK, map[string]any{
		"device_code": code, "user_code": d.userCode, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + d.userCode,
		"expires_in":                int(deviceLifetime.Seconds()), "interval": int(deviceInterval.Seconds()),
	})
}

// redeemDevice answers a poll (RFC 8628 section 3.5).
func (s *Server) redeemDevice(x *exchange, app App) *oauthError {
	now, code := s.cfg.Clock(), x.r.PostForm.Get("device_code")
	s.mu.Lock()
	d, ok := s.devices[code]
	if !ok || d.app.ID != app.ID || d.env != x.env {
		s.mu.Unlock()
		return badRequest("invalid_grant", "The device code is not valid.")
	}
	early := !d.polled.IsZero() && now.Sub(d.polled) < d.interval
	d.polled = now
	state, expired, scope, subject := d.state, now.After(d.expiry), d.scope, d.subject
	switch {
	case expired || state == refused || state == approved && !early:
		delete(s.devices, code)
	case early:
		d.interval += deviceInterval
	}
	s.mu.Unlock()
	switch {
	case expired:
		return badRequest("expired_token", "The device code has expired.")
	case early:
		return badRequest("slow_down", "Poll less often.")
	case state == pending:
		return badRequest("authorization_pending", "The user has not decided yet.")
	case state == refused:
		return badRequest("access_denied", "The user refused.")
	}
	return s.answerGrant(x, grant{app: app, subject: subject, scope: scope, session: randomText(12)})
}

// decide settles a pending device authorization.
func (s *Server) decide(userCode, env, subject string, allow bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if plainCode(d.userCode) != plainCode(userCode) || d.env != env || d.state != pending || s.cfg.Clock().After(d.expiry) {
			continue
		}
		d.state, d.subject = refused, subject
		if allow {
			d.state = approved
		}
		return true
	}
	return false
}

// deviceEnvironment finds where a user code is pending.
func (s *Server) deviceEnvironment(userCode string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if plainCode(d.userCode) == plainCode(userCode) && d.state == pending {
			return d.env, true
		}
	}
	return "", false
}

// ApproveDevice answers a pending authorization without a browser. An empty
// username refuses it.
func (s *Server) ApproveDevice(userCode, username string) error {
	env, ok := s.deviceEnvironment(userCode)
	if !ok {
		return errors.New("no device with this code is waiting")
	}
	subject := ""
	if username != "" {
		if subject, ok = s.cfg.Directory.UserByName(env, username); !ok {
			return errors.New("no user has this username")
		}
	}
	if !s.decide(userCode, env, subject, username != "") {
		return errors.New("no device with this code is waiting")
	}
	return nil
}

// devicePage is the verification page.
func (s *Server) devicePage(x *exchange) {
	x.page(devicePage, map[string]any{"Action": x.issuer + "/device", "UserCode": x.r.Form.Get("user_code")})
}

// deviceSignIn takes the posted verification page.
func (s *Server) deviceSignIn(x *exchange) {
	form := x.r.PostForm
	subject, ok := s.cfg.Directory.SignIn(x.env, form.Get("username"), form.Get("password"))
	var problem string
	switch {
	case !ok:
		problem = "The username or the password is wrong, or the account cannot be used."
	case !s.decide(form.Get("user_code"), x.env, subject, form.Get("decision") != "deny"):
		problem = "No device with this code is waiting."
	default:
		x.page(messagePage, map[string]string{"Title": "Done", "Message": "You can go back to the device."})
		return
	}
	x.page(devicePage, map[string]any{"Action": x.issuer + "/device", "UserCode": form.Get("user_code"), "Problem": problem})
}
