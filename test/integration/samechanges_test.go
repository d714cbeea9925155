//go:build duckdb_arrow

package integration

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/patrickcping/pingone-go-sdk-v2/management"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

// aWorld is a simulator that is changed in one way alone.
type aWorld struct {
	*truth
	base string // of the environment
	// why is the last refusal.
	why string
	// apply reports whether the change was done; a refused one may be done in part.
	apply func(c aChange) bool
}

// Random changes leave the same directory behind whether they are made in SQL, over
// OData or by Ping's SDK, and are refused alike.
func TestRandomChangesAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	runs, changes := 1, 40
	switch {
	case *long:
		runs, changes = 12, 300
	case testing.Short():
		changes = 10
	}
	start := seed.Of(t)
	engine := testkit.OpenEngine(t)
	for run := range runs {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			g := &changegen{r: rand.New(rand.NewPCG(start, uint64(run)))}
			bySQL, byOData, bySDK := sqlWorld(t, engine), odataWorld(t, engine), sdkWorld(t)
			var told []string
			for range changes {
				c := g.next()
				done := []bool{bySQL.apply(c), byOData.apply(c), bySDK.apply(c)}
				told = append(told, fmt.Sprint(c, done))
				if !assert.Equal(t, []bool{done[2], done[2], done[2]}, done, "done by SQL, OData, SDK: %s (%s)", c, bySDK.why) {
					break
				}
			}
			want := bySDK.state()
			same := assert.Equal(t, want, bySQL.state(), "SQL") && assert.Equal(t, want, byOData.state(), "OData")
			if t.Failed() || !same {
				t.Logf("run %d:\n%s", run, strings.Join(told, "\n"))
			}
			assert.Greater(t, len(want["users"]), 30, "nothing was made")
		})
	}
}

func newWorld(t *testing.T, s *testkit.Simulator) *aWorld {
	return &aWorld{truth: newTruth(t, s), base: s.URL + "/v1/environments/" + s.EnvironmentID(sim.EnvironmentAdministrators)}
}

var changedSim = sim.Options{Users: 30}

// list reads a collection of the simulator.
func (w *aWorld) list(collection string) (out []map[string]any) {
	for address := w.base + "/" + collection; address != ""; {
		var page struct {
			Embedded map[string]json.RawMessage `json:"_embedded"`
			Links    struct {
				Next struct{ Href string } `json:"next"`
			} `json:"_links"`
		}
		require.Equal(w.t, http.StatusOK, w.get(address, &page), address)
		key, _, _ := strings.Cut(collection, "?")
		var rows []map[string]any
		require.NoError(w.t, json.Unmarshal(page.Embedded[key], &rows))
		out, address = append(out, rows...), page.Links.Next.Href
	}
	return out
}

var nameOf = map[string]string{"users": "username", "groups": "name", "populations": "name", "resources": "name"}

// ids gives the rows of a name, or of those that begin so.
func (w *aWorld) ids(table, name string, alike bool) (out []string) {
	collection := strings.ToLower(table)
	for _, row := range w.list(collection) {
		if own, _ := row[nameOf[collection]].(string); own == name || alike && strings.HasPrefix(own, name) {
			out = append(out, row["id"].(string))
		}
	}
	return out
}

// resolved gives the values of a change with ids for names; ok is false where
// something is not there.
func (w *aWorld) resolved(c aChange) (out []setting, ok bool) {
	for _, v := range c.set {
		if name, refers := v.to.(rowNamed); refers {
			found := w.ids("Populations", string(name), false)
			if len(found) == 0 {
				return nil, false
			}
			v.to = found[0]
		}
		out = append(out, v)
	}
	return out, true
}

// state is what the directory holds, by names, without ids and times.
func (w *aWorld) state() map[string][]string {
	populations := map[string]string{}
	for _, p := range w.list("populations") {
		populations[p["id"].(string)] = p["name"].(string)
	}
	out := map[string][]string{}
	for collection := range nameOf {
		for _, row := range w.list(collection) {
			if collection == "groups" {
				for _, u := range w.list("users?filter=" + url.QueryEscape(`memberOfGroups[id eq "`+row["id"].(string)+`"]`)) {
					out["members"] = append(out["members"], u["username"].(string)+" in "+row["name"].(string))
				}
				for _, child := range w.list("groups?filter=" + url.QueryEscape(`memberOfGroups[id eq "`+row["id"].(string)+`"]`)) {
					out["nestings"] = append(out["nestings"], child["name"].(string)+" in "+row["name"].(string))
				}
			}
			if p, ok := row["population"].(map[string]any); ok {
				row["population"] = populations[p["id"].(string)]
			}
			text, err := json.Marshal(withoutTimes(row))
			require.NoError(w.t, err)
			out[collection] = append(out[collection], string(text))
		}
	}
	for _, rows := range out {
		slices.Sort(rows)
	}
	return out
}

// withoutTimes takes out what differs from one run to another.
func withoutTimes(row map[string]any) map[string]any {
	for name, v := range row {
		if inner, ok := v.(map[string]any); ok {
			row[name] = withoutTimes(inner)
		}
		if name == "id" || name == "_links" || name == "environment" || name == "checkSum" || strings.HasSuffix(name, "At") {
			delete(row, name)
		}
	}
	return row
}

func sqlWorld(t *testing.T, e *duck.Engine) *aWorld {
	s := testkit.Start(t, testkit.Options{Engine: e, Sim: changedSim})
	w := newWorld(t, s.Simulator)
	literal := func(v any) string {
		quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
		switch v := v.(type) {
		case string:
			return quote(v)
		case jsonText:
			return quote(string(v))
		case []string:
			items := make([]string, len(v))
			for i, item := range v {
				items[i] = quote(item)
			}
			return "[" + strings.Join(items, ", ") + "]"
		case nil:
			return "NULL"
		default:
			return fmt.Sprint(v)
		}
	}
	w.apply = func(c aChange) bool {
		set, ok := w.resolved(c)
		if !ok {
			return false
		}
		name := nameOf[strings.ToLower(c.table)]
		where := name + " = " + literal(c.name)
		if c.alike {
			where = name + " LIKE " + literal(c.name+"%")
		}
		columns, values, assigned := []string{name}, []string{literal(c.name)}, []string{}
		for _, v := range set {
			columns, values, assigned = append(columns, v.column), append(values, literal(v.to)), append(assigned, v.column+" = "+literal(v.to))
		}
		member := "UserId = (SELECT Id FROM Users WHERE Username = " + literal(c.name) + ") AND GroupId = (SELECT Id FROM Groups WHERE Name = " + literal(c.group) + ")"
		rows, err := s.TryQuery(testkit.Context(t), map[string]string{
			"INSERT": "INSERT INTO " + c.table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")",
			"UPDATE": "UPDATE " + c.table + " SET " + strings.Join(assigned, ", ") + " WHERE " + where,
			"DELETE": "DELETE FROM " + c.table + " WHERE " + where,
			"JOIN":   "INSERT INTO UserGroupAssociations (UserId, GroupId) SELECT u.Id, g.Id FROM Users u, Groups g WHERE u.Username = " + literal(c.name) + " AND g.Name = " + literal(c.group),
			"LEAVE":  "DELETE FROM UserGroupAssociations WHERE " + member,
			"NEST":   "INSERT INTO ParentGroupAssociations (GroupId, ParentGroupId) SELECT g.Id, p.Id FROM Groups g, Groups p WHERE g.Name = " + literal(c.name) + " AND p.Name = " + literal(c.group),
			"UNNEST": "DELETE FROM ParentGroupAssociations WHERE GroupId IN (SELECT Id FROM Groups WHERE Name = " + literal(c.name) + ") AND ParentGroupId IN (SELECT Id FROM Groups WHERE Name = " + literal(c.group) + ")",
		}[c.kind])
		return err == nil && len(rows) > 0
	}
	return w
}

func odataWorld(t *testing.T, e *duck.Engine) *aWorld {
	s := testkit.Start(t, testkit.Options{Engine: e, Sim: changedSim})
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	w := newWorld(t, s.Simulator)
	send := func(method, address string, body any) bool {
		text := ""
		if body != nil {
			raw, err := json.Marshal(body)
			require.NoError(t, err)
			text = string(raw)
		}
		resp, _ := sent(t, method, root+address, text)
		return resp.StatusCode < 300
	}
	w.apply = func(c aChange) bool {
		set, ok := w.resolved(c)
		body := map[string]any{}
		for _, v := range set {
			body[v.column] = v.to
		}
		if c.kind == "INSERT" {
			body[map[bool]string{true: "Username", false: "Name"}[c.table == "Users"]] = c.name
			return ok && send(http.MethodPost, c.table, body)
		}
		found := w.ids(c.table, c.name, c.alike)
		ok = ok && len(found) > 0
		for _, id := range found {
			address := c.table + "(" + id + ")"
			groups := w.ids("Groups", c.group, false)
			switch {
			case c.kind == "UPDATE":
				ok = ok && send(http.MethodPatch, address, body)
			case c.kind == "DELETE":
				ok = ok && send(http.MethodDelete, address, nil)
			case len(groups) == 0:
				ok = false
			case c.kind == "JOIN" || c.kind == "NEST":
				ok = ok && send(http.MethodPost, "Groups("+groups[0]+")/"+members[c.table]+"/$ref", map[string]any{"@odata.id": address})
			default:
				ok = ok && send(http.MethodDelete, "Groups("+groups[0]+")/"+members[c.table]+"/$ref?$id="+address, nil)
			}
		}
		return ok
	}
	return w
}

// members are the navigation properties that lead from a group to what is in it.
var members = map[string]string{"Users": "Users", "Groups": "ChildGroups"}

func sdkWorld(t *testing.T) *aWorld {
	w := newWorld(t, testkit.StartSimulator(t, changedSim))
	cfg := management.NewConfiguration()
	cfg.SetDefaultServerIndex(1) // "{protocol}://{baseHostname}/v1"
	require.NoError(t, cfg.SetDefaultServerVariableDefaultValue("protocol", "http"))
	require.NoError(t, cfg.SetDefaultServerVariableDefaultValue("baseHostname", strings.TrimPrefix(w.sim.URL, "http://")))
	cfg.AddDefaultHeader("Authorization", "Bearer "+w.bearer)
	sdk := &sdkChanges{world: w, client: management.NewAPIClient(cfg), ctx: t.Context(), env: w.sim.EnvironmentID(sim.EnvironmentAdministrators)}
	w.apply = func(c aChange) bool {
		set, ok := w.resolved(c)
		if !ok {
			return false
		}
		err := sdk.apply(c, set)
		if err != nil {
			w.why = err.Error()
		}
		return err == nil
	}
	return w
}

// sdkChanges makes changes with Ping's SDK.
type sdkChanges struct {
	world  *aWorld
	client *management.APIClient
	ctx    context.Context //nolint:containedctx // of the test
	env    string
}

func (s *sdkChanges) apply(c aChange, set []setting) error {
	if c.kind == "INSERT" {
		return s.insert(c, set)
	}
	found := s.world.ids(c.table, c.name, c.alike)
	if len(found) == 0 {
		return fmt.Errorf("there is no %s", c.name)
	}
	for _, id := range found {
		if err := s.one(c, id, set); err != nil {
			return err
		}
	}
	return nil
}

func (s *sdkChanges) insert(c aChange, set []setting) (err error) {
	given := map[string]any{}
	for _, v := range set {
		given[v.column] = v.to
	}
	switch c.table {
	case "Groups":
		g := management.NewGroup(c.name)
		g.Description = textOf(given["Description"])
		_, _, err = s.client.GroupsApi.CreateGroup(s.ctx, s.env).Group(*g).Execute()
	case "Populations":
		p := management.NewPopulation(c.name)
		p.Description = textOf(given["Description"])
		_, _, err = s.client.PopulationsApi.CreatePopulation(s.ctx, s.env).Population(*p).Execute()
	case "Resources":
		r := management.NewResource(c.name)
		fillResource(r, set)
		_, _, err = s.client.ResourcesApi.CreateResource(s.ctx, s.env).Resource(*r).Execute()
	default:
		u := management.NewUser("", c.name)
		s.fill(u, set)
		if id := textOf(given["PopulationId"]); id != nil {
			u.SetPopulation(*management.NewUserPopulation(*id))
		}
		made, _, err := s.client.UsersApi.CreateUser(s.ctx, s.env).User(*u).Execute()
		if err == nil && given["IsEnabled"] == false {
			err = s.enable(made.GetId(), false)
		}
		if err == nil {
			err = s.beside(made.GetId(), set)
		}
		return err
	}
	return err
}

func (s *sdkChanges) one(c aChange, id string, set []setting) (err error) {
	groups := s.world.ids("Groups", c.group, false)
	switch {
	case c.kind == "DELETE" && c.table == "Users":
		_, err = s.client.UsersApi.DeleteUser(s.ctx, s.env, id).Execute()
	case c.kind == "DELETE" && c.table == "Groups":
		_, err = s.client.GroupsApi.DeleteGroup(s.ctx, s.env, id).Execute()
	case c.kind == "DELETE" && c.table == "Resources":
		_, err = s.client.ResourcesApi.DeleteResource(s.ctx, s.env, id).Execute()
	case c.kind == "DELETE":
		_, err = s.client.PopulationsApi.DeletePopulation(s.ctx, s.env, id).Execute()
	case c.kind == "UPDATE" && c.table == "Users":
		err = s.user(id, set)
	case c.kind == "UPDATE" && c.table == "Groups":
		g := management.NewGroup(c.name)
		g.Description = textOf(set[0].to)
		_, _, err = s.client.GroupsApi.UpdateGroup(s.ctx, s.env, id).Group(*g).Execute()
	case c.kind == "UPDATE" && c.table == "Resources":
		err = s.resource(id, set)
	case c.kind == "UPDATE":
		p := management.NewPopulation(c.name)
		p.Description = textOf(set[0].to)
		_, _, err = s.client.PopulationsApi.UpdatePopulation(s.ctx, s.env, id).Population(*p).Execute()
	case len(groups) == 0:
		err = fmt.Errorf("there is no %s", c.group)
	case c.kind == "JOIN":
		_, _, err = s.client.GroupMembershipApi.AddUserToGroup(s.ctx, s.env, id).GroupMembership(*management.NewGroupMembership(groups[0])).Execute()
	case c.kind == "NEST":
		_, _, err = s.client.GroupsApi.CreateGroupNesting(s.ctx, s.env, id).GroupNesting(*management.NewGroupNesting(groups[0])).Execute()
	case c.kind == "UNNEST":
		_, err = s.client.GroupsApi.DeleteGroupNesting(s.ctx, s.env, id, groups[0]).Execute()
	default:
		_, err = s.client.GroupMembershipApi.RemoveUserFromGroup(s.ctx, s.env, id, groups[0]).Execute()
	}
	return err
}

// resource reads a resource and puts it back with the changes.
func (s *sdkChanges) resource(id string, set []setting) error {
	r, _, err := s.client.ResourcesApi.ReadOneResource(s.ctx, s.env, id).Execute()
	if err == nil {
		fillResource(r, set)
		_, _, err = s.client.ResourcesApi.UpdateResource(s.ctx, s.env, id).Resource(*r).Execute()
	}
	return err
}

func fillResource(r *management.Resource, set []setting) {
	for _, v := range set {
		switch v.column {
		case "Description":
			r.Description = textOf(v.to)
		case "Audience":
			r.Audience = textOf(v.to)
		case "TokenDuration":
			r.AccessTokenValiditySeconds = nil
			if n, ok := v.to.(int); ok {
				r.SetAccessTokenValiditySeconds(int32(n))
			}
		default:
			enabled := v.to == true
			r.SetApplicationPermissionsSettings(management.ResourceApplicationPermissionsSettings{ClaimEnabled: &enabled})
		}
	}
}

// user changes a user by the calls that PingOne has for it.
func (s *sdkChanges) user(id string, set []setting) error {
	is, _, err := s.client.UsersApi.ReadUser(s.ctx, s.env, id).Execute()
	if err != nil {
		return err
	}
	u := management.NewUser(is.GetEmail(), is.GetUsername())
	if s.fill(u, set) {
		if _, _, err = s.client.UsersApi.UpdateUserPatch(s.ctx, s.env, id).User(*u).Execute(); err != nil {
			return err
		}
	}
	if err := s.beside(id, set); err != nil {
		return err
	}
	for _, v := range set {
		switch v.column {
		case "IsEnabled":
			err = s.enable(id, v.to == true)
		case "PopulationId":
			_, _, err = s.client.UserPopulationsApi.UpdateUserPopulation(s.ctx, s.env, id).UserPopulation(*management.NewUserPopulation(v.to.(string))).Execute()
		case "AccountStatus":
			err = s.lock(id, v.to == "LOCKED")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill sets what the user's own call takes, and reports whether there is some.
func (s *sdkChanges) fill(u *management.User, set []setting) (some bool) {
	for _, v := range set {
		own := true
		switch v.column {
		case "Title":
			u.Title = textOf(v.to)
		case "Nickname":
			u.Nickname = textOf(v.to)
		case "EmployeeType":
			u.Type = textOf(v.to)
		case "Email":
			u.Email = v.to.(string)
		case "FirstName":
			if u.Name == nil {
				u.Name = management.NewUserName()
			}
			u.Name.Given = textOf(v.to)
		case "LastName":
			if u.Name == nil {
				u.Name = management.NewUserName()
			}
			u.Name.Family = textOf(v.to)
		default:
			own = false
		}
		some = some || own
	}
	return some
}

// beside sets what the SDK has no members for, or can't clear, by HTTP: it sends no
// nulls, and knows no attributes of an environment's own.
func (s *sdkChanges) beside(id string, set []setting) error {
	body := map[string]any{}
	for _, v := range set {
		member := map[string]string{"Title": "title", "Nickname": "nickname", "EmployeeType": "type"}[v.column]
		switch to := v.to.(type) {
		case nil:
			body[cmp.Or(member, v.column)] = nil
		case jsonText:
			body[v.column] = json.RawMessage(to)
		case []string:
			body[v.column] = to
		case string:
			if v.column == "clearance" {
				body[v.column] = to
			}
		case bool:
			if v.column == "MFAEnabled" {
				if err := s.send(http.MethodPut, "/users/"+id+"/mfaEnabled", map[string]any{"mfaEnabled": to}); err != nil {
					return err
				}
			}
		}
	}
	if len(body) == 0 {
		return nil
	}
	return s.send(http.MethodPatch, "/users/"+id, body)
}

func (s *sdkChanges) send(method, address string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(s.ctx, method, s.world.base+address, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.world.bearer)
	req.Header.Set("Content-Type", "application/json")
	if status := s.world.do(req, &map[string]any{}); status >= 300 {
		return fmt.Errorf("status %d", status)
	}
	return nil
}

func (s *sdkChanges) enable(id string, enabled bool) error {
	e := management.NewUserEnabled()
	e.SetEnabled(enabled)
	_, _, err := s.client.EnableUsersApi.UpdateUserEnabled(s.ctx, s.env, id).UserEnabled(*e).Execute()
	return err
}

// lock speaks HTTP itself: the SDK sends this call's media type under two spellings of
// the header's name, of which a random one wins.
func (s *sdkChanges) lock(id string, locked bool) error {
	kind := map[bool]management.EnumUserAccountContentTypeHeader{true: management.ENUMUSERACCOUNTCONTENTTYPEHEADER_LOCKJSON, false: management.ENUMUSERACCOUNTCONTENTTYPEHEADER_UNLOCKJSON}[locked]
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.world.base+"/users/"+id, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.world.bearer)
	req.Header.Set("Content-Type", string(kind))
	if status := s.world.do(req, &map[string]any{}); status != http.StatusOK {
		return fmt.Errorf("status %d", status)
	}
	return nil
}

func textOf(v any) *string {
	text, ok := v.(string)
	if !ok {
		return nil
	}
	return &text
}
