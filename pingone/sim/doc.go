// Package sim is a simulator of the PingOne platform API and its authorization
// server, for tests, demos and benchmarks without a PingOne organization.
//
// It is written from the API's documentation alone and shares no code with the
// client that it serves, so that one wrong belief cannot stand on both sides.
// One organization holds the environments: Administrators (it owns the worker
// application and the demo users), Customers, Partner Portal Zürich and one that
// is deleted; another organization has a license alone. The content is a
// function of a seed: rows are made when they are asked for, and only what was
// written is kept.
//
// Out of the box the service is kind. Switches make it as unkind as the service
// may be; each list, answer and connection passes the one place that they change.
//
// The API lives under /v1, each environment's authorization server under
// /{environmentID}/as, and the simulator's own controls under /sim.
package sim
