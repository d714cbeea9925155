package sim

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
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
	// Faults are in force from the start.
	Faults []Fault
	// TokenLifetime of access tokens; default one hour.
	TokenLifetime time.Duration
	// MaxUsersPage caps a page of users; default 200, at most 1000.
	MaxUsersPage int
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
	o.Users = cmp.Or(o.Users, 5000)
	o.Seed = cmp.Or(o.Seed, 1)
	o.TokenLifetime = cmp.Or(o.TokenLifetime, time.Hour)
	o.MaxUsersPage = cmp.Or(o.MaxUsersPage, 200)
	o.LogSize = cmp.Or(o.LogSize, 10_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	switch {
	case o.Users < 0 || o.Users > MaxUsers:
		return o, fmt.Errorf("users must be between 1 and %d, not %d", MaxUsers, o.Users)
	case o.MaxUsersPage < 1 || o.MaxUsersPage > 1000:
		return o, fmt.Errorf("the page of users must be between 1 and 1000, not %d", o.MaxUsersPage)
	case o.Latency < 0 || o.TokenLifetime < 0 || o.LogSize < 0:
		return o, fmt.Errorf("latency, token lifetime and log size must not be negative")
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

// ParseFaults reads faults as a JSON array, or from a file when the text is
// @ and its name. Empty text has none.
func ParseFaults(text string) ([]Fault, error) {
	raw := []byte(strings.TrimSpace(text))
	if len(raw) == 0 {
		return nil, nil
	}
	if name, ok := strings.CutPrefix(string(raw), "@"); ok {
		var err error
		if raw, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("read faults: %w", err)
		}
	}
	var faults []Fault
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&faults); err != nil {
		return nil, fmt.Errorf("faults must be a JSON array of objects: %w", err)
	}
	for i, f := range faults {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	return faults, nil
}

// ParseRateLimits reads rate limits: "off" or nothing for none, "documented" for
// DocumentedRates, a number for that many calls a second in every group, or a
// list such as "rlgDirAccessRps=50,rlgConfigRpm=600/m", where /s and /m name the
// unit; without one it is what the group's name ends in.
func ParseRateLimits(text string) (map[string]Rate, error) {
	text = strings.TrimSpace(text)
	switch text {
	case "", "off":
		return nil, nil
	case "documented":
		return DocumentedRates(), nil
	}
	rates := make(map[string]Rate)
	if !strings.Contains(text, "=") {
		rate, err := parseRate(text, time.Second)
		if err != nil {
			return nil, err
		}
		for name := range rateGroups {
			rates[name] = rate
		}
		return rates, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		known, ok := rateGroups[name]
		if !ok {
			return nil, fmt.Errorf("the rate-limit group %q is not known; known are %s", name, strings.Join(sortedKeys(rateGroups), ", "))
		}
		rate, err := parseRate(value, known.Per)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rates[name] = rate
	}
	return rates, nil
}

func parseRate(text string, per time.Duration) (Rate, error) {
	number, unit, _ := strings.Cut(text, "/")
	switch unit {
	case "":
	case "s":
		per = time.Second
	case "m":
		per = time.Minute
	default:
		return Rate{}, fmt.Errorf("the unit of a rate is s or m, not %q", unit)
	}
	limit, err := strconv.Atoi(number)
	if err != nil || limit < 1 {
		return Rate{}, fmt.Errorf("a rate is a number of at least 1, such as 50/s, not %q", text)
	}
	return Rate{limit, per}, nil
}
