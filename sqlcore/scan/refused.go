package scan

// Order stands for an operator where the service refuses to sort by an attribute.
const Order = "order"

// Refused is in the chain of the error of a scan whose filter, or order, the
// service does not take: the same request without it may succeed, since the residual
// applies every condition and order again. Find it with errors.As.
type Refused struct {
	// Attribute and Operator are the service's words for what it refuses; each
	// is empty where the answer doesn't tell.
	Attribute, Operator string
	// TooLong is true where the address or its headers were too long, whatever
	// the filter says.
	TooLong bool
	// Err is the answer, for the log.
	Err error
}

// Error gives the answer.
func (r *Refused) Error() string { return r.Err.Error() }

// Unwrap returns the answer.
func (r *Refused) Unwrap() error { return r.Err }
