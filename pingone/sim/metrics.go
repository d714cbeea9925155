package sim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

const (
	analytics = "rlgAnalyticsRpm"
	// So far back there are metrics.
	knownDays, knownMonths = 30, 12
)

func (s *Server) addMetrics(n *node) {
	n.add("GET /environments/{env}/totalIdentities", analytics, inEnvironment(s.listTotalIdentities))
	n.add("GET /environments/{env}/activeIdentityCounts", analytics, inEnvironment(s.listActiveIdentities))
	n.add("GET /organizations/{organization}/licenses/{license}/metrics/activeIdentityCounts", analytics, s.listLicenseIdentities)
}

// period is a span of time with a number.
type period struct {
	from, to time.Time
	value    int
}

// periods makes what happened in the spans that end after since, the oldest
// first. start gives the begin of the span that is so many before now's.
func periods(now, since time.Time, most int, name string, start func(now time.Time, back int) time.Time) (out []period) {
	for back := most - 1; back >= 0; back-- {
		p := period{from: start(now, back), to: start(now, back-1)}
		if p.from.Before(since) {
			continue
		}
		p.value = int(data.Mix(data.SaltOf(name)+uint64(p.from.Unix())) % 1000)
		out = append(out, p)
	}
	return out
}

func dayBefore(now time.Time, back int) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -back)
}

func monthBefore(now time.Time, back int) time.Time {
	return time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -back, 0)
}

func yearBefore(now time.Time, back int) time.Time {
	return time.Date(now.UTC().Year()-back, 1, 1, 0, 0, 0, 0, time.UTC)
}

// times reads the moments that a filter compares attributes with.
func (c *call) times(spec filterSpec, filter string) (map[string]time.Time, error) {
	if filter == "" {
		return nil, spec.refuse("The filter is required.", 0)
	}
	x, err := c.parse(spec, filter)
	if err != nil {
		return nil, err
	}
	all := []*scim.Expr{x}
	if x.Kind == scim.And {
		all = x.Children
	}
	out := map[string]time.Time{}
	for _, x := range all {
		at, err := time.Parse(time.RFC3339, x.Value.Text)
		if err != nil {
			return nil, spec.refuse("The value of '"+x.Attr+"' is no time.", x.Pos)
		}
		out[x.Attr] = at
	}
	if len(out) != len(spec.attributes) {
		return nil, spec.refuse("The filter must name "+strings.Join(sortedKeys(spec.attributes), " and ")+".", 0)
	}
	return out, nil
}

var totalsSpec = filterSpec{attributes: map[string]resource.Words{"startDate": opsEq, "endDate": opsEq}}

// listTotalIdentities tells the identities of each day. The count is that of now.
func (s *Server) listTotalIdentities(c *call) (reply, error) {
	at, err := c.times(totalsSpec, c.query.Get("filter"))
	if err != nil {
		return reply{}, err
	}
	total := int(c.environment.people.Count())
	l := &listing{key: "totalIdentities", count: total}
	var known []period
	var rows []uint32
	for _, p := range periods(c.now, at["startDate"], knownDays, "identities "+c.environment.id.String(), dayBefore) {
		if p.from.After(at["endDate"]) {
			break
		}
		known, rows = append(known, p), append(rows, uint32(len(known)))
	}
	return c.page(l, rows, func(e *jx.Encoder, k uint32) {
		writeJSON(e, map[string]int64{"date": known[k].from.Unix(), "totalIdentities": int64(total + known[k].value%10)})
	}), nil
}

var activeSpec = filterSpec{attributes: map[string]resource.Words{"startDate": {"ge"}}}

// listActiveIdentities tells the active identities of each day or month.
func (s *Server) listActiveIdentities(c *call) (reply, error) {
	p, err := s.paging(c, 100, 100)
	if err != nil {
		return reply{}, err
	}
	at, err := c.times(activeSpec, p.at.Filter)
	if err != nil {
		return reply{}, err
	}
	start, most := dayBefore, knownDays
	switch c.query.Get("samplePeriod") {
	case "DAY":
	case "MONTH":
		start, most = monthBefore, knownMonths
	default:
		return reply{}, invalidParameter("samplePeriod", "The sample period must be DAY or MONTH.")
	}
	return s.listPeriods(c, p, periods(c.now, at["startDate"], most, "active "+c.environment.id.String(), start))
}

// listLicenseIdentities tells the active identities of a license.
func (s *Server) listLicenseIdentities(c *call) (reply, error) {
	organization, license := canonical(c.params[0]), canonical(c.params[1])
	if !c.access.organization || s.find("/organizations/"+organization+"/licenses", license) == nil {
		return reply{}, forbidden()
	}
	p, err := s.paging(c, 1000, 1000)
	if err != nil {
		return reply{}, err
	}
	start, most := yearBefore, 2
	switch c.query.Get("aggregatedBy") {
	case "licenseYear":
	case "calendarMonth":
		start, most = monthBefore, knownMonths
	default:
		return reply{}, invalidParameter("aggregatedBy", "The rows are aggregated by licenseYear or calendarMonth.")
	}
	return s.listPeriods(c, p, periods(c.now, time.Time{}, most, "license "+license, start))
}

func (s *Server) listPeriods(c *call, p paging, all []period) (reply, error) {
	switch p.at.Order {
	case "", "startDate":
	case "-startDate":
		slices.SortFunc(all, func(a, b period) int { return cmp.Compare(b.from.Unix(), a.from.Unix()) })
	default:
		return reply{}, invalidParameter("order", "The order '"+p.at.Order+"' is not supported.")
	}
	l := &listing{key: "activeIdentityCounts", uncounted: true}
	return s.slots(c, p, l, len(all), func(int) bool { return true }, func(e *jx.Encoder, k uint32) {
		writeJSON(e, map[string]any{"startDate": instant(all[k].from.UnixMilli()), "endDate": instant(all[k].to.UnixMilli()), "value": all[k].value})
	}), nil
}
