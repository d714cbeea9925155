package dialect

// functions says what a call means, by its name and the number of its arguments.
var functions = map[string]map[int]string{
	// The time.
	"getdate": now, "getutcdate": now, "sysdatetime": now, "sysutcdatetime": now, "sysdatetimeoffset": now, "sysdate": now, "systimestamp": now,
	"current_timestamp": now,
	"curdate":           {0: "current_date"},
	"curtime":           {0: "current_time"},
	"eomonth":           {1: "last_day({d1})", 2: "last_day(({d1}) + to_months(CAST({2} AS INTEGER)))"},
	"add_months":        {2: "(({d1}) + to_months(CAST({2} AS INTEGER)))"},
	"datefromparts":     {3: "make_date({1}, {2}, {3})"},
	"datetimefromparts": {7: "make_timestamp({1}, {2}, {3}, {4}, {5}, ({6}) + ({7}) / 1000.0)"},
	"isdate":            {1: "CAST(TRY_CAST({1} AS TIMESTAMP) IS NOT NULL AS INTEGER)"},

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

	// Numbers.
	"square":    {1: "pow({1}, 2)"},
	"rand":      {0: "random()"},
	"isnumeric": {1: "CAST(TRY_CAST({1} AS DOUBLE) IS NOT NULL AS INTEGER)"},
	"to_number": {1: "CAST({1} AS DOUBLE)"},
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
var native = map[string]bool{"split": true}

// builders write calls that a template can't; nil leaves a call as it is.
var builders map[string]func(*call) ([]piece, error)

func init() { // they rewrite their arguments, and so refer to this map
	builders = map[string]func(*call) ([]piece, error){
		"dateadd": dateAdd, "datediff": dateDiff, "datepart": datePart, "datename": dateName, "datetrunc": dateTrunc, "trunc": truncate,
		"cast": cast, "try_cast": cast, "convert": convert, "try_convert": convert,
		"to_char": toChar, "to_date": toDate, "to_timestamp": toDate, "format": formatValue,
		"decode": decode, "choose": choose, "replicate": replicate, "space": replicate, "patindex": patternIndex,
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
