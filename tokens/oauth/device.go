package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// Bounds on what a device authorization answer may ask for.
const (
	defaultInterval = 5 * time.Second
	slowDown        = 5 * time.Second // RFC 8628 section 3.5
	longestInterval = time.Minute
	longestDevice   = time.Hour
)

// Device is a started device login (RFC 8628): the person opens
// VerificationURI on any device and enters UserCode.
type Device struct {
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string // with the code in it; may be empty
	Expiry                  time.Time

	code     tokens.Secret
	interval time.Duration
}

// StartDevice asks for a device code.
func (c *Client) StartDevice(ctx context.Context, scopes ...string) (Device, error) {
	if len(scopes) == 0 {
		scopes = []string{"openid"}
	}
	asked := time.Now()
	status, header, body, err := c.post(ctx, c.endpoints.Device, withScope(url.Values{}, scopes))
	if err != nil {
		return Device{}, err
	}
	var a struct {
		DeviceCode              string  `json:"device_code"`
		UserCode                string  `json:"user_code"`
		VerificationURI         string  `json:"verification_uri"`
		VerificationURIComplete string  `json:"verification_uri_complete"`
		ExpiresIn               float64 `json:"expires_in"`
		Interval                float64 `json:"interval"`
		Error                   string  `json:"error"`
	}
	decoded := json.Unmarshal(body, &a)
	if status != http.StatusOK {
		return Device{}, c.refusal(grantDevice, status, header, a.Error)
	}
	if decoded != nil || a.DeviceCode == "" || a.UserCode == "" || a.VerificationURI == "" {
		return Device{}, gwerr.Wrap(gwerr.UpstreamFailed, decoded, "The authorization server's answer holds no device code.", "Try again later.")
	}
	d := Device{
		UserCode: a.UserCode, VerificationURI: a.VerificationURI, VerificationURIComplete: a.VerificationURIComplete,
		Expiry: asked.Add(within(a.ExpiresIn, 10*time.Minute, longestDevice)),
		code:   tokens.NewSecret(a.DeviceCode), interval: within(a.Interval, defaultInterval, longestInterval),
	}
	return d, nil
}

func within(seconds float64, otherwise, most time.Duration) time.Duration {
	if seconds <= 0 {
		return otherwise
	}
	return min(time.Duration(min(seconds, 1e6)*float64(time.Second)), most)
}

// PollDevice waits until the person has signed in. It asks at the server's
// pace, slower after slow_down and after a failure of the network.
func (c *Client) PollDevice(ctx context.Context, d Device) (tokens.Token, error) {
	ctx, cancel := context.WithDeadline(ctx, d.Expiry)
	defer cancel()
	timer := time.NewTimer(d.interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), context.DeadlineExceeded) && !time.Now().Before(d.Expiry) {
				return tokens.Token{}, gwerr.New(gwerr.UpstreamAuth, "The sign-in took too long.", "Start it again.")
			}
			return tokens.Token{}, gwerr.From(ctx.Err())
		case <-timer.C:
		}
		t, again, err := c.askDevice(ctx, d)
		if !again {
			return t, err
		}
		if err != nil {
			d.interval = min(d.interval+slowDown, longestInterval)
		}
		timer.Reset(d.interval)
	}
}

// askDevice asks once. again says that the login is still pending; err then
// says that the pace was too fast or the network failed.
func (c *Client) askDevice(ctx context.Context, d Device) (t tokens.Token, again bool, err error) {
	asked := time.Now()
	form := url.Values{"grant_type": {grantDevice}, "device_code": {d.code.Reveal()}}
	status, header, body, err := c.post(ctx, c.endpoints.Token, form)
	if err != nil {
		return tokens.Token{}, gwerr.Is(err, gwerr.UpstreamFailed), err
	}
	t, code, err := c.read(form.Get("grant_type"), asked, status, header, body)
	switch {
	case code == "authorization_pending":
		return tokens.Token{}, true, nil
	case code == "slow_down", status >= 500, status == http.StatusTooManyRequests:
		return tokens.Token{}, true, err
	}
	return t, false, err
}
