package dialect

// functions says what a call means, by its name and the number of its arguments.
var functions = func() map[string]map[int]string {
	m := map[string]map[int]string{}
	for _, row := range table("functions") {
		if m[row[0]] == nil {
			m[row[0]] = map[int]string{}
		}
		m[row[0]][int(row[1][0]-'0')] = row[2]
	}
	return m
}()

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
