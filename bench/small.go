package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// columns are what an analyst takes of users.
const columns = "Id,Username,Email,FirstName,LastName,IsEnabled,EmployeeType,PopulationId,CreatedAt,UpdatedAt,LastSignOnAt"

// pageRows is PingOne's page of users.
const pageRows = 200

var (
	scanSQL   = "SELECT " + columns + " FROM Administrators.Users"
	scanFeed  = "$select=" + columns
	lookupSQL = scanSQL + " WHERE Username = '%s'"
)

// bed is a simulator with a gateway in front.
type bed struct {
	options
	sim *simulator
	gw  *gateway
	*report
}

// smallDirectory measures what API calls and latency decide.
func smallDirectory(ctx context.Context, o options, dir string, r *report) error {
	s, err := startSimulator(ctx, o, o.users, o.latency)
	if err != nil {
		return err
	}
	defer s.stop()
	g, err := startGateway(ctx, o, dir, s)
	if err != nil {
		return err
	}
	defer g.stop()
	b := &bed{options: o, sim: s, gw: g, report: r}
	r.fact("start of the gateway until it is ready", "%s", seconds(g.started))
	for _, row := range []func(context.Context) error{b.firstQuery, b.fullScan, b.groupMembers, b.lookup, b.counting, b.planning} {
		if err := row(ctx); err != nil {
			return err
		}
	}
	return nil
}

// expect refuses a measurement of something that was not done.
func expect(what string, got, want int) error {
	if got != want {
		return fmt.Errorf("%s gave %d rows instead of %d", what, got, want)
	}
	return nil
}

// firstQuery is what a gateway that was just started learns first: a token, the
// environments, the attributes of users. It keeps them.
func (b *bed) firstQuery(ctx context.Context) error {
	statement := fmt.Sprintf(lookupSQL, "ada.admin")
	var a answer
	calls, err := b.sim.calls(ctx, func() (err error) { a, err = b.gw.sql(ctx, statement); return err })
	if err != nil {
		return fmt.Errorf("the first query: %w", err)
	}
	b.fact("first query after the start, one user by username", "%s, %s calls", seconds(a.whole), thousands(calls))
	return expect("the first query", a.rows, 1)
}

// fullScan reads all users: with the SDK's pager, as SQL, and as a feed.
func (b *bed) fullScan(ctx context.Context) error {
	sdkTime, sdkCalls, err := b.sdkScan(ctx)
	if err != nil {
		return err
	}
	pages := (b.users + pageRows - 1) / pageRows
	today := func(v string) string { return "SDK's pager: " + v }
	for _, way := range []struct {
		name string
		read func() (answer, error)
	}{
		{"`/sql`, NDJSON", func() (answer, error) { return b.gw.sql(ctx, scanSQL) }},
		{"OData feed", func() (answer, error) { return b.gw.feed(ctx, scanFeed) }},
	} {
		var whole, first []time.Duration
		var calls int
		for range b.rounds {
			var a answer
			n, err := b.sim.calls(ctx, func() (err error) { a, err = way.read(); return err })
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			if err := expect(way.name, a.rows, b.users); err != nil {
				return err
			}
			whole, first, calls = append(whole, a.whole), append(first, a.first), max(calls, n)
		}
		b.add(measurement{
			work: "all of " + thousands(b.users) + " users, " + way.name + ", time", today: today(seconds(sdkTime)),
			gateway: seconds(median(whole)), value: sdkTime.Seconds() / median(whole).Seconds(), aim: atLeast(8, " × faster"),
		})
		b.add(measurement{
			work: "… API calls", today: today(thousands(sdkCalls)), gateway: thousands(calls),
			value: float64(calls) / float64(pages), aim: atMost(1.02, " × the pages"),
		})
		b.fact("all users, "+way.name+": until the first row", "%s", seconds(median(first)))
	}
	return b.pagedFeed(ctx)
}

func (b *bed) sdkScan(ctx context.Context) (took time.Duration, calls int, err error) {
	c, err := b.sim.sdk()
	if err != nil {
		return 0, 0, err
	}
	note("reading all users with Ping's SDK")
	calls, err = b.sim.calls(ctx, func() error {
		began := time.Now()
		n, err := sdkUsers(ctx, c, b.sim.environment)
		took = time.Since(began)
		if err != nil {
			return err
		}
		return expect("the SDK", n, b.users)
	})
	return took, calls, err
}

// pagedFeed reads the feed as a client does that asks for pages: the next page
// is asked for when the one before is there.
func (b *bed) pagedFeed(ctx context.Context) error {
	const size = 1000
	began, rows := time.Now(), 0
	calls, err := b.sim.calls(ctx, func() (err error) {
		rows, err = b.gw.pages(ctx, scanFeed, size)
		return err
	})
	if err != nil {
		return fmt.Errorf("the feed in pages: %w", err)
	}
	b.fact("all users, OData feed in pages of 1,000", "%s, %s calls", seconds(time.Since(began)), thousands(calls))
	return expect("the feed in pages", rows, b.users)
}

// groupMembers joins the members of 50 groups with their names. Today's way is
// the users, then the groups of each; all calls are counted, a sample is timed.
func (b *bed) groupMembers(ctx context.Context) error {
	groups, err := b.sim.someGroups(ctx, 50)
	if err != nil {
		return err
	}
	want, err := b.sim.members(ctx, groups)
	if err != nil {
		return err
	}
	perUser, took, err := b.oneByOne(ctx)
	if err != nil {
		return err
	}
	today := (b.users+pageRows-1)/pageRows + int(perUser*float64(b.users))
	in := "('" + strings.Join(groups, "','") + "')"
	var a answer
	calls, err := b.sim.calls(ctx, func() (err error) {
		a, err = b.gw.sql(ctx, "SELECT g.Name, m.UserId, m.Type FROM Administrators.UserGroupAssociations m"+
			" JOIN Administrators.Groups g ON g.Id = m.GroupId WHERE m.GroupId IN "+in)
		return err
	})
	if err != nil {
		return fmt.Errorf("members of groups: %w", err)
	}
	if err := expect("the members of the groups", a.rows, want); err != nil {
		return err
	}
	b.add(measurement{
		work:    "members of 50 groups with the groups' names, API calls (" + thousands(want) + " rows)",
		today:   "one call per user: " + thousands(today),
		gateway: thousands(calls) + " in " + seconds(a.whole),
		value:   float64(today) / float64(calls), aim: atLeast(50, " × fewer"),
	})
	b.fact("one call per user, "+thousands(b.sample)+" users one after the other", "%s, so %s for all",
		seconds(took), seconds(took*time.Duration(b.users)/time.Duration(b.sample)))
	return b.membersByName(ctx, in, want)
}

// membersByName joins the users' names as well.
func (b *bed) membersByName(ctx context.Context, in string, want int) error {
	var a answer
	calls, err := b.sim.calls(ctx, func() (err error) {
		a, err = b.gw.sql(ctx, "SELECT g.Name, u.Username, u.FullName FROM Administrators.UserGroupAssociations m"+
			" JOIN Administrators.Groups g ON g.Id = m.GroupId JOIN Administrators.Users u ON u.Id = m.UserId WHERE m.GroupId IN "+in)
		return err
	})
	if err != nil {
		return fmt.Errorf("members of groups with users: %w", err)
	}
	b.fact("members of 50 groups with the users' names too", "%s calls in %s", thousands(calls), seconds(a.whole))
	return expect("the members with their names", a.rows, want)
}

// oneByOne reads the groups of a sample of users with the SDK.
func (b *bed) oneByOne(ctx context.Context) (perUser float64, took time.Duration, err error) {
	users, err := b.sim.someUsers(ctx, pageRows)
	if err != nil {
		return 0, 0, err
	}
	for len(users) < b.sample {
		users = append(users, users...)
	}
	c, err := b.sim.sdk()
	if err != nil {
		return 0, 0, err
	}
	calls, err := b.sim.calls(ctx, func() error {
		began := time.Now()
		err := sdkMemberships(ctx, c, b.sim.environment, users[:b.sample])
		took = time.Since(began)
		return err
	})
	return float64(calls) / float64(b.sample), took, err
}

// counting counts the calls of a COUNT(*).
func (b *bed) counting(ctx context.Context) error {
	var a answer
	calls, err := b.sim.calls(ctx, func() (err error) {
		a, err = b.gw.sql(ctx, "SELECT count(*) FROM Administrators.Users")
		return err
	})
	if err != nil {
		return fmt.Errorf("counting users: %w", err)
	}
	b.add(measurement{
		work: "`COUNT(*)` of users, API calls", today: "a scan: " + thousands((b.users+pageRows-1)/pageRows),
		gateway: thousands(calls) + " in " + seconds(a.whole), value: float64(calls), aim: atMost(1, " call"),
	})
	return expect("the count", a.rows, 1)
}

// planning times EXPLAIN, which asks PingOne how many rows the condition has, and
// $metadata, which asks nothing once it is known.
func (b *bed) planning(ctx context.Context) error {
	plan := fmt.Sprintf(lookupSQL, "ada.admin")
	for _, f := range []struct {
		name string
		do   func() error
	}{
		{"`/sql/explain` of one user by username", func() error { return b.gw.explain(ctx, plan) }},
		{"`$metadata`", func() error { _, err := b.metadata(ctx); return err }},
	} {
		var took []time.Duration
		for range 21 {
			began := time.Now()
			if err := f.do(); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			took = append(took, time.Since(began))
		}
		b.fact(f.name+", warm (median of 21)", "%s", seconds(median(took)))
	}
	return nil
}

func (b *bed) metadata(ctx context.Context) ([]byte, error) {
	req, err := b.gw.odata(ctx, "$metadata")
	if err != nil {
		return nil, err
	}
	return read(b.gw.client, req)
}
