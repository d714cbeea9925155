// Package dialect writes what users of SQL Server, Oracle, MySQL and of the
// commercial connector say in the engine's words: functions, types, date
// literals, operators.
//
// It works on tokens, before the engine reads the text, so that the engine plans,
// and the gateway checks, nothing but functions of the engine's own: what is
// allowed, what it costs and what is pushed down is decided there alone. Numbers
// of times that the text computes from the time of day stay computed: a statement
// is about the time at which it runs.
package dialect
