package cell

import (
	"math"
	"strconv"
)

// appendFloat appends the shortest digits that read back the same, and texts
// for what JSON has no number for.
func appendFloat(dst []byte, f float64, infinity string) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return AppendString(dst, infinity)
	case math.IsInf(f, -1):
		return AppendString(dst, "-"+infinity)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}
