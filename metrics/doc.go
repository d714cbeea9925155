// Package metrics turns observations into Prometheus metrics.
//
// It owns the registry, the names and the labels of everything that /metrics
// shows; docs/metrics.md is generated from them. Labels come from closed sets,
// or pass a guard that bounds their number and refuses what looks like data,
// so that no name, address or id of a person can become a label; a caller is counted by
// the id of its API key. The package
// knows the observations and nothing else of the gateway.
package metrics
