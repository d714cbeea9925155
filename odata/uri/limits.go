package uri

// Limits bound what one request may ask of the parser. A member that is zero
// or negative takes its value from DefaultLimits.
type Limits struct {
	// URLBytes is the length of the escaped path and the raw query together.
	URLBytes int
	// ExpressionBytes is the decoded length of one option value.
	ExpressionBytes int
	// Depth is the number of nested parentheses, brackets and prefix
	// operators, whatever they belong to.
	Depth int
	// ListItems is the number of items in one list, array, object or
	// argument list, and in $select, $expand, $orderby and $compute.
	ListItems int
	// Options is the number of query options of the request.
	Options int
	// ExpandDepth is the number of nested $expand.
	ExpandDepth int
}

// DefaultLimits returns the limits that a service starts with: an address of
// 16 KiB, twice the 8 KiB that most proxies pass, and far above the 2,048
// bytes that Power Query sends.
func DefaultLimits() Limits {
	return Limits{
		URLBytes:        16 << 10,
		ExpressionBytes: 16 << 10,
		Depth:           100,
		ListItems:       2000,
		Options:         100,
		ExpandDepth:     10,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, m := range []struct {
		value    *int
		standard int
	}{
		{&l.URLBytes, d.URLBytes},
		{&l.ExpressionBytes, d.ExpressionBytes},
		{&l.Depth, d.Depth},
		{&l.ListItems, d.ListItems},
		{&l.Options, d.Options},
		{&l.ExpandDepth, d.ExpandDepth},
	} {
		if *m.value <= 0 {
			*m.value = m.standard
		}
	}
	return l
}
