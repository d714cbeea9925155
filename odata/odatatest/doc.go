// Package odatatest holds what tests of OData services share: a schema of a
// library with rows, an executor over rows in memory, and a reference
// evaluator of $filter that was written from the specification alone and is
// slow and plain. Only tests import it.
package odatatest
