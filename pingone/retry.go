package pingone

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

const (
	backoffBase = 200 * time.Millisecond
	backoffMax  = 20 * time.Second
	// maxAttempts bounds even the patience with a rate limit.
	maxAttempts = 100
	// longestRetryAfter is the longest wait that PingOne is believed to ask for:
	// its limits are per second or minute.
	longestRetryAfter = 5 * time.Minute
	// limitPatience is how long an interactive call goes on after the first 429.
	limitPatience = 30 * time.Second
	// maxTokens bounds the new tokens of one call: the first may be revoked as
	// the old one was.
	maxTokens = 2
)

// retrier decides whether a call is made again. A repetition must change nothing
// that the call itself did not: one that makes a row is only repeated where it
// was surely not carried out.
type retrier struct {
	client   *client
	call     call
	start    time.Time
	attempts int       // made so far
	failures int       // that were not rate limits
	tokens   int       // that were refused
	limited  time.Time // when the first 429 came; zero before
	// unclear is true once the call may have been carried out although no answer
	// said so.
	unclear bool
}

// again tells how long to wait before the next attempt and why there is one;
// an empty reason means that the outcome stands.
func (r *retrier) again(out outcome) (wait time.Duration, reason string) {
	r.attempts++
	r.unclear = r.unclear || r.call.unclear(out)
	reason = r.reason(out)
	if reason == "" || r.attempts >= maxAttempts {
		return 0, ""
	}
	if reason == "401" {
		return 0, reason
	}
	if reason != "429" {
		r.failures++
		if r.failures >= r.client.cfg.MaxAttempts {
			return 0, ""
		}
	}
	wait = r.wait(out)
	if wait > r.left() {
		return 0, ""
	}
	return wait, reason
}

// left is the time until the last attempt has to begin: the next one's wait
// for the rate budget counts as well.
func (r *retrier) left() time.Duration {
	end := r.start.Add(r.client.cfg.MaxRetryTime)
	if soon := r.limited.Add(limitPatience); !r.limited.IsZero() && !r.call.bulk && soon.Before(end) {
		end = soon
	}
	return end.Sub(r.client.cfg.Clock.Now())
}

// errBudget says that the rate budget gave no permit for a further attempt in
// time.
var errBudget = errors.New("no permit in time")

// acquire takes a permit. After a 429 it waits for it no longer than the call
// has time left.
func (r *retrier) acquire(ctx context.Context, p Permit) (release func(), err error) {
	limiter := r.client.cfg.Limiter
	if r.limited.IsZero() {
		return limiter.Acquire(ctx, p)
	}
	bounded, cancel := context.WithTimeout(ctx, max(r.left(), time.Second))
	defer cancel()
	release, err = limiter.Acquire(bounded, p)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = errBudget
	}
	return release, err
}

func (r *retrier) reason(out outcome) string {
	switch {
	case out.status == http.StatusUnauthorized && r.tokens < maxTokens:
		r.tokens++
		return "401"
	case out.status == http.StatusTooManyRequests:
		if r.limited.IsZero() {
			r.limited = r.client.cfg.Clock.Now()
		}
		return "429"
	case r.call.unclear(out) && r.call.change.creates:
		return ""
	case out.status == http.StatusRequestTimeout:
		return "408"
	case out.status >= 500 && out.status != http.StatusNotImplemented:
		return "5xx"
	case out.cut:
		return "cut_short"
	case out.network:
		return "network"
	default:
		return ""
	}
}

// wait is at least what the API asked for; otherwise it doubles with each
// attempt. Jitter keeps many callers from coming back at once.
func (r *retrier) wait(out outcome) time.Duration {
	jitter := r.client.cfg.Jitter()
	if out.retryAfter > 0 {
		return out.retryAfter + time.Duration(jitter*float64(backoffBase))
	}
	step := min(backoffMax, backoffBase<<min(r.attempts-1, 10))
	return step/2 + time.Duration(jitter*float64(step/2))
}

// final is the error of a call that is not made again.
func (r *retrier) final(out outcome) error {
	err := gwerr.From(out.err)
	if r.unclear && !refuses(out.status) {
		return unknownOutcome(r.call, out.err)
	}
	if out.status == http.StatusTooManyRequests || errors.Is(out.err, errBudget) {
		return gwerr.Wrap(gwerr.UpstreamLimited, out.err, "PingOne's rate limit stayed closed for "+
			r.client.cfg.Clock.Now().Sub(r.start).Round(time.Second).String()+".",
			"Try again later, read less, or ask Ping for a higher limit.").After(max(out.retryAfter, time.Second))
	}
	return err
}

// refuses tells of a status that says that nothing was done.
func refuses(status int) bool { return status >= 400 && status < 500 && !alike[status] }

// retryAfter reads the header Retry-After: seconds or an HTTP date (RFC 9110,
// section 10.2.3), at most longestRetryAfter; 0 if there is none or it makes no
// sense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 {
		return time.Duration(min(s, longestRetryAfter.Seconds()) * float64(time.Second))
	}
	if t, err := http.ParseTime(text); err == nil {
		return min(max(0, t.Sub(now)), longestRetryAfter)
	}
	return 0
}

// notEOF hides io.EOF in a chain of errors: to the reader of a stream it means
// that all rows were there.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New(err.Error())
	}
	return err
}

func unreachable(ctx interface{ Err() error }, err error) error {
	err = notEOF(err)
	if errors.Is(err, errCallTimeout) || errors.Is(err, errSilent) || ctx.Err() != nil {
		return gwerr.Wrap(gwerr.UpstreamFailed, err, "PingOne did not answer in time.", "Try again, or raise Timeout.")
	}
	return gwerr.Wrap(gwerr.UpstreamFailed, err, "PingOne could not be reached.", "Check the network, the proxy and ApiUrl.")
}

func cutShort(err error) error {
	err = notEOF(err)
	switch {
	case errors.Is(err, errCallTimeout):
		return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer took too long.", "Raise Timeout or ask for smaller pages with Pagesize.")
	case errors.Is(err, errIdle):
		return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer stalled.", "Try again.")
	default:
		return gwerr.Wrap(gwerr.UpstreamCutShort, err, "PingOne's answer ended early.", "Try again.")
	}
}
