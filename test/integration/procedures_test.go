//go:build duckdb_arrow

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/procedures"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	sqlquery "github.com/pingone-gateway/gateway/sqlcore/query"
)

// callStack is a small directory with its audit trail.
func callStack(t *testing.T, engine *duck.Engine) (*testkit.Stack, *trail) {
	t.Helper()
	r := &trail{}
	return testkit.Start(t, testkit.Options{Engine: engine, Sim: sim.Options{Users: 40}, Service: func(c *service.Config) { c.Audit = r.begin }}), r
}

// administrator may call procedures where no policy says who may.
func administrator(t *testing.T) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.NewAnonymous(service.AdminRole))
}

// example is the declared example of a procedure with its values.
func example(t *testing.T, s *testkit.Stack, d *catalog.Procedure) map[string]string {
	t.Helper()
	out := maps.Clone(d.Example)
	for name, text := range out {
		if strings.HasPrefix(text, "SELECT ") {
			found := s.Query(t, text)
			require.NotEmpty(t, found, "%s: %s", d.Signature.Name, text)
			out[name] = found[0][0]
		}
	}
	return out
}

// spelt writes a call, as EXECUTE or as CALL.
func spelt(d *catalog.Procedure, values map[string]string, execute bool) string {
	var inputs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text := "'" + strings.ReplaceAll(values[name], "'", "''") + "'"
		if execute {
			inputs = append(inputs, "@"+name+" = "+text)
		} else {
			inputs = append(inputs, name+" => "+text)
		}
	}
	if execute {
		return "EXECUTE " + d.Signature.Name + " " + strings.Join(inputs, ", ")
	}
	return "CALL Administrators." + d.Signature.Name + "(" + strings.Join(inputs, ", ") + ")"
}

// acted calls a procedure as an action, bound where it can be, and gives its
// result as SQL does.
func acted(t *testing.T, s *testkit.Stack, d *catalog.Procedure, values map[string]string) [][]string {
	t.Helper()
	web := s.Serve(t, testkit.WebOptions{Server: func(c *server.Config) {
		c.Guard = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), auth.NewAnonymous(service.AdminRole))))
			})
		}
	}})
	address, body := "", map[string]any{}
	for _, in := range d.Inputs {
		name, text := in.Column.Name, values[in.Column.Name]
		switch {
		case text == "":
		case name == "UserId", name == "CustomDomainId":
			address = strings.TrimSuffix(name, "Id") + "s(" + text + ")/PingOne."
		case in.Column.Type == catalog.Bool:
			body[name] = text == "true"
		case in.Column.Type == catalog.StringList:
			body[name] = strings.Split(text, ",")
		default:
			body[name] = text
		}
	}
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	resp, err := http.Post(web.URL+"/odata/pingone/Administrators/"+address+d.Signature.Name, "application/json", bytes.NewReader(raw))
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	web.Stop() // the request has ended
	require.Less(t, resp.StatusCode, 300, "%s", text)
	assert.Equal(t, len(d.Outputs) == 0, resp.StatusCode == http.StatusNoContent)
	row, told := []string{"true"}, map[string]any{}
	if len(text) > 0 {
		require.NoError(t, json.Unmarshal(text, &told))
		assert.Len(t, told, 1+len(d.Outputs))
	}
	for _, o := range d.Outputs {
		if row = append(row, "NULL"); told[o.Column.Name] != nil {
			row[len(row)-1] = fmt.Sprint(told[o.Column.Name])
		}
	}
	return [][]string{row}
}

// Every declared procedure does what its example says, in both spellings and as an
// action, by the call that it declares, and leaves no value on the trail.
func TestDeclaredProcedures(t *testing.T) {
	t.Parallel()
	declared, err := procedures.All()
	require.NoError(t, err)
	engine := testkit.OpenEngine(t)
	for i, d := range declared {
		if leftOut(i) {
			continue
		}
		t.Run(d.Signature.Name, func(t *testing.T) {
			t.Parallel()
			for _, way := range []string{"EXECUTE", "CALL", "POST"} {
				s, kept := callStack(t, engine)
				values := example(t, s, d)
				calls := len(written(s))
				kept.take()
				var rows [][]string
				if way == "POST" {
					rows = acted(t, s, d, values)
				} else {
					sql := spelt(d, values, way == "EXECUTE")
					found, err := s.TryQuery(administrator(t), sql)
					require.NoError(t, err, sql)
					rows = found
				}
				require.Len(t, rows, 1)
				require.Len(t, rows[0], 1+len(d.Outputs))
				assert.Equal(t, "true", rows[0][0], "Success")
				made := written(s)[calls:]
				if d.Call == nil {
					assert.Empty(t, made)
				} else {
					require.NotEmpty(t, made)
					for _, call := range made {
						assert.Equal(t, d.Call.Method+" "+d.Call.Endpoint, call)
					}
				}
				for i, o := range d.Outputs {
					if o.Column.Name == "Status" && values["Password"] == "" {
						assert.NotEqual(t, "NULL", rows[0][1+i], "%s", o.Column.Name)
					}
				}
				records := kept.take()
				require.Len(t, records, 1)
				record := records[0]
				assert.Equal(t, "call", record.Action)
				assert.Contains(t, record.Statement, "CALL "+d.Signature.Name+"(")
				for _, value := range values {
					assert.NotContains(t, record.Statement, value)
				}
			}
		})
	}
}

// What procedures do, one after the other.
func TestWhatProceduresDo(t *testing.T) {
	t.Parallel()
	s, _ := callStack(t, nil)
	id := testkit.Parameter{Value: predicate.StringValue(s.Query(t, "SELECT Id FROM Users WHERE Username = 'ada.admin'")[0][0])}
	for _, step := range []struct {
		sql   string
		want  []string
		check string
		then  string
	}{
		{"EXECUTE LockUserAccount @UserId = ?", []string{"true", "LOCKED"}, "SELECT AccountStatus FROM Users WHERE Username = 'ada.admin'", "LOCKED"},
		{"CALL UnlockUserAccount(?)", []string{"true", "OK"}, "SELECT AccountStatus FROM Users WHERE Username = 'ada.admin'", "OK"},
		{"CALL SetUserPassword(?, 'first-Secret-1', ForceChange => true)", []string{"true", "MUST_CHANGE_PASSWORD"}, "SELECT Status FROM UserPasswords WHERE UserId = ?", "MUST_CHANGE_PASSWORD"},
		{"CALL CheckUserPassword(?, 'first-Secret-1')", []string{"true", "true", "MUST_CHANGE_PASSWORD"}, "", ""},
		{"CALL CheckUserPassword(?, 'another')", []string{"true", "false", "NULL"}, "", ""},
		{"CALL ResetUserPassword(?, 'second-Secret-2', 'first-Secret-1')", []string{"true", "OK"}, "", ""},
		{"CALL ForceUserPasswordChange(?)", []string{"true"}, "SELECT Status FROM UserPasswords WHERE UserId = ?", "MUST_CHANGE_PASSWORD"},
		{"CALL SetUserPasswordValue(?)", []string{"true", "NO_PASSWORD"}, "", ""},
		{"CALL RevokeUserSessions(?)", []string{"true", "2"}, "", ""},
		{"CALL RevokeUserSessions(?)", []string{"true", "0"}, "", ""},
		{"CALL RevokeUserScopeConsents(?)", []string{"true", "1"}, "SELECT count(*) FROM UserOAuthScopeConsents WHERE UserId = ? AND Status = 'ACCEPTED'", "0"},
	} {
		rows, err := s.TryQuery(administrator(t), step.sql, id)
		require.NoError(t, err, step.sql)
		assert.Equal(t, [][]string{step.want}, rows, step.sql)
		if step.check != "" {
			var p []testkit.Parameter
			if strings.Contains(step.check, "?") {
				p = append(p, id)
			}
			assert.Equal(t, [][]string{{step.then}}, s.Query(t, step.check, p...), step.sql)
		}
	}
}

// Actions that the caller may not call are not in $metadata, and calling them is
// refused with the reason.
func TestActionsOfOthers(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, Service: func(c *service.Config) { c.Policy = callers{may: []string{"LockUserAccount"}} }})
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/"
	read := func(r *http.Response, err error) (int, string) {
		require.NoError(t, err)
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r.StatusCode, string(text)
	}
	_, text := read(http.Get(root + "Administrators/$metadata"))
	assert.Contains(t, text, `<ActionImport Name="LockUserAccount" Action="PingOne.LockUserAccount"/>`)
	assert.Equal(t, 1, strings.Count(text, "<ActionImport"))
	_, text = read(http.Get(root + "AllEnvironments/$metadata"))
	assert.Equal(t, 1, strings.Count(text, "<ActionImport"))
	assert.Equal(t, 2, strings.Count(text, "<Action "), "bound to users, too")
	assert.Contains(t, text, `<Parameter Name="User" Type="PingOne.User" Nullable="false"/>`)
	assert.Contains(t, text, `<Parameter Name="EnvironmentId" Type="Edm.Guid" Nullable="false">`)
	status, text := read(http.Post(root+"Administrators/UnlockUserAccount", "application/json", strings.NewReader(`{"UserId":"00000000-0000-4000-8000-000000000000"}`)))
	assert.Equal(t, http.StatusForbidden, status, text)
	status, text = read(http.Post(root+"AllEnvironments/LockUserAccount", "application/json", strings.NewReader(`{}`)))
	assert.Equal(t, http.StatusBadRequest, status, text)
	status, text = read(http.Post(root+"AllEnvironments/LockUserAccount", "application/json", strings.NewReader(
		fmt.Sprintf(`{"EnvironmentId":%q,"UserId":%q}`, s.EnvironmentID(sim.EnvironmentCustomers), s.UserID(sim.EnvironmentCustomers, 1)))))
	assert.Equal(t, http.StatusOK, status, text)
	status, text = read(http.Post(root+"AllEnvironments/UnlockUserAccount", "application/json", strings.NewReader(`{}`)))
	assert.Equal(t, http.StatusForbidden, status, text)
}

// callers is a policy of the procedures that may be called.
type callers struct {
	bounded
	may []string
}

func (p callers) MayCall(name string, _ *auth.Principal) error {
	if slices.Contains(p.may, name) {
		return nil
	}
	return gwerr.New(gwerr.Forbidden, "Not that one.", "")
}

// A call that is refused is refused before anything is sent, or says so without
// any value.
func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	const secret = "Very-Secret-77"
	simulator := testkit.StartSimulator(t, sim.Options{Users: 40})
	engine := testkit.OpenEngine(t)
	stack := func(readOnly bool, policy service.Policy) *testkit.Stack {
		return testkit.Start(t, testkit.Options{Simulator: simulator, Engine: engine, ReadOnly: readOnly, Service: func(c *service.Config) {
			if policy != nil {
				c.Policy = policy
			}
		}})
	}
	free := stack(false, nil)
	user := free.Query(t, "SELECT Id FROM Users WHERE Username = 'ada.admin'")[0][0]
	set := "CALL SetUserPassword('" + user + "', '" + secret + "')"
	application := "'" + free.Query(t, "SELECT Id FROM OIDCApplications ORDER BY Name LIMIT 1")[0][0] + "'"
	for name, c := range map[string]struct {
		sql      string
		readOnly bool
		may      []string
		safe     bool
		code     gwerr.Code
		sent     bool
	}{
		"an input is missing":        {sql: "EXECUTE SetUserPassword @Value = '" + secret + "'", may: []string{"SetUserPassword"}, code: gwerr.BadParameter},
		"a value of another type":    {sql: "CALL SetUserPassword('" + secret + "', '')", may: []string{"SetUserPassword"}, code: gwerr.TypeMismatch},
		"no right":                   {sql: set, may: []string{"LockUserAccount"}, code: gwerr.Forbidden},
		"no right to see the secret": {sql: "CALL RotateApplicationSecret(" + application + ", ReturnSecret => true)", may: []string{"RotateApplicationSecret"}, code: gwerr.Forbidden},
		"a connection for reading":   {sql: set, readOnly: true, may: []string{"SetUserPassword"}, code: gwerr.ReadOnly},
		"GET":                        {sql: set, safe: true, may: []string{"SetUserPassword"}, code: gwerr.MethodNotAllowed},
		"no object to import":        {sql: "CALL ImportUser('[\"" + secret + "\"]')", may: []string{"ImportUser"}, code: gwerr.InvalidValue},
		"no JSON to import":          {sql: "CALL ImportUser('{" + secret + "')", may: []string{"ImportUser"}, code: gwerr.TypeMismatch},
		"no environment":             {sql: strings.Replace(set, "CALL ", "CALL Information.", 1), may: []string{"SetUserPassword"}, code: gwerr.UnknownSchema},
		"against the policy":         {sql: "CALL SetUserPassword('" + user + "', 'Z9')", may: []string{"SetUserPassword"}, code: gwerr.InvalidValue, sent: true},
		"nobody there":               {sql: "CALL LockUserAccount('00000000-0000-4000-8000-000000000000')", may: []string{"LockUserAccount"}, code: gwerr.NotFound, sent: true},
		"a wrong code":               {sql: "CALL VerifyUser('" + user + "', '" + secret + "')", may: []string{"VerifyUser"}, code: gwerr.InvalidValue, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := stack(c.readOnly, callers{may: c.may})
			before := len(s.Requests())
			ctx, request, err := s.BeginSQL(testkit.Context(t), "", c.sql)
			require.NoError(t, err)
			_, err = request.SQL(ctx, sqlquery.Statement{SQL: c.sql, Safe: c.safe})
			request.End(err)
			require.Error(t, err)
			assert.Equal(t, c.code, gwerr.From(err).Code, "%v", err)
			assert.NotContains(t, err.Error()+gwerr.From(err).Hint, secret)
			assert.NotContains(t, err.Error(), "Z9")
			posted := 0
			for _, r := range s.Requests()[before:] {
				if r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v1/") {
					posted++
				}
			}
			assert.Equal(t, c.sent, posted > 0)
		})
	}
}
