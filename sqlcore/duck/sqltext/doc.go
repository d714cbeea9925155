// Package sqltext reads SQL text as tokens, without a grammar.
//
// It does what must happen before an SQL parser sees the text: it bounds size
// and nesting, tells statements apart, finds parameters, and rewrites spellings
// of other dialects ([bracketed] names, SELECT TOP n) as edits whose positions
// can be traced back; package dialect rewrites the rest. It knows neither tables nor the engine.
package sqltext
