package sim

import (
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// span of a metric: how many there are, and when the one begins that is so many
// before that of a time.
type spans struct {
	most  int
	begin func(now time.Time, back int) time.Time
}

// metricSpans are the spans that callers ask for.
var metricSpans = map[string]spans{
	"DAY": {30, func(now time.Time, back int) time.Time { return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -back) }},
	"MONTH": {12, func(now time.Time, back int) time.Time {
		return time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -back, 0)
	}},
	"YEAR": {2, func(now time.Time, back int) time.Time {
		return time.Date(now.UTC().Year()-back, 1, 1, 0, 0, 0, 0, time.UTC)
	}},
}

// counted makes the rows of a metric, the oldest first: made up, and the same for
// the same span and name.
func counted(now time.Time, s spans, name string) *resource.Collection {
	out := resource.NewCollection()
	for back := s.most - 1; back >= 0; back-- {
		from, to := s.begin(now, back), s.begin(now, back-1)
		out.Put(&resource.Row{ID: strconv.Itoa(back), Members: map[string]any{
			"startDate": instant(from.UnixMilli()), "endDate": instant(to.UnixMilli()),
			"value": int(data.Mix(data.SaltOf(name)+uint64(from.Unix())) % 1000),
		}})
	}
	return out
}

// activeIdentities makes the rows of the metric of a place. A parameter chooses
// the spans by its values.
func activeIdentities(parameter string, values map[string]string, name func(p *place) string) func(p *place) (*resource.Collection, error) {
	return func(p *place) (*resource.Collection, error) {
		s, ok := metricSpans[values[p.call.query.Get(parameter)]]
		if !ok {
			return nil, invalidParameter(parameter, "The value is not one that there is.")
		}
		return counted(p.call.now, s, name(p)), nil
	}
}

// totalIdentities are the identities of each day.
func totalIdentities(p *place) (*resource.Collection, error) {
	total, days := int(p.call.environment.people.Count()), counted(p.call.now, metricSpans["DAY"], "identities "+p.owners[0])
	for _, row := range days.All() {
		from, _ := time.Parse(time.RFC3339, resource.First(row.Members, "startDate"))
		value, _ := row.Members["value"].(int)
		row.Members["date"], row.Members["totalIdentities"] = from.Unix(), total+value%10
	}
	return days, nil
}

// betweenDays tests whether a day is in a range, both ends included.
func betweenDays(x *scim.Expr) func(row *resource.Row) bool {
	operator := map[string]string{"startDate": "ge", "endDate": "le"}[x.Attr]
	test := comparison(operator, asInstant(x.Value.Text), true)
	return func(row *resource.Row) bool { return test(resource.First(row.Members, "startDate")) }
}
