package catalog

// Procedure is what the service does beside changing rows of tables.
type Procedure struct {
	// Signature holds the name, the documentation, the permission and the
	// rate-limit group, and a column for each input and then for each output. The
	// Source of a column is its member of the body, "." for all of it, or of the
	// answer.
	Signature *Table
	Inputs    []Input
	Outputs   []Output
	// Call is what is sent; nil for what the gateway does by itself. Its Whole
	// sends what was just read, with the inputs in place.
	Call *Write
	// Idempotent calls may be made again where the first one's outcome is not
	// known.
	Idempotent bool
	// Set holds texts for members of the body, whatever the inputs.
	Set map[string]string
	// Each repeats the call for the items of a list; nil makes it once.
	Each *Each
	// Example holds texts for inputs. One that begins with SELECT is a query for
	// the value.
	Example map[string]string
}

// Input says more of an input: the column is needed if it must be given, and
// sensitive if it is a secret.
type Input struct {
	Column *Column
	// Default is the value of an input that is not given, as text; "" is null.
	Default string
	// Right is true where giving TRUE needs a right of its own. Such an input is
	// not sent.
	Right bool
}

// Output says more of an output.
type Output struct {
	Column *Column
	// When names the input with a Right without which the value is null.
	When string
	// Refused names the input that the service may refuse, which is no failure:
	// the value is false then, and true else.
	Refused string
	// Count is true for the number of calls that Each made.
	Count bool
}

// Each is a list whose items a call is made for.
type Each struct {
	// List is the address of the list, Items its key in answers and Endpoint its
	// name in metrics.
	List, Items, Endpoint string
	// Key is the input that chooses one item by its id. It may be one that nobody
	// can give: all items are meant then.
	Key string
	// Where holds, by member, the text of the items that are meant.
	Where map[string]string
}
