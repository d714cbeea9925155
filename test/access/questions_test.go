//go:build duckdb_arrow

package access

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// question makes the i-th question: an address and, for SQL, a statement.
func (s *scenario) question(w *world, i int) (target, sql string) {
	fixed := []string{
		"/odata/pingone/", "/odata/pingone/Administrators/", "/odata/pingone/Administrators/$metadata",
		"/odata/pingone/Administrators/Users/$count", "/odata/pingone/Administrators/Users?$count=true&$top=3",
	}
	if i < len(fixed) {
		return fixed[i], ""
	}
	switch s.r.IntN(10) {
	case 0, 1, 2, 3:
		return "/odata/pingone/Administrators/" + s.odata(), ""
	case 4, 5:
		return "/sql/explain", s.sql()
	default:
		return "/sql", s.sql()
	}
}

func (s *scenario) pick(from ...string) string { return from[s.r.IntN(len(from))] }

// column is any column's name, hidden ones more often than others, and at
// times one that is nearly right.
func (s *scenario) column() string {
	switch s.r.IntN(12) {
	case 0:
		return s.pick("Id", "Username", "IsEnabled", "PopulationId", "CreatedAt", "UpdatedAt", "FullName", "CountryCode")
	case 1:
		return s.pick(s.hidden...) + s.pick("", "", "s", "_")
	default: // masked ones, and those that hold the values of filtered rows
		for {
			if c := changeable[s.r.IntN(len(changeable))].name; !slices.Contains(s.hidden, c) {
				return c
			}
		}
	}
}

// value is a text, mostly one that the caller must not be able to test for.
func (s *scenario) value() string {
	at := s.r.IntN(3)
	if at == 2 || len(s.secrets[at]) == 0 {
		return s.pick(append([]string{"Contractor", "k", "m", ""}, s.common...)...)
	}
	v := s.secrets[at][s.r.IntN(len(s.secrets[at]))]
	switch s.r.IntN(4) {
	case 0:
		return v[:s.r.IntN(len(v))]
	case 1:
		return strings.ToUpper(v)
	}
	return v
}

func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

func (s *scenario) condition(alias string) string {
	c, v := alias+s.column(), quote(s.value())
	switch s.r.IntN(11) {
	case 0:
		return c + " = " + v
	case 1:
		return c + " <> " + v
	case 2:
		return c + " LIKE " + quote(s.value()+"%")
	case 3:
		return c + " IS " + s.pick("", "NOT ") + "NULL"
	case 4:
		return c + s.pick(" < ", " >= ") + v
	case 5:
		return c + " IN (" + v + ", " + quote(s.value()) + ")"
	case 6:
		return "length(" + c + ") > " + fmt.Sprint(s.r.IntN(14))
	case 7:
		return "(" + c + " = " + v + s.pick(" OR ", " AND ") + alias + s.column() + " <> " + quote(s.value()) + ")"
	case 8:
		return alias + "Id = " + quote(s.ids[s.r.IntN(len(s.ids))])
	case 9:
		return "NOT (" + c + " = " + v + ")"
	default: // an error at run time that depends on a value
		return "CAST(substr(CAST(" + c + " AS VARCHAR), 2) AS INTEGER) > 3"
	}
}

func (s *scenario) sql() string {
	c, d := s.column(), s.column()
	switch s.r.IntN(16) {
	case 0:
		return "SELECT * FROM Users ORDER BY " + c + s.pick("", " DESC NULLS FIRST") + ", Id LIMIT 30"
	case 1:
		return "SELECT Id, Username FROM Users WHERE " + s.condition("") + " ORDER BY Id"
	case 2:
		return "SELECT count(*), count(" + c + "), count(DISTINCT " + d + ") FROM Users WHERE " + s.condition("")
	case 3:
		return "SELECT " + c + ", count(*) FROM Users GROUP BY 1 ORDER BY 2 DESC, 1"
	case 4:
		return "SELECT min(" + c + "), max(" + d + ") FROM Users"
	case 5:
		return "SELECT u.Username, p.Name FROM Users u JOIN Populations p ON p.Id = u.PopulationId WHERE " + s.condition("u.") + " ORDER BY 1"
	case 6:
		return "SELECT a.Id, b.Id FROM Users a JOIN Users b ON a." + c + " = b." + c + " WHERE a.Id < b.Id ORDER BY 1, 2 LIMIT 50"
	case 7:
		return "SELECT Id, CAST(" + c + " AS INTEGER) FROM Users"
	case 8:
		return "SELECT Username FROM Users WHERE 1 / (CASE WHEN " + s.condition("") + " THEN 0 ELSE 1 END) = 1 ORDER BY 1"
	case 9:
		return "SELECT CAST(" + c + " AS DATE), " + d + " FROM Users ORDER BY 2, 1 LIMIT 9"
	case 10:
		return "SELECT Username, row_number() OVER (ORDER BY " + c + ", Id) FROM Users ORDER BY 1 LIMIT 40"
	case 11:
		return "SELECT p.Name, (SELECT count(*) FROM Users u WHERE u.PopulationId = p.Id AND " + s.condition("u.") + ") FROM Populations p ORDER BY 1"
	case 12:
		return "SELECT Id FROM Users WHERE " + s.condition("") + " LIMIT " + fmt.Sprint(s.r.IntN(5))
	case 13:
		return s.pick(
			// Groups has columns that the scenario may hide in Users.
			"SELECT table_name, column_name, data_type, is_nullable, is_updatable FROM information_schema.columns WHERE table_name <> 'Groups' ORDER BY ALL",
			"SELECT * FROM information_schema.key_column_usage WHERE table_schema = 'Administrators'",
			"SELECT SchemaName, TableName, PathName, RequiredKeys, PushedColumns FROM sys_accesspaths WHERE TableName = 'Users'",
			"SHOW TABLES", "SELECT SchemaName, ColumnName FROM sys_keycolumns",
			"SUMMARIZE SELECT "+c+", "+d+" FROM Users", "EXPLAIN SELECT "+c+" FROM Users WHERE "+s.condition(""),
		)
	case 14:
		return "SELECT * FROM " + s.pick("Customers.Users", "UserGroupAssociations", "Information.Environments", "Customer.Users", "Schemas") + " LIMIT 3"
	default:
		return "SELECT g.Name, u.Username FROM Groups g LEFT JOIN Users u ON u." + c + " = g.Name WHERE " + s.condition("u.") + " ORDER BY 1, 2 LIMIT 20"
	}
}

func (s *scenario) odataCondition() string {
	c, v := s.column(), quote(s.value())
	switch s.r.IntN(7) {
	case 0:
		return c + s.pick(" eq ", " ne ", " gt ") + v
	case 1:
		return "startswith(" + c + "," + v + ")"
	case 2:
		return "contains(tolower(" + c + ")," + v + ")"
	case 3:
		return c + " eq null"
	case 4:
		return c + " eq " + v + s.pick(" or ", " and ") + s.column() + " ne " + quote(s.value())
	case 5:
		return "not (" + c + " in (" + v + "," + quote(s.value()) + "))"
	default:
		return "cast(" + c + ",Edm.Int32) gt 3"
	}
}

func (s *scenario) odata() string {
	q := url.Values{}
	id := s.ids[s.r.IntN(len(s.ids))]
	switch s.r.IntN(9) {
	case 0:
		return "Users(" + id + ")" + s.pick("", "/Username", "/"+s.column(), "/"+s.column()+"/$value", "/Population", "/$ref")
	case 1:
		q.Set("$orderby", s.column()+s.pick("", " desc")+",Id")
		q.Set("$select", "Id")
	case 2:
		return "Users/$count?$filter=" + url.QueryEscape(s.odataCondition())
	case 3:
		q.Set("$filter", s.odataCondition())
		q.Set("$count", "true")
		q.Set("$top", s.pick("0", "1", "20"))
	case 4:
		q.Set("$select", s.column()+","+s.column())
		q.Set("$top", "5")
	case 5:
		q.Set("$expand", "Users($filter="+s.odataCondition()+";$count=true;$select=Username)")
		return "Populations?" + q.Encode()
	case 6:
		return s.behindNavigation(q)
	case 7:
		q.Set("$apply", "groupby(("+s.column()+"),"+s.pick("aggregate($count as N)", "nest(topcount(2,"+s.column()+") as T,groupby(("+s.column()+")) as G)")+")")
	default:
		q.Set("$search", s.value())
	}
	return "Users?" + q.Encode()
}

// behindNavigation asks for rows of one table by the values of another.
func (s *scenario) behindNavigation(q url.Values) string {
	test := s.column() + " eq " + quote(s.value())
	switch s.r.IntN(5) {
	case 0:
		q.Set("$filter", s.pick("", "not ")+"Users/any(u:u/"+test+")")
		return s.pick("Populations?", "Groups?") + q.Encode()
	case 1:
		q.Set("$orderby", "Users/$count($filter="+test+") desc")
		return s.pick("Populations?", "Groups?") + q.Encode()
	case 2:
		q.Set("$filter", s.pick("User/", "Group/Population/")+test)
		return "UserGroupAssociations?" + q.Encode()
	case 3:
		q.Set("$expand", "Users($orderby="+s.column()+";$top=2;$count=true;$select=Username)")
		return "Groups?" + q.Encode()
	default:
		q.Set("$filter", "Population/Users/all(u:u/"+test+")")
		return "Users?" + q.Encode()
	}
}
