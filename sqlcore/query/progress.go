package query

// Progress tells how far a query is. What a caller must not know, since its roles
// show it a part of a table alone, is nil, and so is what nobody knows.
type Progress struct {
	// Calls were made; ExpectedCalls are all of them, by the query's plan.
	Calls         *int64 `json:"calls,omitempty"`
	ExpectedCalls *int64 `json:"expectedCalls,omitempty"`
	// RowsRead came from the API, RowsSent went to the client.
	RowsRead *int64 `json:"rowsRead,omitempty"`
	RowsSent int64  `json:"rowsSent"`
	// BudgetWaitSeconds is the time for which calls waited for the rate budget,
	// added up over calls that waited side by side.
	BudgetWaitSeconds float64 `json:"budgetWaitSeconds"`
}
