package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// single is a way to read one user by name, and how long it took each time.
type single struct {
	name string
	read func(ctx context.Context, username string) (answer, error)
	took []time.Duration
}

// lookup reads single users by name: directly, as SQL, as OData, and through
// proxies that only copy the API's answer, which tell what any server in between
// takes. They take turns in being the first to ask for a user.
func (b *bed) lookup(ctx context.Context) error {
	direct := &single{name: "the API's own answer", read: b.sim.named}
	sql := &single{name: "`/sql`", read: func(ctx context.Context, name string) (answer, error) {
		return b.gw.sql(ctx, fmt.Sprintf(lookupSQL, strings.ReplaceAll(name, "'", "''")))
	}}
	odata := &single{name: "OData", read: func(ctx context.Context, name string) (answer, error) {
		return b.gw.feed(ctx, byUsername(name, columns))
	}}
	ways := []*single{direct, sql, odata}
	for _, c := range []struct{ name, way string }{{"the standard library's", copyPlain}, {"as small as can be", copyBare}} {
		p, address, err := startCopier(ctx, b.sim, c.way)
		if err != nil {
			return err
		}
		defer p.stop()
		ways = append(ways, &single{name: c.name, read: func(ctx context.Context, name string) (answer, error) {
			return b.copied(ctx, address, name)
		}})
	}
	if err := b.inTurns(ctx, ways); err != nil {
		return err
	}
	more := func(s *single) float64 {
		return float64(median(s.took)-median(direct.took)) / float64(time.Millisecond)
	}
	for i, most := range []float64{1, 0.5} { // milliseconds
		s := ways[1+i]
		b.add(measurement{
			work:    "one user by username, warm, " + s.name + " (median of " + thousands(b.lookups) + ")",
			today:   direct.name + ": " + seconds(median(direct.took)),
			gateway: seconds(median(s.took)), value: more(s), aim: atMost(most, " ms more"),
		})
	}
	for _, s := range ways[3:] {
		b.fact("one user by username, warm: a proxy that only copies, "+s.name, "%s, %s ms more", seconds(median(s.took)), number(more(s)))
	}
	return nil
}

// inTurns asks for one user after the other, in all ways.
func (b *bed) inTurns(ctx context.Context, ways []*single) error {
	users, err := b.sim.someUsers(ctx, pageRows)
	if err != nil {
		return err
	}
	const warmUp = 6
	for i := range b.lookups + warmUp {
		user := users[i%len(users)].Username
		for k := range ways {
			way := ways[(i+k)%len(ways)]
			a, err := way.read(ctx, user)
			if err != nil {
				return fmt.Errorf("one user by username, %s: %w", way.name, err)
			}
			if err := expect(fmt.Sprintf("user %d by username, %s", i%len(users), way.name), a.rows, 1); err != nil {
				return err
			}
			if i >= warmUp {
				way.took = append(way.took, a.whole)
			}
		}
	}
	return nil
}

// copied reads one user by username through a proxy, and counts as the gateway's
// answers are counted.
func (b *bed) copied(ctx context.Context, address, name string) (answer, error) {
	query := url.Values{"filter": {fmt.Sprintf("username eq %q", name)}}
	at := fmt.Sprintf("http://%s/v1/environments/%s/users?%s", address, b.sim.environment, query.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+b.sim.token)
	return b.gw.count(req, newNeedle(member))
}
