//go:build duckdb_arrow && unix

package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// asked is a statement that a client sent, and what made it do so.
type asked struct{ by, sql string }

// captured reads the statements that clients were seen to send to PostgreSQL 15,
// and those that the sources of others have.
func captured(t *testing.T) (out []asked) {
	t.Helper()
	for _, file := range []string{"captured.sql", "documented.sql"} {
		raw, err := os.ReadFile(filepath.Join("..", "..", "sqlcore", "pgcatalog", "testdata", file))
		require.NoError(t, err)
		by := ""
		for line := range strings.Lines(string(raw)) {
			if what, ok := strings.CutPrefix(line, "-- "); ok {
				by = strings.TrimSpace(what)
				continue
			}
			out = append(out, asked{by, strings.TrimSpace(line)})
		}
	}
	return out
}

// side is one of the two databases.
type side struct {
	*pgconn.PgConn
	// own writes a captured statement about this one's tables.
	own *strings.Replacer
	// things name object ids.
	things map[string]string
}

func newSide(t *testing.T, c *pgconn.PgConn) *side {
	t.Helper()
	s := &side{PgConn: c, things: map[string]string{}}
	for _, sql := range []string{
		`SELECT c.oid, 'relation ' || n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`,
		`SELECT oid, 'schema ' || nspname FROM pg_namespace`,
		`SELECT c.oid, 'constraint ' || n.nspname || '.' || c.conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace`,
		`SELECT oid, 'database ' || datname FROM pg_database`,
	} {
		for _, r := range texts(t, c, sql) {
			s.things[r[0]] = r[1]
		}
	}
	id := func(name string) string {
		for oid, thing := range s.things {
			if thing == "relation Administrators."+name {
				return oid
			}
		}
		t.Fatalf("no %s", name)
		return ""
	}
	s.own = strings.NewReplacer("pingone.users", `"Administrators"."Users"`, "pingone", "Administrators", "'users'", "'Users'", "(users)", "(Users)",
		"'populations'", "'Populations'", "(populations)", "(Populations)", "enabled_users", "Groups", "16393", id("Users"), "16406", id("Groups"), "username", `"Username"`)
	return s
}

// answer is what a database says, as lines that can be compared.
type answer struct {
	columns, types []string
	rows           [][]string
	err            error
}

// number is a value that may be an object id, or one in a list of them.
var number = regexp.MustCompile(`\b[0-9]{4,}\b`)

func (s *side) ask(t *testing.T, sql string, args []string) []answer {
	t.Helper()
	var results []*pgconn.Result
	if args != nil {
		values := make([][]byte, len(args))
		for i, a := range args {
			values[i] = []byte(s.own.Replace(a))
		}
		results = []*pgconn.Result{s.ExecParams(t.Context(), s.own.Replace(sql), values, nil, nil, nil).Read()}
	} else {
		all := s.Exec(t.Context(), s.own.Replace(sql))
		for all.NextResult() {
			r := all.ResultReader()
			fields := slices.Clone(r.FieldDescriptions())
			results = append(results, r.Read())
			results[len(results)-1].FieldDescriptions = fields
		}
		if err := all.Close(); err != nil {
			results = append(results, &pgconn.Result{Err: err})
		}
	}
	var out []answer
	for _, r := range results {
		a := answer{err: r.Err}
		for _, f := range r.FieldDescriptions {
			a.columns, a.types = append(a.columns, f.Name), append(a.types, fmt.Sprint(f.DataTypeOID))
		}
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = number.ReplaceAllStringFunc(keptNull.ReplaceAllString(string(v), "NULL"), func(n string) string {
					if thing := s.things[n]; thing != "" {
						return thing
					}
					return n
				})
				if v == nil {
					cells[i] = "NULL"
				}
			}
			a.rows = append(a.rows, cells)
		}
		out = append(out, a)
	}
	return out
}

// TestCatalogIsPostgreSQLs sends each captured statement to the gateway and to a
// PostgreSQL 15 with the same tables, and compares names, types and rows.
func TestCatalogIsPostgreSQLs(t *testing.T) {
	d := startDemo(t)
	address := realPostgres(t)
	ours, theirs := connect(t, d.url()), connect(t, address)
	like(t, ours, theirs)
	for _, sql := range []string{`SET search_path = "Administrators"`} {
		_, err := theirs.Exec(t.Context(), sql).ReadAll()
		require.NoError(t, err)
	}
	gateway, real := newSide(t, ours), newSide(t, theirs)
	for i, a := range captured(t) {
		t.Run(fmt.Sprintf("%d %s", i+1, a.by), func(t *testing.T) {
			args := arguments(a.sql)
			for _, s := range []*side{gateway, real} {
				prepare(t, s, a.sql)
			}
			want, got := real.ask(t, a.sql, args), gateway.ask(t, a.sql, args)
			for k := 0; k < max(len(want), len(got)); k++ {
				if k >= len(want) || k >= len(got) {
					t.Errorf("%d results instead of %d: %v\n%s", len(got), len(want), got[len(got)-1].err, a.sql)
					break
				}
				compare(t, a.sql, want[k], got[k])
			}
		})
	}
}

// allowed are differences that stay, by a part of the statement. What differs is
// rows, types, or all where the gateway refuses the statement.
var allowed = []struct{ part, what, why string }{
	{"array_to_string(c.reloptions ||", "rows", "a null with a list behind it is null to the engine, and an empty list to PostgreSQL"},
	{"SELECT r.rolname, r.rolsuper", "rows", "PostgreSQL has its superuser, too"},
	{"INFORMATION_SCHEMA.tables", "rows", "information_schema calls tables that nobody can change views"},
	{"INFORMATION_SCHEMA.columns", "rows", "information_schema calls texts character varying, as the commercial connector does"},
	{"quote_ident(table_name) END AS \"table\"", "rows", "there is the schema sys"},
	{"FORMAT('%s', \"c\".\"udt_name\")", "rows", "the same"},
	{"quote_ident(column_name) AS \"column\", data_type", "rows", "the same"},
	{"typtype IN ('b', 'r', 'm', 'e', 'd')", "rows", "information_schema has no domains"},
	{"current_schema(),session_user", "rows", "who is asked is another one"},
	{"SELECT n.oid,n.*,d.description", "rows", "the owner has another id"},
	{"SELECT c.oid,c.*,d.description", "rows", "the owner has another id, and nothing is kept in TOAST tables or by transactions"},
	{"SELECT c.relname,a.*", "types", "values that are missing are none, whatever their type"},
	{"pg_settings where name", "rows", "settings have no descriptions"},
	{"SELECT a.oid,a.*,pd.description", "rows", "the role has another id"},
	{"SELECT db.oid as did", "rows", "the database has another id"},
	{"c.relkind IN ('v','s','')", "rows", "PostgreSQL has more views of its own"},
	{"FROM pg_catalog.pg_extension e LEFT JOIN", "rows", "there is no PL/pgSQL"},
	{"d.datname as \"Name\", pg_catalog.pg_get_userbyid(d.datdba)", "rows", "PostgreSQL has its templates, too"},
	{"version()", "rows", "it says which server answers"},
	{"t.typbasetype, t.typtypmod) as \"attype\"", "rows", "information_schema has no domains"},
	{"from pingone.users", "rows", "the tables of the PostgreSQL are empty"},
	{"select array['a']::text[], '{}'::jsonb, now()", "rows", "time passes"},
	{"pos.n AS KEY_SEQ", "types", "the engine counts series in 64 bits"},
	{"c.relkind = 'c' FROM pg_catalog.pg_class", "rows", "tables have no types of their own"},
	{"typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid FROM pg_catalog.pg_type LEFT JOIN (select ns.oid", "rows", "tables have no types of their own"},
	{"CASE WHEN t.typtype='c' then 2002", "rows", "tables have no types of their own"},
	{"pg_catalog.pg_proc", "rows", "only the functions that types have are listed"},
	{"unnest(current_schemas(true))", "types", "names of the session's schemas are text"},
}

func isAllowed(sql, what string) bool {
	for _, a := range allowed {
		if strings.Contains(sql, a.part) && (a.what == what || a.what == "all") {
			return true
		}
	}
	return false
}

func compare(t *testing.T, sql string, want, got answer) {
	t.Helper()
	if isAllowed(sql, "all") {
		return
	}
	if (want.err == nil) != (got.err == nil) {
		t.Errorf("%v instead of %v\n%s", got.err, want.err, sql)
		return
	}
	if !slices.Equal(want.columns, got.columns) {
		t.Errorf("columns\n%v instead of\n%v\n%s", got.columns, want.columns, sql)
	}
	for i := range min(len(want.types), len(got.types)) {
		if want.types[i] != got.types[i] && !isAllowed(sql, "types") {
			t.Errorf("type of %s: %s instead of %s\n%s", want.columns[i], got.types[i], want.types[i], sql)
		}
	}
	if !isAllowed(sql, "rows") {
		differences(t, sql, want, got)
	}
}

// others are schemas that the two don't share, or whose relations they don't.
var others = regexp.MustCompile(`^(pg_catalog|information_schema|sys|public|pg_toast|relation (pg_catalog|information_schema|sys|pg_toast)\..*)$`)

func aboutOthers(row []string) bool { return slices.ContainsFunc(row, others.MatchString) }

func differences(t *testing.T, sql string, want, got answer) {
	t.Helper()
	if slices.ContainsFunc(want.rows, func(r []string) bool { return !aboutOthers(r) }) {
		want.rows, got.rows = slices.DeleteFunc(want.rows, aboutOthers), slices.DeleteFunc(got.rows, aboutOthers)
	}
	missing, extra := []string{}, []string{}
	line := func(r []string) string { return strings.Join(r, " | ") }
	left := map[string]int{}
	for _, r := range got.rows {
		left[line(r)]++
	}
	for _, r := range want.rows {
		if l := line(r); left[l] > 0 {
			left[l]--
		} else {
			missing = append(missing, l)
		}
	}
	for _, r := range got.rows {
		if l := line(r); left[l] > 0 {
			left[l]--
			extra = append(extra, l)
		}
	}
	if len(missing)+len(extra) > 0 {
		t.Errorf("%d of %d rows are missing, %d are not PostgreSQL's:\n- %s\n+ %s\n%s", len(missing), len(want.rows), len(extra),
			strings.Join(missing[:min(4, len(missing))], "\n- "), strings.Join(extra[:min(4, len(extra))], "\n+ "), sql)
	}
}

// arguments are values for a statement's parameters; nil for none.
func arguments(sql string) []string {
	switch {
	case !strings.Contains(sql, "$1"):
		return nil
	case strings.Contains(sql, "~ $1"):
		return []string{"^(pingone)$", "^(Users)$"}
	case strings.Contains(sql, "relkind = ANY($1)"):
		return []string{"{r,p,v,m,f}"}
	case strings.Contains(sql, "username=$1"):
		return []string{"nobody"}
	case strings.Contains(sql, "any($1::oid[])"):
		return []string{"{1009,3904}"}
	default:
		return []string{"1009"}
	}
}

// prepare brings a session to where the statement's client had it.
func prepare(t *testing.T, s *side, sql string) {
	t.Helper()
	for _, before := range []string{"ROLLBACK", "CLOSE ALL", "BEGIN", "SAVEPOINT _EXEC_SVP_0x1", "SAVEPOINT _per_query_svp_", `SAVEPOINT "_pg3_1"`} {
		if strings.Contains("ROLLBACK COMMIT BEGIN", sql) && before == "BEGIN" {
			break
		}
		_, err := s.Exec(t.Context(), before).ReadAll()
		require.NoError(t, err)
	}
	if strings.Contains(sql, `DEALLOCATE "_PLAN0x1"`) {
		_, err := s.Exec(t.Context(), `PREPARE "_PLAN0x1" AS SELECT 1`).ReadAll()
		require.NoError(t, err)
	}
}
