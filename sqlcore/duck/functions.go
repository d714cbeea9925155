//go:build duckdb_arrow

package duck

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// functionList names every scalar function, aggregate and macro that queries
// may call. What is not on it is refused: functions that read files, settings
// or variables, that show the engine's inside, that sleep or log, and those
// that make a large value out of a small text while a query is still planned.
//
//go:embed functions.txt
var functionList string

// functionNames is the list in order, for the hint of an unknown function.
var functionNames = strings.Fields(functionList)

var allowedFunctions = sqltext.Set(functionList)

// allowedTableFunctions may stand in FROM.
var allowedTableFunctions = sqltext.Set("unnest range generate_series json_each json_tree generate_subscripts")

// hiddenNames are words that the engine evaluates like functions without
// parentheses; they would show its inside.
var hiddenNames = sqltext.Set(`current_catalog current_database current_schema current_schemas current_user current_role session_user user
	current_query`)

// maxPad is the largest length that lpad and rpad may be told.
const maxPad = 10_000

// The engine tries all ways to match the wildcards of a pattern: n of them, and
// a text of m characters, take about m^n steps. Without ILIKE, ESCAPE and _ it
// knows better, if the pattern is a constant.
const (
	maxWildcards      = 4
	maxPlainWildcards = 100
	maxPattern        = 10_000 // bytes
)

// patterns are the functions that match a text, the second argument, to a
// pattern; the character is the wildcard.
var patterns = map[string]string{
	"~~": "%", "!~~": "%", "~~*": "%", "!~~*": "%", "like_escape": "%", "not_like_escape": "%",
	"ilike_escape": "%", "not_ilike_escape": "%", "~~~": "*",
	"~": "", "!~": "", "regexp_matches": "", "regexp_full_match": "", "regexp_extract": "", "regexp_extract_all": "", "regexp_replace": "",
	"regexp_split_to_array": "", "string_split_regex": "", "str_split_regex": "",
}

func checkFunction(o object) error {
	name := strings.ToLower(text(o, "function_name"))
	operator, _ := o["is_operator"].(bool)
	word := name != "" && (name[0] == '_' || name[0] >= 'a' && name[0] <= 'z')
	if text(o, "catalog") != "" || !allowedFunctions[name] && (word || !operator && !symbolFunctions[name]) {
		return unknownFunction(name, position(o))
	}
	children, _ := o["children"].([]any)
	if len(children) < 2 {
		return nil
	}
	refuse := func(what string) error {
		return gwerr.New(gwerr.LimitExceeded, what, "").At(max(0, position(o)))
	}
	wildcard, matches := patterns[name]
	switch {
	case (name == "lpad" || name == "rpad") && !smallConstant(children[1]):
		return refuse(strings.ToUpper(name) + " needs a constant length of at most 10000.")
	case name == "format" && !smallFormat(constantText(children[0])):
		return refuse("FORMAT needs a constant format, in which no number is larger than 99.")
	case aggregating[name] && !allowedFunctions[strings.ToLower(constantText(children[1]))]:
		return unknownFunction(constantText(children[1]), position(o))
	case matches && wildcard == "" && patternTexts(children[1], "") > maxPattern:
		return refuse("A regular expression may have at most 10000 characters.")
	case matches && wildcard != "":
		return checkPattern(name, children[1], wildcard, refuse)
	}
	return nil
}

// smallFormat tells of a format that makes no text much longer than its values.
func smallFormat(format string) bool {
	digits, depth := 0, 0
	for _, r := range format {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '{':
			depth++
			digits = 0
		case r == '}':
			depth--
			digits = 0
		default:
			digits = 0
		}
		if digits > 2 || depth > 1 {
			return false
		}
	}
	return format != "" && len(format) <= maxPad
}

// aggregating are the functions that are told the name of an aggregate.
var aggregating = sqltext.Set("list_aggregate list_aggr array_aggregate array_aggr aggregate")

// checkPattern bounds the wildcards of a pattern, or of the texts of which one
// is made. One at its end takes no time.
func checkPattern(name string, pattern any, wildcard string, refuse func(string) error) error {
	constant := constantText(pattern)
	if (name == "~~" || name == "!~~") && constant != "" && !strings.Contains(constant, "_") {
		if strings.Count(constant, wildcard) > maxPlainWildcards {
			return refuse("A pattern may have at most 100 wildcards " + wildcard + ".")
		}
		return nil
	}
	n := patternTexts(pattern, wildcard)
	if strings.HasSuffix(constant, wildcard) {
		n--
	}
	if n > maxWildcards {
		return refuse("A pattern of ILIKE, ESCAPE or GLOB, with _, or that is not a constant, may have at most 4 wildcards " + wildcard + ".")
	}
	return nil
}

// patternTexts counts how often a part stands in the constants of an
// expression; with "", their characters.
func patternTexts(v any, part string) (n int) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			n += patternTexts(x, part)
		}
	case object:
		if c := constantText(v); c != "" {
			return strings.Count(c, part)
		}
		for _, x := range v {
			n += patternTexts(x, part)
		}
	}
	return n
}

// constantText gives the value of a text, or "".
func constantText(v any) string {
	o, _ := v.(object)
	if text(o, "class") != "CONSTANT" {
		return ""
	}
	value, _ := o["value"].(object)
	return text(value, "value")
}

// holdsVariant tells of a type that is VARIANT, or made of it.
func holdsVariant(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, holdsVariant)
	case object:
		if sqltext.Same(text(v, "id"), "variant") || sqltext.Same(text(v, "name"), "variant") {
			return true
		}
		for _, x := range v {
			if holdsVariant(x) {
				return true
			}
		}
	}
	return false
}

// symbolFunctions are functions with a symbol for a name that the parser makes
// of LIKE, SIMILAR TO and others.
var symbolFunctions = map[string]bool{
	"~~": true, "!~~": true, "~~*": true, "!~~*": true, "~~~": true, "~": true, "!~": true, "||": true,
	"->>": true, "->": true, "^@": true, "@>": true, "<@": true, "&&": true,
	"+": true, "-": true, "*": true, "/": true, "//": true, "%": true, "**": true, "^": true, "&": true, "|": true,
	"<<": true, ">>": true, "@": true, "<->": true, "<=>": true,
}

func smallConstant(v any) bool {
	o, _ := v.(object)
	value, _ := o["value"].(object)
	n, ok := value["value"].(json.Number)
	if !ok || text(o, "class") != "CONSTANT" {
		return false
	}
	i, err := n.Int64()
	return err == nil && i <= maxPad
}

func unknownFunction(name string, pos int) error {
	hint := "The documentation lists the functions."
	if best := gwerr.Nearest(name, functionNames); best != "" && len(name) > 3 && best != name {
		hint = "Did you mean " + best + "?"
	}
	return gwerr.New(gwerr.UnknownFunction, "There is no function "+name+" here.", hint).At(max(0, pos)).On(name)
}
