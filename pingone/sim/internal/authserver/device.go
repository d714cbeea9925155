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
func (s *Server) authorizeDevice(x *exchange, app App) {
	if !slices.Contains(app.Grants, DeviceCode) {
		panic(notAllowed)
	}
	code := rand.Text()
	d := device{userCode: newUserCode(), deadline: s.cfg.Clock().Add(deviceLifetime), interval: deviceInterval}
	s.keep(byDevice, code, grant{env: x.env, app: app, scope: x.r.PostForm.Get("scope"), session: rand.Text(), device: d}, deviceLifetime+time.Minute)
	page := x.issuer + "/device"
	x.json(http.StatusOK, map[string]any{
		"device_code": code, "user_code": d.userCode, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + d.userCode,
		"expires_in":                int(deviceLifetime.Seconds()), "interval": int(deviceInterval.Seconds()),
	})
}

// grantOfDevice answers a poll: the grant that the user approved, or why there is
// none yet (RFC 8628 section 3.5).
func (s *Server) grantOfDevice(x *exchange, app App) grant {
	code, now := x.r.PostForm.Get("device_code"), s.cfg.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.find(byDevice, code)
	if d == nil || d.app.ID != app.ID || d.env != x.env {
		panic(badRequest("invalid_grant", "The device code is not valid."))
	}
	early := now.Sub(d.polled) < d.interval
	d.polled = now
	switch {
	case now.After(d.deadline):
		delete(s.grants, byDevice+code)
		panic(badRequest("expired_token", "The device code has expired."))
	case d.state == refused:
		delete(s.grants, byDevice+code)
		panic(badRequest("access_denied", "The user refused."))
	case early:
		d.interval += deviceInterval
		panic(badRequest("slow_down", "Poll less often."))
	case d.state == pending:
		panic(badRequest("authorization_pending", "The user has not decided yet."))
	}
	delete(s.grants, byDevice+code)
	return *d
}

// errNoDevice refuses a code that nobody waits with, or no longer.
var errNoDevice = errors.New("no device with this code is waiting")

// decide settles the pending authorization of a device by its user, whom a
// function finds; none refuses it.
func (s *Server) decide(userCode string, user func(env string) (subject string, err error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.grants {
		if d.userCode == "" || plainCode(d.userCode) != plainCode(userCode) || d.state != pending || s.cfg.Clock().After(d.deadline) {
			continue
		}
		subject, err := user(d.env)
		if err != nil {
			return err
		}
		if d.subject, d.state = subject, approved; subject == "" {
			d.state = refused
		}
		return nil
	}
	return errNoDevice
}

// ApproveDevice answers a pending authorization without a browser. An empty
// username refuses it.
func (s *Server) ApproveDevice(userCode, username string) error {
	return s.decide(userCode, func(env string) (string, error) {
		if username == "" {
			return "", nil
		}
		subject, _, ok := s.cfg.Directory.User(env, username)
		if !ok {
			return "", errors.New("no user has this username")
		}
		return subject, nil
	})
}

// devicePage is the verification page.
func (s *Server) devicePage(x *exchange) { x.deviceForm(nil) }

func (x *exchange) deviceForm(problem error) {
	x.page(http.StatusOK, "device", map[string]any{"Action": x.issuer + "/device", "UserCode": x.r.Form.Get("user_code"), "Problem": problem})
}

// deviceSignIn takes the posted verification page.
func (s *Server) deviceSignIn(x *exchange) {
	form := x.r.PostForm
	err := s.decide(form.Get("user_code"), func(env string) (string, error) {
		subject, ok := s.user(x)
		switch {
		case env != x.env:
			return "", errNoDevice
		case !ok:
			return "", errCredentials
		case form.Get("decision") == "deny":
			return "", nil
		}
		return subject, nil
	})
	if err != nil {
		x.deviceForm(err)
		return
	}
	x.message(http.StatusOK, "Done", "You can go back to the device.")
}
