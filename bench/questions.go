package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/patrickcping/pingone-go-sdk-v2/management"
)

// questionsFile has what analysts ask; a test counts the calls of each.
const questionsFile = "test/integration/testdata/analyst.txt"

// questionUsers is the directory that the questions are about.
const questionUsers = 3000

// question is a query of the file.
type question struct{ kind, name, sql string }

// questionsOf reads the file's text: "# kind" heads a part, "name | enough …" a
// query, which is the next line.
func questionsOf(text string) (all []question) {
	var next question
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch name, _, head := strings.Cut(line, " | enough "); {
		case head:
			next.name = name
		case strings.HasPrefix(line, "# "):
			next.kind = line[2:]
		case next.name != "" && line != "":
			next.sql = line
			all = append(all, next)
			next.name = ""
		}
	}
	return all
}

// effort is what a way to an answer takes.
type effort struct {
	calls int
	time  time.Duration
}

func (c *effort) add(o effort) { c.calls, c.time = c.calls+o.calls, c.time+o.time }

func (c effort) String() string { return thousands(c.calls) + " calls, " + seconds(c.time) }

// analystsQuestions asks what analysts ask, of the gateway and in two ways with
// Ping's SDK: all tables first, and with the API's filters where the query tells
// their values.
func analystsQuestions(ctx context.Context, o options, dir string, r *report) error {
	text, err := os.ReadFile(questionsFile)
	if err != nil {
		return err
	}
	s, err := startSimulator(ctx, o, questionUsers, o.latency)
	if err != nil {
		return err
	}
	defer s.stop()
	g, err := startGateway(ctx, o, dir, s)
	if err != nil {
		return err
	}
	defer g.stop()
	api, err := s.sdk()
	if err != nil {
		return err
	}
	p := &program{simulator: s, api: api, wholes: map[string]effort{}}
	values, err := valuesOf(ctx, g)
	if err != nil {
		return err
	}
	kinds, sums := []string(nil), map[string]*ways{}
	for _, q := range questionsOf(string(text)) {
		if sums[q.kind] == nil {
			kinds, sums[q.kind] = append(kinds, q.kind), &ways{}
		}
		if err := sums[q.kind].take(ctx, values.Replace(q.sql), g, p); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	for _, kind := range kinds {
		w := sums[kind]
		r.add(measurement{
			work:    fmt.Sprintf("%s: %d queries", kind, w.n),
			today:   "all tables first: " + w.everything.String() + "; each table by its own conditions: " + w.knows.String(),
			gateway: w.ours.String(), value: w.knows.time.Seconds() / w.ours.time.Seconds(), aim: atLeast(1, " × faster than the SDK"),
		})
	}
	return nil
}

// ways sums up the ways to the answers of a kind of queries.
type ways struct {
	n                       int
	ours, everything, knows effort
}

// take goes all ways to an answer.
func (w *ways) take(ctx context.Context, sql string, g *gateway, p *program) error {
	scans, err := g.scans(ctx, sql)
	if err != nil {
		return err
	}
	ours, err := p.effort(ctx, func() error { _, err := g.sql(ctx, sql); return err })
	if err != nil {
		return err
	}
	everything, err := p.everything(ctx, scans)
	if err != nil {
		return fmt.Errorf("all tables first: %w", err)
	}
	knows, err := p.filtered(ctx, scans)
	if err != nil {
		return fmt.Errorf("with the SDK: %w", err)
	}
	w.n++
	w.ours.add(ours)
	w.everything.add(everything)
	w.knows.add(knows)
	return nil
}

// effort measures what f takes.
func (s *simulator) effort(ctx context.Context, f func() error) (c effort, err error) {
	c.calls, err = s.calls(ctx, func() error {
		began := time.Now()
		defer func() { c.time = time.Since(began) }()
		return f()
	})
	return c, err
}

// valuesOf finds what stands for the file's names, such as $ADA.
func valuesOf(ctx context.Context, g *gateway) (*strings.Replacer, error) {
	var values []string
	for name, sql := range map[string]string{
		"$ADA": "SELECT Id FROM Users WHERE Username = 'ada.admin'", "$RITA": "SELECT Id FROM Users WHERE Username = 'rita.reader'",
		"$SALES":  "SELECT Id FROM Groups WHERE Name = 'Sales'",
		"$MEMBER": "SELECT min(m.UserId) FROM UserGroupAssociations m JOIN Groups g ON g.Id = m.GroupId WHERE m.Type = 'DIRECT' AND g.Name = 'Sales'",
		"$IDS":    "SELECT Id FROM Users ORDER BY Id LIMIT 115", "$GROUPS": "SELECT Id FROM Groups ORDER BY Id LIMIT 8",
		"$USERNAMES":   "SELECT Username FROM Users WHERE Username ~ '^[a-z.]+$' ORDER BY Id LIMIT 60",
		"$EMPLOYEES":   "SELECT Id FROM Populations WHERE Name = 'Employees'",
		"$CONTRACTORS": "SELECT Id FROM Populations WHERE Name = 'Contractors'", "$INTERNS": "SELECT Id FROM Populations WHERE Name = 'Interns'",
	} {
		found, err := g.column(ctx, sql)
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", name, err)
		}
		values = append(values, name, strings.Join(found, "', '"))
	}
	// Lists stand without quotes in the file, single values within.
	for i := 0; i < len(values); i += 2 {
		if slices.Contains([]string{"$IDS", "$GROUPS", "$USERNAMES"}, values[i]) {
			values[i+1] = "'" + values[i+1] + "'"
		}
	}
	return strings.NewReplacer(values...), nil
}

// column gives the first column of a statement's rows.
func (g *gateway) column(ctx context.Context, sql string) (texts []string, err error) {
	var answer struct {
		Rows [][]any `json:"rows"`
	}
	if err := g.ask(ctx, "/sql", sql, &answer); err != nil {
		return nil, err
	}
	for _, row := range answer.Rows {
		texts = append(texts, fmt.Sprint(row[0]))
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("no rows: %s", sql)
	}
	return texts, nil
}

// explainedScan is what EXPLAIN tells of the reading of a table.
type explainedScan struct {
	Table    string   `json:"table"`
	KeysFrom []string `json:"keysFrom"`
	Calls    []struct {
		Address string `json:"address"`
	} `json:"calls"`
}

// scans are the tables that a statement reads.
func (g *gateway) scans(ctx context.Context, sql string) ([]explainedScan, error) {
	var plan struct {
		Scans []explainedScan `json:"scans"`
	}
	return plan.Scans, g.ask(ctx, "/sql/explain", sql, &plan)
}

// program is one that somebody writes with Ping's SDK: one call after the other.
type program struct {
	*simulator
	api           *management.APIClient
	users, groups []string          // ids, once they were read
	wholes        map[string]effort // of tables, as measured
}

// everything reads each of the tables whole.
func (p *program) everything(ctx context.Context, scans []explainedScan) (sum effort, err error) {
	seen := map[string]bool{}
	for _, s := range scans {
		if seen[s.Table] {
			continue
		}
		seen[s.Table] = true
		c, err := p.whole(ctx, s.Table)
		if err != nil {
			return sum, err
		}
		sum.add(c)
	}
	return sum, nil
}

// filtered reads with the API's filters, and the tables whole whose filter comes
// from another table's rows.
func (p *program) filtered(ctx context.Context, scans []explainedScan) (sum effort, err error) {
	seen := map[string]bool{}
	for _, s := range scans {
		c, ok, err := p.narrow(ctx, s)
		if err != nil {
			return sum, err
		}
		if !ok {
			if seen[s.Table] {
				continue
			}
			seen[s.Table] = true
			if c, err = p.whole(ctx, s.Table); err != nil {
				return sum, err
			}
		}
		sum.add(c)
	}
	return sum, nil
}

var narrowAddress = regexp.MustCompile(`^environments/[^/]+/(?:(users|groups|populations)\?filter=(.*)&limit=\d+|users/([0-9a-f-]{36})(/memberOfGroups)?(?:\?.*)?)$`)

// narrow makes the calls that the plan tells, if the SDK can and a program can
// know them.
func (p *program) narrow(ctx context.Context, s explainedScan) (c effort, ok bool, err error) {
	if len(s.KeysFrom) > 0 || len(s.Calls) == 0 {
		return c, false, nil
	}
	for _, call := range s.Calls {
		m := narrowAddress.FindStringSubmatch(call.Address)
		if m == nil || strings.Contains(m[2], "… (") { // EXPLAIN shortens long lists
			return c, false, nil
		}
		one, err := p.effort(ctx, func() error {
			switch filter, id := m[2], m[3]; {
			case m[1] == "users":
				return drain(p.api.UsersApi.ReadAllUsers(ctx, p.environment).Limit(pageRows).Filter(filter).Execute())
			case m[1] == "groups":
				return drain(p.api.GroupsApi.ReadAllGroups(ctx, p.environment).Filter(filter).Execute())
			case m[1] == "populations":
				return drain(p.api.PopulationsApi.ReadAllPopulations(ctx, p.environment).Filter(filter).Execute())
			case m[4] != "":
				return drain(p.api.GroupMembershipApi.ReadAllGroupMembershipsForUser(ctx, p.environment, id).Execute())
			default:
				return closed(p.api.UsersApi.ReadUser(ctx, p.environment, id).Execute())
			}
		})
		if err != nil {
			return c, false, fmt.Errorf("%s: %w", call.Address, err)
		}
		c.add(one)
	}
	return c, true, nil
}

// whole reads a table and everything that leads to it, once; later it takes as
// long again.
func (p *program) whole(ctx context.Context, table string) (effort, error) {
	if c, ok := p.wholes[table]; ok {
		return c, nil
	}
	note("reading all of %s with Ping's SDK", table)
	c, err := p.effort(ctx, func() error { return p.read(ctx, table) })
	p.wholes[table] = c
	return c, err
}

func (p *program) read(ctx context.Context, table string) (err error) {
	switch table {
	case "Users":
		p.users, err = idsOf(p.api.UsersApi.ReadAllUsers(ctx, p.environment).Limit(pageRows).Execute(), func(e *management.EntityArrayEmbedded) (ids []string) {
			for _, u := range e.Users {
				ids = append(ids, u.GetId())
			}
			return ids
		})
		return err
	case "Groups":
		p.groups, err = idsOf(p.api.GroupsApi.ReadAllGroups(ctx, p.environment).Execute(), func(e *management.EntityArrayEmbedded) (ids []string) {
			for _, g := range e.Groups {
				ids = append(ids, g.GetId())
			}
			return ids
		})
		return err
	case "Populations":
		return drain(p.api.PopulationsApi.ReadAllPopulations(ctx, p.environment).Execute())
	case "PasswordPolicies":
		return drain(p.api.PasswordPoliciesApi.ReadAllPasswordPolicies(ctx, p.environment).Execute())
	case "Applications", "OIDCApplications", "ApplicationAccessControlGroups":
		return drain(p.api.ApplicationsApi.ReadAllApplications(ctx, p.environment).Execute())
	case "UserGroupAssociations":
		return p.ofUsers(ctx, func(id string) error {
			return drain(p.api.GroupMembershipApi.ReadAllGroupMembershipsForUser(ctx, p.environment, id).Execute())
		})
	case "UserAdminRoleAssignments":
		return p.ofUsers(ctx, func(id string) error {
			return drain(p.api.UserRoleAssignmentsApi.ReadUserRoleAssignments(ctx, p.environment, id).Execute())
		})
	case "UserPasswords": // the SDK has no such call
		return p.ofUsers(ctx, func(id string) error {
			err := p.get(ctx, "users/"+id+"/password", url.Values{}, &json.RawMessage{})
			if err != nil && strings.Contains(err.Error(), http.StatusText(http.StatusNotFound)) {
				return nil // a user without a password
			}
			return err
		})
	case "GroupTotals":
		return p.ofGroups(ctx, func(id string) error {
			return closed(p.api.GroupsApi.ReadOneGroup(ctx, p.environment, id).Execute())
		})
	case "ParentGroupAssociations":
		return p.ofGroups(ctx, func(id string) error {
			return drain(p.api.GroupsApi.ReadGroupNesting(ctx, p.environment, id).Execute())
		})
	}
	return fmt.Errorf("nobody has written how to read %s", table)
}

// ofUsers reads something of each user, whom it lists before.
func (p *program) ofUsers(ctx context.Context, read func(id string) error) error {
	if err := p.read(ctx, "Users"); err != nil {
		return err
	}
	return each(p.users, read)
}

func (p *program) ofGroups(ctx context.Context, read func(id string) error) error {
	if err := p.read(ctx, "Groups"); err != nil {
		return err
	}
	return each(p.groups, read)
}

func each(ids []string, read func(id string) error) error {
	for _, id := range ids {
		if err := read(id); err != nil {
			return err
		}
	}
	return nil
}

// closed ends an answer of the SDK.
func closed(_ any, resp *http.Response, err error) error {
	if resp != nil {
		err = errors.Join(err, resp.Body.Close())
	}
	return err
}

func drain(pages management.EntityArrayPagedIterator) error {
	_, err := idsOf(pages, func(*management.EntityArrayEmbedded) []string { return nil })
	return err
}

// idsOf reads pages to their end.
func idsOf(pages management.EntityArrayPagedIterator, of func(*management.EntityArrayEmbedded) []string) (ids []string, err error) {
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		if page.EntityArray != nil && page.EntityArray.Embedded != nil {
			ids = append(ids, of(page.EntityArray.Embedded)...)
		}
	}
	return ids, nil
}
