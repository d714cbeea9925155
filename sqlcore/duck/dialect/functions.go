package dialect

// functions says what a call means, by its name and the number of its arguments.
var functions = map[string]map[int]string{
	// The time.
	"getdate": now, "getutcdate": now, "sysdatetime": now, "sysutcdatetime": now, "sysdatetimeoffset": now, "sysdate": now, "systimestamp": now,
	"current_timestamp": now, "statement_timestamp": now, "clock_timestamp": now,
	"curdate":           {0: "current_date"},
	"curtime":           {0: "current_time"},
	"eomonth":           {1: "last_day({d1})", 2: "last_day(({d1}) + to_months(CAST({2} AS INTEGER)))"},
	"add_months":        {2: "(({d1}) + to_months(CAST({2} AS INTEGER)))"},
	"datefromparts":     {3: "make_date({1}, {2}, {3})"},
	"datetimefromparts": {7: "make_timestamp({1}, {2}, {3}, {4}, {5}, ({6}) + ({7}) / 1000.0)"},
	"isdate":            {1: "CAST(TRY_CAST({1} AS TIMESTAMP) IS NOT NULL AS INTEGER)"},

	"date_bin": {3: "time_bucket(CAST({1} AS INTERVAL), {2}, {3})"},

	// Conditions.
	"isnull": {2: "coalesce({1}, {2})"},
	"nvl":    {2: "coalesce({1}, {2})"},
	"nvl2":   {3: "CASE WHEN ({1}) IS NOT NULL THEN {2} ELSE {3} END"},
	"iif":    {3: "CASE WHEN {1} THEN {2} ELSE {3} END"},

	// Texts.
	"charindex":   position("{2}", "{1}"),
	"locate":      position("{2}", "{1}"),
	"stuff":       {4: "CASE WHEN ({2}) BETWEEN 1 AND length({1}) THEN left({1}, ({2}) - 1) || coalesce({4}, '') || substr({1}, ({2}) + ({3})) END"},
	"datalength":  {1: "strlen({1})"},
	"quotename":   {1: "('[' || replace({1}, ']', ']]') || ']')"},
	"char":        {1: "chr(CAST({1} AS INTEGER))"},
	"nchar":       {1: "chr(CAST({1} AS INTEGER))"},
	"startswith":  {2: "starts_with({1}, {2})"},
	"endswith":    {2: "ends_with({1}, {2})"},
	"split":       {3: "split_part({1}, {2}, {3})"},
	"regexp_like": {2: "regexp_matches({1}, {2})", 3: "regexp_matches({1}, {2}, {3})"},
	"regexp_substr": {
		2: "nullif(regexp_extract({1}, {2}), '')",
	},

	"btrim":         {1: "trim({1})", 2: "trim({1}, {2})"},
	"lpad":          {2: "lpad({1}, {2}, ' ')"},
	"rpad":          {2: "rpad({1}, {2}, ' ')"},
	"octet_length":  {1: "strlen({1})"},
	"to_hex":        {1: "lower(to_hex({1}))"},
	"quote_literal": {1: "('''' || replace({1}, '''', '''''') || '''')"},
	"regexp_count":  {2: "len(regexp_extract_all({1}, {2}))"},
	"initcap": {
		1: `array_to_string(list_transform(regexp_extract_all({1}, '[\pL\pN]+|[^\pL\pN]+'), lambda w: upper(left(w, 1)) || lower(substr(w, 2))), '')`,
	},

	// Lists and JSON.
	"cardinality":        {1: "len({1})"},
	"array_remove":       {2: "list_filter({1}, lambda x: x IS DISTINCT FROM {2})"},
	"every":              {1: "bool_and({1})"},
	"json_agg":           {1: "to_json(list({1}))"},
	"jsonb_agg":          {1: "to_json(list({1}))"},
	"to_jsonb":           {1: "to_json({1})"},
	"jsonb_array_length": {1: "json_array_length({1})"},

	// Numbers.
	"div":       {2: "CAST(trunc(({1}) / ({2})) AS BIGINT)"},
	"square":    {1: "pow({1}, 2)"},
	"rand":      {0: "random()"},
	"isnumeric": {1: "CAST(TRY_CAST({1} AS DOUBLE) IS NOT NULL AS INTEGER)"},
	"to_number": {1: "CAST({1} AS DOUBLE)", 2: "CAST(regexp_replace({1}, '[^-0-9.]', '', 'g') AS DOUBLE)"},
}

var now = map[int]string{0: "now()"}

// position finds a text in another one, from a place on.
func position(in, what string) map[int]string {
	rest := "strpos(substr(" + in + ", {3}), " + what + ")"
	return map[int]string{
		2: "strpos(" + in + ", " + what + ")",
		3: "CASE WHEN " + rest + " = 0 THEN 0 ELSE " + rest + " + ({3}) - 1 END",
	}
}

// native are those of the names that the engine has functions of, too, for other
// arguments.
var native = map[string]bool{"split": true, "lpad": true, "rpad": true}

// builders write calls that a template can't; nil leaves a call as it is.
var builders map[string]func(*call) ([]piece, error)

func init() { // they rewrite their arguments, and so refer to this map
	builders = map[string]func(*call) ([]piece, error){
		"dateadd": dateAdd, "datediff": dateDiff, "datepart": datePart, "datename": dateName, "datetrunc": dateTrunc, "trunc": truncate,
		"cast": cast, "try_cast": cast, "convert": convert, "try_convert": convert,
		"to_char": toChar, "to_date": toDate, "to_timestamp": toDate, "format": formatValue,
		"decode": decode, "choose": choose, "replicate": replicate, "repeat": replicate, "space": replicate, "encode": encode, "patindex": patternIndex,
	}
	for name := range ranges {
		builders[name] = alone
	}
}

// Changing tells whether a word may stand for something that depends on the time
// of day, or on chance.
func Changing(name string) bool {
	if f := functions[name]; f != nil {
		return f[0] != ""
	}
	_, found := ranges[name]
	return found
}
