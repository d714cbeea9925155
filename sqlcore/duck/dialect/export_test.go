package dialect

import "strings"

// Names lists the functions that are rewritten, in capitals, without those of the
// date literals that only differ by a unit.
func Names() []string {
	var out []string
	for name := range functions {
		out = append(out, strings.ToUpper(name))
	}
	for name := range builders {
		if _, literal := ranges[name]; !literal {
			out = append(out, strings.ToUpper(name))
		}
	}
	return out
}
