package plan_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Conditions that PingOne evaluates for one user's devices are sent for each user's.
func TestConditionsOfEachRun(t *testing.T) {
	t.Parallel()
	s := directory(t)
	p := plan.New(plan.Options{}, nil)
	active, phone := eq("Status", text("ACTIVE")), eq("Type", text("SMS"))
	for _, c := range []struct {
		name, filter string
		where        predicate.Expr
		path         string
	}{
		{"of all users", `status eq "ACTIVE"`, active, "all"},
		{"of some", `status eq "ACTIVE"`, predicate.AllOf(active, predicate.In{Column: "UserId", Values: ids(2)}), "by_user"},
		{"one of two, in their order", `status eq "ACTIVE"`, predicate.AllOf(phone, active), "all"},
		{"the other", `type eq "SMS"`, predicate.AllOf(phone, eq("Nickname", text("mine"))), "all"},
		{"none that is documented", "", eq("Nickname", text("mine")), "all"},
	} {
		r, err := p.Read(t.Context(), query.Access{Table: table(t, s, "UserMFADevices"), Where: c.where}, nil)
		require.NoError(t, err)
		assert.Equal(t, c.path, r.Request.Path.Name, c.name)
		assert.Equal(t, c.filter, strings.Join(r.Request.Filters, "|"), c.name)
		assert.False(t, r.Exact, "%s: every condition is evaluated again", c.name)
	}
}

// customers is the schema of another environment.
func customers(t *testing.T) *catalog.Schema {
	t.Helper()
	s := directory(t)
	s.Name, s.ID = "Customers", "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a11"
	for _, d := range s.Tables {
		d.Schema = s
	}
	return s
}

// A path whose own filter is refused is left out for a while, in that environment.
func TestPathsThatAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s, other := directory(t), customers(t)
	for name, c := range map[string]struct {
		table, key, path, instead string
		why                       scan.Refused
		later                     time.Duration // when the path is taken again
	}{
		"members of a group":         {"UserGroupAssociations", "GroupId", "by_group", "all_by_user", scan.Refused{Attribute: "memberOfGroups"}, time.Hour},
		"groups in a group":          {"ParentGroupAssociations", "ParentGroupId", "by_parent", "all_by_group", scan.Refused{Attribute: "memberofgroups", Operator: "eq"}, time.Hour},
		"without a word on the test": {"UserGroupAssociations", "GroupId", "by_group", "all_by_user", scan.Refused{}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			clock := now
			p := plan.New(plan.Options{Now: func() time.Time { return clock }}, &sizes{rows: map[string]int64{"Users": 5000, "Groups": 60}})
			access := query.Access{Table: table(t, s, c.table), Where: eq(c.key, id(1))}
			read := func(a query.Access, path string) *plan.Read {
				r, err := p.Read(t.Context(), a, nil)
				require.NoError(t, err)
				assert.Equal(t, path, r.Request.Path.Name)
				return r
			}
			r := read(access, c.path)
			r.Order()
			c.why.Err = errors.New("refused")
			require.True(t, p.Refuse(r, &c.why))
			again, err := p.Again(t.Context(), r)
			require.NoError(t, err)
			assert.Equal(t, c.instead, again.Request.Path.Name, "whatever order was asked for")
			assert.Contains(t, strings.Join(again.Notes, " "), "refused the filter on memberOfGroups")
			assert.Empty(t, read(query.Access{Table: access.Table, Where: predicate.AllOf(access.Where, eq(map[string]string{"GroupId": "UserId", "ParentGroupId": "GroupId"}[c.key], id(2)))}, access.Table.Paths[0].Name).Notes)
			read(query.Access{Table: table(t, other, c.table), Where: access.Where}, c.path)
			access.Path = c.path
			_, err = p.Read(t.Context(), access, nil)
			assert.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
			access.Path = ""
			clock = now.Add(c.later + time.Second)
			read(access, c.path)
		})
	}
}

// A path that must name a span of time has no other way, so it is never left out.
func TestSpansAreNotLeftOut(t *testing.T) {
	t.Parallel()
	p := plan.New(plan.Options{}, nil)
	access := query.Access{Table: table(t, directory(t), "TotalIdentities")}
	r, err := p.Read(t.Context(), access, nil)
	require.NoError(t, err)
	assert.False(t, p.Refuse(r, &scan.Refused{Attribute: "startDate", Err: errors.New("refused")}))
	_, err = p.Read(t.Context(), access, nil)
	require.NoError(t, err)
}

// What the service refuses to sort is read whole for a while, in that environment.
func TestOrdersThatAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s, other := directory(t), customers(t)
	for name, c := range map[string]struct {
		why   scan.Refused
		later time.Duration // when it is tried again
	}{
		"the order is named":      {scan.Refused{Attribute: "startDate", Operator: scan.Order}, time.Hour},
		"in another spelling":     {scan.Refused{Attribute: "STARTDATE", Operator: scan.Order}, time.Hour},
		"nothing is named":        {scan.Refused{}, time.Minute},
		"an attribute not sent":   {scan.Refused{Attribute: "value", Operator: "eq"}, time.Minute},
		"an address that is long": {scan.Refused{TooLong: true}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := now
			p := plan.New(plan.Options{Now: func() time.Time { return clock }}, nil)
			read := func(s *catalog.Schema, order string, limit int64) *plan.Read {
				r, err := p.Read(t.Context(), query.Access{
					Table: table(t, s, "ActiveIdentityCounts"), Where: eq("SamplePeriod", text("DAY")),
					Top: &query.Top{Column: "StartDate", Descending: true, Rows: 7, Alone: true},
				}, nil)
				require.NoError(t, err)
				assert.Equal(t, order, r.Request.Order)
				assert.Equal(t, limit, r.Request.Limit)
				return r
			}
			r := read(s, "-startDate", 7)
			c.why.Err = errors.New("refused")
			require.True(t, p.Refuse(r, &c.why))
			again, err := p.Again(t.Context(), r)
			require.NoError(t, err)
			assert.Empty(t, again.Request.Order)
			assert.Zero(t, again.Request.Limit, "the first rows are not those of the order")
			assert.Contains(t, strings.Join(again.Notes, " "), "refused to sort by StartDate")
			assert.False(t, p.Refuse(again, &c.why), "there is nothing left to do without")
			read(other, "-startDate", 7)
			clock = now.Add(c.later - time.Second)
			read(s, "", 0)
			clock = now.Add(c.later + time.Second)
			read(s, "-startDate", 7)
		})
	}
}
