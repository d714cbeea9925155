package sim

import (
	"crypto/rsa"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Options configure a Server. The zero value is usable: 5,000 users, no latency,
// no rate limits, no faults.
type Options struct {
	// Users is the number of users in the Administrators environment; Customers
	// has a fifth of it and Partner Portal Zürich a fiftieth. Default 5000, at
	// most MaxUsers.
	Users int
	// Seed chooses the directory's content. Ids of the organization, the
	// environments and the applications do not depend on it. Default 1.
	Seed uint64
	// Latency is added to every API and token call.
	Latency time.Duration
	// RateLimits are enforced per rate-limit group over the whole license, which
	// all environments share. Groups that are not named are unlimited. See
	// DocumentedRates.
	RateLimits map[string]Rate
	// Unkind are the switches in force from the start, a list such as
	// "short-pages,cursor-ttl=30s"; see Switches and Server.SetUnkind.
	Unkind string
	// OnRequest is called before every call to the API; see Server.SetOnRequest.
	OnRequest func(n int64)
	// SourceShare is the switch source-share: the part of a rate that one source
	// address may use in one environment. Zero turns it off.
	SourceShare float64
	// Faults are in force from the start.
	Faults []Fault
	// TokenLifetime of access tokens; default one hour.
	TokenLifetime time.Duration
	// RefreshLifetime of refresh tokens; default 30 days.
	RefreshLifetime time.Duration
	// RefreshGrace lets a rotated refresh token be used again for this long.
	RefreshGrace time.Duration
	// MaxUsersPage caps a page of users; default 200, at most 1000.
	MaxUsersPage int
	// MaxCount is the switch no-count: lists that have more members than this
	// have no count. Zero: always there.
	MaxCount int
	// SearchDelay is the switch search-delay: how long a write to a user takes to
	// appear in lists. Single reads see it at once.
	SearchDelay time.Duration
	// Unconfirmed accepts filter operators that only third parties report: id eq
	// on users, co on given and family names.
	Unconfirmed bool
	// NoCompression never answers with gzip.
	NoCompression bool
	// SigningKey signs tokens until RotateKeys. Nil: a new one, made when it is
	// first needed, which takes about a tenth of a second.
	SigningKey *rsa.PrivateKey
	// LogSize is how many requests the log keeps; default 10,000.
	LogSize int
	// Clock replaces time.Now.
	Clock func() time.Time
}

// MaxUsers is the largest directory.
const MaxUsers = 10_000_000

// Rate allows Limit calls in any window of length Per.
type Rate struct {
	Limit int
	Per   time.Duration
}

// rateGroups are the numbers that the capabilities of an environment report when
// no other limit is set. Those of Audit, Analytics and Configuration are
// documented; the others are the simulator's own.
var rateGroups = map[string]Rate{
	"rlgDirAccessRps": {300, time.Second},
	"rlgDirWriteRps":  {100, time.Second},
	"rlgDirBulkRps":   {50, time.Second},
	"rlgDirFixedRps":  {50, time.Second},
	"rlgMfaRps":       {100, time.Second},
	"rlgAuditRps":     {10, time.Second},
	"rlgAnalyticsRpm": {600, time.Minute},
	"rlgConfigRpm":    {600, time.Minute},
	"rlgAuthnRps":     {100, time.Second},
	"rlgCatchAllRps":  {100, time.Second},
}

// DocumentedRates are limits for every rate-limit group: the documented number
// where there is one, else a sane one.
func DocumentedRates() map[string]Rate { return maps.Clone(rateGroups) }

// withDefaults fills what was left out and refuses impossible values.
func (o Options) withDefaults() (Options, error) {
	setDefault(&o.Users, 5000)
	setDefault(&o.Seed, 1)
	setDefault(&o.TokenLifetime, time.Hour)
	setDefault(&o.RefreshLifetime, 30*24*time.Hour)
	setDefault(&o.MaxUsersPage, 200)
	setDefault(&o.LogSize, 10_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	switch {
	case o.Users < 0 || o.Users > MaxUsers:
		return o, fmt.Errorf("users must be between 1 and %d, not %d", MaxUsers, o.Users)
	case o.MaxUsersPage < 1 || o.MaxUsersPage > 1000:
		return o, fmt.Errorf("the page of users must be between 1 and 1000, not %d", o.MaxUsersPage)
	case o.SourceShare < 0 || o.SourceShare > 1:
		return o, fmt.Errorf("the share of one source must be between 0 and 1, not %g", o.SourceShare)
	case o.Latency < 0 || o.SearchDelay < 0 || o.TokenLifetime < 0 || o.LogSize < 0:
		return o, fmt.Errorf("latency, search delay, token lifetime and log size must not be negative")
	}
	for name, rate := range o.RateLimits {
		if _, ok := rateGroups[name]; !ok {
			return o, fmt.Errorf("the rate-limit group %q is not known", name)
		}
		if rate.Limit < 1 || rate.Per <= 0 {
			return o, fmt.Errorf("the rate of %s must be positive", name)
		}
	}
	return o, nil
}

// unkind joins the switches that have options of their own with the others.
func (o Options) unkind() string {
	list := []string{o.Unkind}
	if o.SourceShare > 0 {
		list = append(list, fmt.Sprintf("source-share=%g", o.SourceShare))
	}
	if o.MaxCount > 0 {
		list = append(list, fmt.Sprintf("no-count=%d", o.MaxCount))
	}
	if o.SearchDelay > 0 {
		list = append(list, "search-delay="+o.SearchDelay.String())
	}
	return strings.Join(list, ",")
}

func setDefault[T comparable](value *T, def T) {
	var zero T
	if *value == zero {
		*value = def
	}
}
