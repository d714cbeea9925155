//go:build duckdb_arrow

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// posted is an answer of POST /sql.
type posted struct {
	status  int
	text    string
	Columns []struct{ Name, Type string }
	Rows    [][]any
	Error   struct {
		Code, Message, Hint, Target string
		Position                    int
	}
}

// post sends a body to /sql.
func post(t *testing.T, w *testkit.Web, path, body string) posted {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	p := posted{status: resp.StatusCode, text: string(text)}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%s: %s: %v", body, text, err)
	}
	return p
}

// ask sends a statement with parameters.
func ask(t *testing.T, w *testkit.Web, sql string, parameters any) posted {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": sql, "parameters": parameters})
	if err != nil {
		t.Fatal(err)
	}
	return post(t, w, "/sql", string(body))
}

func sqlWeb(t *testing.T) *testkit.Web {
	t.Helper()
	return testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}}).Serve(t, testkit.WebOptions{})
}

// years lists those in which users were created, as PIVOT takes them.
func years(t *testing.T, w *testkit.Web) string {
	t.Helper()
	var out []string
	for _, row := range ask(t, w, "SELECT DISTINCT date_part('year', CreatedAt) FROM Users ORDER BY 1", nil).Rows {
		out = append(out, fmt.Sprint(row[0]))
	}
	return " IN (" + strings.Join(out, ", ") + ")"
}

// TestSQLForms sends spellings of statements and compares each with a plain one.
func TestSQLForms(t *testing.T) {
	t.Parallel()
	w := sqlWeb(t)
	two := ask(t, w, "SELECT Id, Username FROM Users WHERE Title IS NOT NULL ORDER BY Id LIMIT 2", nil).Rows
	id, name, other := two[0][0], two[0][1], two[1][1]
	ids := []any{two[0][0], two[1][0]}
	const inList = "SELECT Username FROM Users WHERE Username IN ('%s', '%s') ORDER BY 1"
	pair := fmt.Sprintf(inList, name, other)
	var kinds []string
	for _, row := range ask(t, w, "SELECT DISTINCT EmployeeType FROM Users WHERE EmployeeType IS NOT NULL ORDER BY 1", nil).Rows {
		kinds = append(kinds, "'"+fmt.Sprint(row[0])+"'")
	}
	listed := " IN (" + strings.Join(kinds, ", ") + ") "
	cases := []struct {
		name, sql  string
		parameters any
		plain      string
	}{
		{"PIVOT by what is there", "PIVOT Users ON EmployeeType USING count(*) GROUP BY PopulationId ORDER BY PopulationId", nil, "PIVOT Users ON EmployeeType" + listed + "USING count(*) GROUP BY PopulationId ORDER BY PopulationId"},
		{
			"PIVOT of a query with parameters", "WITH few AS (SELECT * FROM Users WHERE PopulationId <> ?) PIVOT (SELECT EmployeeType, IsEnabled, ? AS n FROM few) ON EmployeeType, IsEnabled USING max(n)",
			[]any{id, 7},
			"PIVOT (SELECT EmployeeType, IsEnabled, 7 AS n FROM Users) ON EmployeeType" + listed + ", IsEnabled IN (false, true) USING max(n)",
		},
		{
			"PIVOT by an expression", "PIVOT Users ON date_part('year', CreatedAt), IsEnabled IN (true) USING count(*) GROUP BY EmployeeType ORDER BY 1;", nil,
			"PIVOT (SELECT EmployeeType, IsEnabled, date_part('year', CreatedAt) AS y FROM Users) ON y" + years(t, w) + ", IsEnabled IN (true) USING count(*) GROUP BY EmployeeType ORDER BY 1",
		},
		{"a number beyond all", "SELECT 1e308 * 10 AS x", nil, "SELECT 'Infinity' AS x"},
		{"less than any", "SELECT -1e400 AS x", nil, "SELECT '-Infinity' AS x"},
		{"no number", "SELECT 'nan'::DOUBLE AS x", nil, "SELECT 'NaN' AS x"},
		{"a text that says so", "SELECT ':Infinity,' AS x, 1e400 AS y", nil, "SELECT ':Infinity,' AS x, 'Infinity' AS y"},
		{"a condition with infinity", "SELECT count(*) FROM Users WHERE length(Username) < 1e400", nil, "SELECT count(*) FROM Users"},
		{"infinity and a plain condition", "SELECT Username FROM Users WHERE Id = ? AND SecondsUntilUnlock IS NULL AND 1e400 > length(Username)", []any{id}, fmt.Sprintf("SELECT Username FROM Users WHERE Id = '%s'", id)},
		{"an endless time", "SELECT count(*) FROM Users WHERE CreatedAt < 'infinity'", nil, "SELECT count(*) FROM Users"},
		{"an endless time as a value", "SELECT 'infinity'::TIMESTAMPTZ AS x, '-infinity'::DATE AS y", nil, "SELECT 'infinity' AS x, '-infinity' AS y"},
		{"before all times", "SELECT count(*) FROM Users WHERE CreatedAt < '-infinity'::TIMESTAMPTZ", nil, "SELECT 0"},

		{"a parameter in a list", "SELECT Username FROM Users WHERE list_contains([:a, :b], Username) ORDER BY 1", map[string]any{"a": name, "b": other}, pair},
		{"a parameter in a subscript", "SELECT [1, 2, 3][:n] AS x", map[string]any{"n": 2}, "SELECT 2 AS x"},
		{"a parameter in a slice", "SELECT ([1, 2, 3][1: :n])[2] AS x", map[string]any{"n": 2}, "SELECT 2 AS x"},
		{"a parameter in a struct", "SELECT {'k': :n}.k AS x", map[string]any{"n": 2}, "SELECT 2 AS x"},
		{"a slice by columns", "SELECT a[b:c] AS x FROM (SELECT [1, 2, 3] AS a, 2 AS b, 3 AS c) t", nil, "SELECT [2, 3] AS x"},

		{"TOP with brackets", "SELECT TOP 2 [Id], [Username] FROM [Users] WHERE [Title] IS NOT NULL ORDER BY [Id]", nil, "SELECT Id, Username FROM Users WHERE Title IS NOT NULL ORDER BY Id LIMIT 2"},
		{"values in brackets", "SELECT [NULL][1] IS NULL AS a, len([true]) AS b, len([1, NULL]) AS c, len([NOT [IsEnabled] ]) AS d FROM [Users] LIMIT 1", nil, "SELECT true AS a, 1 AS b, 2 AS c, 1 AS d"},
		{"TOP with a list", "SELECT TOP 1 [1, 2] AS x FROM Users", nil, "SELECT [1, 2] AS x"},
		{"TOP in brackets with a list", "SELECT TOP (1) [1, 2] AS x FROM Users", nil, "SELECT [1, 2] AS x"},
		{"TOP with a negative", "SELECT TOP 1 -1 AS x FROM Users", nil, "SELECT -1 AS x"},
		{"TOP with a struct", "SELECT TOP 1 {'a': 1}.a AS x FROM Users", nil, "SELECT 1 AS x"},

		{"COLUMNS by pattern", "SELECT COLUMNS('^(Id|Username)$') FROM Users ORDER BY Id LIMIT 3", nil, "SELECT Id, Username FROM Users ORDER BY Id LIMIT 3"},
		{"COLUMNS in a plain query", "SELECT COLUMNS('^Username$') FROM Users WHERE Id = ?", []any{id}, fmt.Sprintf("SELECT Username FROM Users WHERE Id = '%s'", id)},
		{"COLUMNS inside a function", "SELECT count(COLUMNS('^(Id|Username)$')) FROM Users", nil, `SELECT count(Id) AS "Id", count(Username) AS "Username" FROM Users`},
		{"COLUMNS by list", "SELECT COLUMNS(['Id', 'Username']) FROM Users ORDER BY Id LIMIT 3", nil, "SELECT Id, Username FROM Users ORDER BY Id LIMIT 3"},
		{"COLUMNS by lambda", "SELECT COLUMNS(c -> c IN ('Id', 'Username')) FROM Users ORDER BY Id LIMIT 3", nil, "SELECT Id, Username FROM Users ORDER BY Id LIMIT 3"},
		{"COLUMNS renamed", `SELECT COLUMNS('^(User)name$') AS '\\1_x' FROM Users ORDER BY 1 LIMIT 1`, nil, "SELECT Username AS User_x FROM Users ORDER BY 1 LIMIT 1"},
		{"COLUMNS beside others", "SELECT COLUMNS('^Id$'), count(*) FROM Populations GROUP BY ALL ORDER BY 1 LIMIT 1", nil, "SELECT Id, 1 AS count FROM Populations ORDER BY 1 LIMIT 1"},
		{"COLUMNS in a condition", "SELECT Id FROM (SELECT Id, Username FROM Users) x WHERE COLUMNS(*) IS NOT NULL ORDER BY 1 LIMIT 1", nil, "SELECT Id FROM Users ORDER BY 1 LIMIT 1"},
		{"a star with LIKE", "SELECT * LIKE 'Usernam%' FROM Users WHERE Id = ?", []any{id}, fmt.Sprintf("SELECT Username FROM Users WHERE Id = '%s'", id)},
		{"COLUMNS without a column", "SELECT COLUMNS(* EXCLUDE (Id)) FROM (SELECT Id, Username FROM Users ORDER BY Id LIMIT 2) x", nil, "SELECT Username FROM Users ORDER BY Id LIMIT 2"},
		{"COLUMNS of all", "SELECT min(COLUMNS(*)) FROM (SELECT Id, Username FROM Users) x", nil, `SELECT min(Id) AS "Id", min(Username) AS "Username" FROM Users`},

		{"a list after IN (SELECT unnest", "SELECT Username FROM Users WHERE Id IN (SELECT unnest(?)) ORDER BY 1", []any{ids}, pair},
		{"a list after = ANY", "SELECT Username FROM Users WHERE Id = ANY(?) ORDER BY 1", []any{ids}, pair},
		{"a list after IN", "SELECT Username FROM Users WHERE Id IN (?) ORDER BY 1", []any{ids}, pair},
		{"a list after IN without brackets", "SELECT Username FROM Users WHERE Id IN :ids ORDER BY 1", map[string]any{"ids": ids}, pair},
		{"a list after NOT IN", "SELECT count(*) FROM Users WHERE Id NOT IN (?)", []any{ids}, "SELECT count(*) - 2 FROM Users"},
		{"a list after <> ALL", "SELECT count(*) FROM Users WHERE Id <> ALL(?)", []any{ids}, "SELECT count(*) - 2 FROM Users"},
		{"a list as a value", "SELECT Username FROM Users WHERE list_contains(?, Username) ORDER BY 1", []any{[]any{name, other}}, pair},
		{"a list as a table", "SELECT u.Username FROM unnest(?) AS x(n) JOIN Users u ON u.Username = x.n ORDER BY 1", []any{[]any{name, other}}, pair},
		{"a list of numbers", "SELECT x FROM unnest(?) AS t(x) WHERE x IN (?) ORDER BY x", []any{[]any{1, 2, -3}, []any{2, -3}}, "SELECT x FROM (VALUES (-3), (2)) AS t(x) ORDER BY x"},
		{"a list with null", "SELECT count(*) FROM Users WHERE Username = ANY(?)", []any{[]any{nil, name}}, "SELECT 1"},
		{"an empty list", "SELECT count(*) FROM Users WHERE Username IN (?)", []any{[]any{}}, "SELECT 0"},
		{"not in an empty list", "SELECT count(*) FROM Users WHERE Title NOT IN (?)", []any{[]any{}}, "SELECT count(*) FROM Users"},
		{"the length of an empty list", "SELECT len(?) AS x", []any{[]any{}}, "SELECT 0 AS x"},

		{"a table of Information", "SELECT Name FROM Environments ORDER BY 1", nil, "SELECT Name FROM Information.Environments ORDER BY 1"},
		{"joined with one of an environment", "SELECT count(*) FROM Users u JOIN environments e ON e.Id = u.EnvironmentId", nil, "SELECT count(*) FROM Users"},
		{"an enumeration", "SELECT 'b'::ENUM('a', 'b') AS x", nil, "SELECT 'b' AS x"},
		{"a long text", "SELECT count(*) FROM Users WHERE Title = '" + strings.Repeat("x", 20_000) + "'", nil, "SELECT 0"},
		{"a long text beside another", "SELECT Username FROM Users WHERE Id = ? AND Title <> '" + strings.Repeat("x", 20_000) + "'", []any{id}, fmt.Sprintf("SELECT Username FROM Users WHERE Id = '%s'", id)},
		{"a long text in a list", "SELECT Username FROM Users WHERE Username IN (?)", []any{[]any{name, strings.Repeat("x", 20_000)}}, fmt.Sprintf("SELECT Username FROM Users WHERE Id = '%s'", id)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, want := ask(t, w, c.sql, c.parameters), ask(t, w, c.plain, nil)
			if want.status != http.StatusOK {
				t.Fatalf("%s: %s", c.plain, want.text)
			}
			if got.status != http.StatusOK || fmt.Sprint(got.Rows) != fmt.Sprint(want.Rows) {
				t.Errorf("%d %.600s\nwant %.600s", got.status, got.text, want.text)
			}
		})
	}
}

// TestColumnNamesOfTheEngine looks at names that the engine makes up: they show
// no inner name, and are the same in every format.
func TestColumnNamesOfTheEngine(t *testing.T) {
	t.Parallel()
	w := sqlWeb(t)
	for _, c := range []struct{ sql, want string }{
		{"SELECT upper(COLUMNS('^(Name|Description)$')) FROM Populations LIMIT 1", `Name,Description`},
		{"SELECT coalesce(*COLUMNS('^(Name|Description)$')) FROM Populations LIMIT 1", `COALESCE(Administrators.Populations."Name", Administrators.Populations.Description)`},
	} {
		got := ask(t, w, c.sql, nil)
		var names []string
		for _, column := range got.Columns {
			names = append(names, column.Name)
		}
		if strings.Join(names, ",") != c.want {
			t.Errorf("%s: %s", c.sql, got.text)
		}
		body, err := json.Marshal(map[string]string{"query": c.sql})
		if err != nil {
			t.Fatal(err)
		}
		a := route{method: http.MethodPost, path: "/sql?format=arrow", body: string(body)}.ask(t, w)
		r, err := ipc.NewReader(bytes.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range r.Schema().Fields() {
			if f.Name != names[i] {
				t.Errorf("%s: %s in Arrow, %s in JSON", c.sql, f.Name, names[i])
			}
		}
		r.Release()
	}
}

// TestSQLRefusals sends statements that are wrong and looks at what is said.
func TestSQLRefusals(t *testing.T) {
	t.Parallel()
	w := sqlWeb(t)
	cases := []struct {
		name, sql, code, says, hint string
		position                    int
	}{
		{"a text for a number", "SELECT Id FROM Users WHERE SecondsUntilUnlock = 'soon'", "type_mismatch", "'soon' is not of type INTEGER, which SecondsUntilUnlock is compared with.", "", 49},
		{"a text for a time", "SELECT Id FROM Users WHERE Username = 'a' AND CreatedAt >= 'yesterday'", "type_mismatch", "'yesterday' is not of type TIMESTAMPTZ, which CreatedAt is compared with.", "", 60},
		{"a text for a truth value", "SELECT Id FROM Users WHERE IsEnabled = 'enabled' OR Username = 'a'", "type_mismatch", "'enabled' is not of type BOOLEAN, which IsEnabled is compared with.", "", 40},
		{"in a list", "SELECT Id FROM Users WHERE SecondsUntilUnlock IN (1, 2, 'x')", "type_mismatch", "'x' is not of type INTEGER", "", 57},
		{"between", "SELECT Id FROM Users WHERE CreatedAt BETWEEN '2024-01-01' AND '2024-02-31'", "type_mismatch", "'2024-02-31' is not of type TIMESTAMPTZ", "", 63},
		{"an id among ids", "SELECT Id FROM Users WHERE Id IN ('x', 'y')", "type_mismatch", "is not of type UUID", "", 0},
		{"in a join", "SELECT u.Id FROM Users u JOIN Populations p ON p.Id = u.PopulationId WHERE p.UserCount > 'many'", "type_mismatch", "'many' is not of type BIGINT, which UserCount is compared with.", "", 90},
		{"in a select list", "SELECT CAST('x' AS INTEGER) FROM Users", "type_mismatch", "'x' is not of type INTEGER.", "", 8},
		{"in a branch", "SELECT CASE WHEN IsEnabled THEN DATE 'never' END FROM Users", "type_mismatch", "'never' is not of type DATE.", "", 38},
		{"in a limit", "SELECT Id FROM Users LIMIT 'x'", "type_mismatch", "Could not convert string 'x' to BIGINT.", "", 28},
		{"a row's value", "SELECT CAST(Username AS INTEGER) FROM Users", "type_mismatch", "Could not convert string … to INTEGER when casting from source column Username.", "", 0},
		{"a near column", "SELECT Usrename FROM Users", "unknown_column", "Usrename", "Did you mean Username?", 8},
		{"a far column", "SELECT Salary FROM Users", "unknown_column", "Salary", "Check its spelling and the tables after FROM.", 8},
		{"a near table", "SELECT 1 FROM User", "unknown_table", "User", "Did you mean Users?", 15},
		{"a far table", "SELECT 1 FROM Invoices", "unknown_table", "Invoices", "Tables of other schemas need the schema's name before theirs.", 15},
		{"a near function", "SELECT lowre(Username) FROM Users", "unknown_function", "lowre", "Did you mean lower?", 8},
		{"a far function", "SELECT frobnicate(Username) FROM Users", "unknown_function", "frobnicate", "The documentation lists the functions.", 8},
		{"PIVOT without values", "PIVOT (SELECT n FROM range(1500) t(n)) ON n USING count(*)", "too_large", "", "", 0},
		{"PIVOT by nothing", "PIVOT (SELECT * FROM Users WHERE Username = 'nobody at all') ON Title USING count(*)", "bad_request", "finds no values", "", 0},
		{"PIVOT by an unknown column", "PIVOT Users ON Usrename USING count(*)", "unknown_column", "Usrename", "", 0},
		{"a function behind what PIVOT lists", "PIVOT Users ON IsEnabled USING frobnicate(Id)", "unknown_function", "frobnicate", "", 32},
		{"a new table", "SELECT Id INTO Copy FROM Users", "not_implemented", "INTO", "", 11},
		{"a span either way round", "SELECT Id FROM Users WHERE Username BETWEEN SYMMETRIC 'b' AND 'a'", "not_implemented", "BETWEEN SYMMETRIC", "Write BETWEEN least(a, b) AND greatest(a, b).", 45},
		{"a span of rows", "SELECT Id FROM Users WHERE {'a': Username} BETWEEN {'a': 'a'} AND {'a': 'c'}", "type_mismatch", "BETWEEN does not take rows", "Write (a, b) >= (…, …) AND (a, b) <= (…, …).", 0},
		{"a column of nothing", "SELECT Usrename", "unknown_column", "There is no column Usrename here.", "", 8},
		{"a list of lists", "SELECT 1", "bad_parameter", "", "", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var parameters any
			if c.code == "bad_parameter" {
				parameters = []any{[]any{[]any{1}}}
			}
			got := ask(t, w, c.sql, parameters)
			e := got.Error
			if e.Code != c.code || !strings.Contains(e.Message, c.says) || c.hint != "" && e.Hint != c.hint || c.position > 0 && e.Position != c.position {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

// TestOneSpellingOfAnInstant reads one value through every path and format.
func TestOneSpellingOfAnInstant(t *testing.T) {
	t.Parallel()
	w := sqlWeb(t)
	at := ask(t, w, "SELECT Id, CreatedAt FROM Users ORDER BY Id LIMIT 1", nil).Rows[0]
	id, want := at[0].(string), at[1].(string)
	if !strings.HasSuffix(want, "Z") || len(want) != len("2024-03-01T09:12:42.000Z") {
		t.Fatalf("not three digits of the second: %s", want)
	}
	for _, sql := range []string{
		"SELECT CreatedAt FROM Users WHERE Id = '%s'",
		"SELECT max(CreatedAt) FROM Users WHERE Id = '%s'",
		"SELECT CreatedAt + INTERVAL 0 SECONDS FROM Users WHERE Id = '%s'",
		"SELECT u.CreatedAt FROM Users u JOIN Populations p ON p.Id = u.PopulationId WHERE u.Id = '%s'",
		"SELECT list(CreatedAt) FROM Users WHERE Id = '%s'",
		"SELECT {'at': CreatedAt} FROM Users WHERE Id = '%s'",
	} {
		for _, format := range []string{"json", "ndjson", "csv"} {
			body, err := json.Marshal(map[string]string{"query": fmt.Sprintf(sql, id)})
			if err != nil {
				t.Fatal(err)
			}
			a := route{method: http.MethodPost, path: "/sql?format=" + format, body: string(body)}.ask(t, w)
			if a.status != http.StatusOK || !strings.Contains(string(a.body), want) {
				t.Errorf("%s as %s: %s, want %s", sql, format, a.body, want)
			}
		}
	}
	for _, path := range []string{"Users?$select=CreatedAt&$filter=Id eq " + id, "Users(" + id + ")", "Users?$select=CreatedAt&$filter=length(Username) gt 0 and Id eq " + id + "&$orderby=CreatedAt"} {
		a := feedRoute("", path, true).ask(t, w)
		if a.status != http.StatusOK || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %.300s, want %s", path, a.status, a.body, want)
		}
	}
}
