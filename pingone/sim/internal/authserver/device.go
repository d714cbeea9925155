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

// device is what a pending device authorization has beside the grant (RFC 8628).
type device struct {
	userCode string
	deadline time.Time // of the user
	interval time.Duration
	polled   time.Time
	state    deviceState
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
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
}

// authorizeDevice is the device authorization endpoint.
func (s *Server) authorizeDevice(x *exchange, app App) *refusal {
	if !slices.Contains(app.Grants, DeviceCode) {
		return notAllowed
	}
	code := randomText(32)
	d := device{userCode: newUserCode(), deadline: s.cfg.Clock().Add(deviceLifetime), interval: deviceInterval}
	s.keep(byDevice, code, grant{env: x.env, app: app, scope: x.r.PostForm.Get("scope"), session: randomText(12), device: d}, deviceLifetime+time.Minute)
	page := x.issuer + "/device"
	return x.json(http.StatusOK, map[string]any{
		"device_code": code, "user_code": d.userCode, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + d.userCode,
		"expires_in":                int(deviceLifetime.Seconds()), "interval": int(deviceInterval.Seconds()),
	})
}

// grantOfDevice answers a poll: the grant that the user approved, or why there is
// none yet (RFC 8628 section 3.5).
func (s *Server) grantOfDevice(x *exchange, app App) (grant, *refusal) {
	code, now := x.r.PostForm.Get("device_code"), s.cfg.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.find(byDevice, code)
	if d == nil || d.app.ID != app.ID || d.env != x.env {
		return grant{}, badRequest("invalid_grant", "The device code is not valid.")
	}
	early := now.Sub(d.polled) < d.interval
	d.polled = now
	switch {
	case now.After(d.deadline):
		delete(s.grants, byDevice+code)
		return grant{}, badRequest("expired_token", "The device code has expired.")
	case d.state == refused:
		delete(s.grants, byDevice+code)
		return grant{}, badRequest("access_denied", "The user refused.")
	case early:
		d.interval += deviceInterval
		return grant{}, badRequest("slow_down", "Poll less often.")
	case d.state == pending:
		return grant{}, badRequest("authorization_pending", "The user has not decided yet.")
	}
	delete(s.grants, byDevice+code)
	return *d, nil
}

// waiting finds a device whose user has not decided; nil when there is none. The
// lock is held.
func (s *Server) waiting(userCode string) *grant {
	for _, d := range s.grants {
		if d.userCode != "" && plainCode(d.userCode) == plainCode(userCode) && d.state == pending && !s.cfg.Clock().After(d.deadline) {
			return d
		}
	}
	return nil
}

// decide settles a pending device authorization.
func (s *Server) decide(userCode, env, subject string, allow bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.waiting(userCode)
	if d == nil || d.env != env {
		return false
	}
	d.state, d.subject = refused, subject
	if allow {
		d.state = approved
	}
	return true
}

const noDevice = "no device with this code is waiting"

// ApproveDevice answers a pending authorization without a browser. An empty
// username refuses it.
func (s *Server) ApproveDevice(userCode, username string) error {
	s.mu.Lock()
	d := s.waiting(userCode)
	s.mu.Unlock()
	if d == nil {
		return errors.New(noDevice)
	}
	subject, ok := "", true
	if username != "" {
		subject, ok = s.cfg.Directory.UserByName(d.env, username)
	}
	switch {
	case !ok:
		return errors.New("no user has this username")
	case !s.decide(userCode, d.env, subject, username != ""):
		return errors.New(noDevice)
	}
	return nil
}

// devicePage is the verification page.
func (s *Server) devicePage(x *exchange) *refusal { return x.deviceForm("") }

func (x *exchange) deviceForm(problem string) *refusal {
	return x.page(http.StatusOK, "device", map[string]any{"Action": x.issuer + "/device", "UserCode": x.r.Form.Get("user_code"), "Problem": problem})
}

// deviceSignIn takes the posted verification page.
func (s *Server) deviceSignIn(x *exchange) *refusal {
	form := x.r.PostForm
	subject, ok := s.cfg.Directory.SignIn(x.env, form.Get("username"), form.Get("password"))
	switch {
	case !ok:
		return x.deviceForm(wrongCredentials)
	case !s.decide(form.Get("user_code"), x.env, subject, form.Get("decision") != "deny"):
		return x.deviceForm("No device with this code is waiting.")
	}
	return x.message(http.StatusOK, "Done", "You can go back to the device.")
}
