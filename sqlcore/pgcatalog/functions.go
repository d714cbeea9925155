package pgcatalog

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// constants are the words that stand for a value without brackets.
var constants = map[string]func(s *Session) string{
	"current_user": user, "session_user": user, "current_role": user, "current_catalog": database, "current_schema": schema,
}

func user(s *Session) string     { return sqltext.Literal(s.User) }
func database(s *Session) string { return sqltext.Literal(s.Database) }
func schema(s *Session) string   { return sqltext.Literal(s.Schema) }

// call writes a function with its arguments; table is true where it stands after
// FROM. "" leaves the function as it is.
type call func(s *Session, args []string, table bool) string

func always(text string) call { return func(*Session, []string, bool) string { return text } }

func of(f func(*Session) string) call {
	return func(s *Session, _ []string, table bool) string {
		if table {
			return "(SELECT " + f(s) + " AS value)"
		}
		return f(s)
	}
}

// found looks the first argument up.
func found(kind string) call {
	return func(_ *Session, args []string, _ bool) string {
		if len(args) == 0 {
			return ""
		}
		return lookUp("name", kind, "g.gw_oid = "+args[0]+" AND g.gw_place = 0")
	}
}

func argument(i int, otherwise string) call {
	return func(_ *Session, args []string, _ bool) string {
		if i < len(args) {
			return "(" + args[i] + ")"
		}
		return otherwise
	}
}

const (
	nullText = "CAST(NULL AS VARCHAR)"
	visible  = "pg_table_is_visible"
)

// functions are PostgreSQL's, by name.
var functions map[string]call

func init() {
	functions = map[string]call{
		"version":          always(`'PostgreSQL 15.0 (PingOne Gateway)'`),
		"current_database": of(database), "current_schema": of(schema), "current_schemas": schemas,
		"pg_backend_pid":    func(s *Session, _ []string, _ bool) string { return strconv.FormatUint(uint64(s.Process), 10) },
		"pg_is_in_recovery": always("false"), "txid_current": always("1"), "inet_server_addr": always(nullText), "inet_client_addr": always(nullText),
		"pg_postmaster_start_time": always("now()"), "pg_my_temp_schema": always("0"), "pg_is_other_temp_schema": always("false"),
		"current_setting": setting, "set_config": argument(1, ""),
		"format_type": found("type"), "pg_get_constraintdef": found("constraint"), "pg_get_indexdef": indexDef,
		"pg_get_userbyid": always(sqltext.Literal(Owner)), "pg_encoding_to_char": always("'UTF8'"),
		"pg_get_expr": always(nullText), "pg_get_viewdef": always(nullText), "pg_get_serial_sequence": always(nullText), "pg_get_partkeydef": always(nullText),
		"pg_get_triggerdef": always(nullText), "pg_get_ruledef": always(nullText), "pg_get_statisticsobjdef_columns": always(nullText),
		"pg_get_function_result": always(nullText), "pg_get_function_arguments": always(nullText), "pg_get_function_identity_arguments": always(nullText),
		"shobj_description": always(nullText), "obj_description": description("0"), "col_description": columnDescription,
		visible: isVisible, "pg_type_is_visible": always("true"), "pg_function_is_visible": always("true"), "pg_collation_is_visible": always("true"), "pg_opclass_is_visible": always("true"),
		"pg_relation_is_publishable": always("false"), "pg_partition_ancestors": ancestors, "pg_stat_get_numscans": always("CAST(0 AS BIGINT)"),
		"pg_relation_size": always("0"), "pg_total_relation_size": always("0"), "pg_table_size": always("0"), "pg_indexes_size": always("0"), "pg_database_size": always("0"),
		"to_regclass": converted("class"), "to_regtype": converted("type"),
		"string_to_array": splitText, "parse_ident": parseIdent, "format": format, "quote_ident": quoteIdent, "_pg_expandarray": expandArray, "pg_get_keywords": always("(SELECT * FROM " + Name + "." + keywordList + ")"),
		"json_build_object": renamed("json_object"), "generate_series": series,
		"array_upper": length, "array_lower": always("1"), "generate_subscripts": subscripts,
	}
	for _, kind := range []string{"database", "schema", "table", "any_column", "column", "function", "sequence", "type", "tablespace", "language"} {
		functions["has_"+kind+"_privilege"] = always("true")
	}
}

func schemas(s *Session, _ []string, table bool) string {
	list := "['pg_catalog', " + schema(s) + "]"
	if table {
		return "(SELECT " + list + " AS value)"
	}
	return list
}

func setting(s *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	name, ok := sqltext.Unquote(args[0])
	if !ok || s.Setting == nil {
		return ""
	}
	value, known := s.Setting(name)
	if !known {
		return nullText
	}
	return sqltext.Literal(value)
}

// indexDef is an index's definition, or one of its columns. The pretty form of
// the whole has the table without its schema where that needs none.
func indexDef(_ *Session, args []string, _ bool) string {
	switch {
	case len(args) < 2:
		return found("index")(nil, args, false)
	case len(args) > 2 && args[1] == "0" && args[2] == "true":
		return lookUp("bare", "index", "g.gw_oid = "+args[0]+" AND g.gw_place = 0")
	default:
		return lookUp("name", "index", "g.gw_oid = "+args[0]+" AND g.gw_place = "+args[1])
	}
}

func description(place string) call {
	return func(_ *Session, args []string, _ bool) string {
		if len(args) == 0 {
			return ""
		}
		return "(SELECT max(d.gw_text) FROM (SELECT objoid AS gw_of, objsubid AS gw_at, description AS gw_text FROM pg_catalog.pg_description) d WHERE d.gw_of = " + args[0] + " AND d.gw_at = " + place + ")"
	}
}

func columnDescription(s *Session, args []string, table bool) string {
	if len(args) < 2 {
		return ""
	}
	return description(args[1])(s, args, table)
}

func isVisible(_ *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	return "(" + args[0] + " IN (SELECT g.gw_oid FROM pg_catalog." + names + "visible g))"
}

// ancestors has no rows: no table has partitions.
func ancestors(_ *Session, _ []string, table bool) string {
	if table {
		return "(SELECT CAST(NULL AS BIGINT) AS relid, CAST(NULL AS BIGINT) AS depth WHERE false)"
	}
	return "CAST(NULL AS BIGINT)"
}

func converted(kind string) call {
	return func(s *Session, args []string, _ bool) string {
		if len(args) == 0 {
			return ""
		}
		return (&piece{rewriter: &rewriter{session: s}}).named(kind, args[0])
	}
}

func quoteIdent(_ *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	return "(CASE WHEN regexp_full_match(" + args[0] + ", '[a-z_][a-z0-9_$]*') THEN " + args[0] + ` ELSE '"' || replace(` + args[0] + `, '"', '""') || '"' END)`
}

func splitText(_ *Session, args []string, table bool) string {
	if len(args) != 2 {
		return ""
	}
	text := "string_split(" + args[0] + ", " + args[1] + ")"
	if table {
		return "(SELECT " + text + " AS value)"
	}
	return text
}

// parseIdent takes a name in a literal apart.
func parseIdent(_ *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	name, ok := sqltext.Unquote(args[0])
	tokens, err := sqltext.Lex(name)
	if !ok || err != nil {
		return ""
	}
	var parts []string
	for i, t := range tokens {
		switch {
		case i%2 == 1 && t.Is("."):
		case i%2 == 0 && t.Kind == sqltext.Word:
			parts = append(parts, sqltext.Literal(strings.ToLower(t.Text)))
		case i%2 == 0 && t.IsName():
			parts = append(parts, sqltext.Literal(t.Name()))
		default:
			return ""
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// format is PostgreSQL's, with %s and %I; other formats are left as they are.
func format(s *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	text, ok := sqltext.Unquote(args[0])
	pieces := strings.Split(text, "%")
	if !ok || len(pieces) != len(args) || len(args) == 1 {
		return ""
	}
	out := []string{sqltext.Literal(pieces[0])}
	for i, piece := range pieces[1:] {
		switch {
		case strings.HasPrefix(piece, "s"):
			out = append(out, args[i+1])
		case strings.HasPrefix(piece, "I"):
			out = append(out, quoteIdent(s, args[i+1:i+2], false))
		default:
			return ""
		}
		out = append(out, sqltext.Literal(piece[1:]))
	}
	return "concat(" + strings.Join(out, ", ") + ")"
}

// expandArray gives the elements x of a list, with their places n.
func expandArray(_ *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	return "unnest(list_transform(" + args[0] + ", lambda pg_x, pg_n: {'x': pg_x, 'n': CAST(pg_n AS INTEGER)}))"
}

func length(_ *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	return "len(" + args[0] + ")"
}

func renamed(name string) call {
	return func(_ *Session, args []string, _ bool) string { return name + "(" + strings.Join(args, ", ") + ")" }
}

// placesOf are the places of a list's elements, one a row.
func placesOf(list string) string {
	return "unnest(list_transform(" + list + ", lambda pg_x, pg_n: CAST(pg_n AS INTEGER)))"
}

// series is generate_series outside of FROM: over the places of a list, or from
// one small number to another.
func series(_ *Session, args []string, table bool) string {
	if len(args) != 2 || table {
		return ""
	}
	if list, ok := strings.CutPrefix(args[1], "len("); ok && args[0] == "1" {
		return placesOf(strings.TrimSuffix(list, ")"))
	}
	from, err1 := strconv.Atoi(args[0])
	to, err2 := strconv.Atoi(args[1])
	if err1 != nil || err2 != nil || to-from > 1000 {
		return ""
	}
	var all []string
	for ; from <= to; from++ {
		all = append(all, strconv.Itoa(from))
	}
	return "unnest([" + strings.Join(all, ", ") + "])"
}

func subscripts(_ *Session, args []string, table bool) string {
	if len(args) == 0 || table {
		return ""
	}
	return placesOf(args[0])
}
