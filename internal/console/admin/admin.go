// Package admin is the administrator's page of the gateway: what its checks say and how
// to correct what fails, how much of PingOne's rate budget is used, which requests took
// longest and which calls gave least, and the keys with their last use and end. It shows
// this process, since its start.
package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// soon is how long before its end a key is worth a word.
const soon = 30 * 24 * time.Hour

// Check is the last outcome of one check.
type Check struct {
	Name          string
	OK            bool
	Message, Hint string
	At            time.Time // zero before the first round
}

// Budget is the use of one rate limit of PingOne's.
type Budget struct {
	Name string
	// PerSecond are calls now, Rate what is allowed; 0 where that is not known.
	PerSecond, Rate   float64
	InFlight, Waiting int
}

// Used is the share of the rate in use, in percent, at most 100.
func (b Budget) Used() int {
	if b.Rate <= 0 {
		return 0
	}
	return min(100, int(100*b.PerSecond/b.Rate+0.5))
}

// Key is an API key.
type Key struct {
	Name, ID, State            string
	Roles                      []string
	Created, Expires, LastUsed time.Time // zero for never
}

// Config is what New needs. A nil function leaves its part of the page out.
type Config struct {
	Site    *console.Site
	Checks  func() (ready bool, all []Check)
	Budgets func() []Budget
	Keys    func(context.Context) ([]Key, error)
	// Ring is what callers asked lately; nil leaves it out.
	Ring *Ring
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Handler serves the page.
type Handler struct{ cfg Config }

// New returns the handler.
func New(cfg Config) *Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Handler{cfg}
}

type view struct {
	console.Page
	Now              time.Time
	Ready            bool
	Checks           []Check
	Budgets          []Budget
	Callers          []Caller
	Slowest, Costly  []Asked
	Remembered       int
	Keys             []Key
	HasKeys, HasRing bool
	KeysFailed       *gwerr.Error
}

// Nav leads to nothing of the public listener.
func (view) Nav() []console.Link { return nil }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := view{Page: h.cfg.Site.Page(r, "Administration", ""), Now: h.cfg.Now(), Ready: true, HasKeys: h.cfg.Keys != nil, HasRing: h.cfg.Ring != nil}
	if h.cfg.Checks != nil {
		v.Ready, v.Checks = h.cfg.Checks()
	}
	if h.cfg.Budgets != nil {
		v.Budgets = h.cfg.Budgets()
	}
	if h.cfg.Ring != nil {
		all := h.cfg.Ring.Lately()
		v.Callers, v.Slowest, v.Costly, v.Remembered = byCaller(all), most(all, slowness), most(all, waste), len(all)
	}
	if h.cfg.Keys != nil {
		var err error
		if v.Keys, err = h.cfg.Keys(r.Context()); err != nil {
			v.KeysFailed = gwerr.From(err)
		}
	}
	if err := h.cfg.Site.Render(w, r, http.StatusOK, "admin", v); err != nil {
		h.cfg.Site.Fail(w, r, gwerr.From(err))
	}
}

// Ago is a time as seen from now, "never" for none.
func (v view) Ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	if d := v.Now.Sub(t); d < 0 {
		return "in " + span(-d)
	} else if d >= time.Minute {
		return span(d) + " ago"
	}
	return "just now"
}

// span is a length of time in its largest unit.
func span(d time.Duration) string {
	for _, u := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(d / u.of); n == 1 {
			return "1 " + u.name
		} else if n > 1 {
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "less than a minute"
}

// Soon tells a key that works and will soon end.
func (v view) Soon(k Key) bool {
	return k.State == "active" && !k.Expires.IsZero() && k.Expires.Sub(v.Now) < soon
}

// Seconds is a duration for people.
func (view) Seconds(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// list is a list of requests with the view that knows how to write them.
type list struct {
	View  view
	Asked []Asked
}

// Of hands a list to its template.
func (v view) Of(asked []Asked) list { return list{v, asked} }
