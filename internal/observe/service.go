package observe

import "time"

// RequestFailed is a request that ended in an error. Err may wrap the cause,
// which is for the log alone.
type RequestFailed struct {
	FrontEnd string
	Code     string // of the gwerr registry
	Err      error
}

// RequestShed is a request refused before it cost anything.
type RequestShed struct {
	Reason string // "queue_full", "queue_time", "draining"
}

// Place is where in the gateway work runs, as far as a panic is told apart by it.
type Place string

// The places.
const (
	InRequest Place = "request" // the goroutine of a request
	InQuery   Place = "query"   // planning and executing
	InScan    Place = "scan"    // reading a table from PingOne
	InCount   Place = "count"
	InLookup  Place = "lookup" // rows that a table's columns refer to
	InSchema  Place = "schema" // reading names and schemas
	InEngine  Place = "engine" // handing rows to the engine
	InSignIn  Place = "sign_in"
	InCheck   Place = "check" // a readiness check
)

// Places lists all of them.
func Places() []Place {
	return []Place{InRequest, InQuery, InScan, InCount, InLookup, InSchema, InEngine, InSignIn, InCheck}
}

// PanicRecovered is a defect that was caught while working for a caller. Value
// is the panic's text if the runtime wrote it, else its type; Stack is for the
// log alone.
type PanicRecovered struct {
	Where Place
	Value string
	Stack string
}

// Reloaded is one attempt to take over changed configuration.
type Reloaded struct {
	What string // "configuration", "certificate", "keys", "policy"
	Err  error  // nil if it was taken over
}

// CertificateLoaded says until when the listener's certificate is valid.
type CertificateLoaded struct{ NotAfter time.Time }

// Started says what begins to serve, for the log.
type Started struct {
	Version string
	// File is the configuration's, "" for none.
	File string
	// Listeners are "name address" each; Auth are the modes of signing in.
	Listeners, Auth, Connections []string
}

// KeysEnd says when the first of the API keys that work ends; the zero time where
// none does.
type KeysEnd struct{ Next time.Time }

// Lifecycle is a step in the life of the process.
type Lifecycle struct {
	Step   string // "starting", "listening", "ready", "not_ready", "draining", "cutting", "stopped"
	Detail string // an address, the name of a check; never user data
}

// ReadyCheck is the outcome of one readiness check.
type ReadyCheck struct {
	Name string // from the configuration, such as "connection:pingone"
	OK   bool
	Err  error
}

func (RequestFailed) event()     {}
func (RequestShed) event()       {}
func (PanicRecovered) event()    {}
func (Reloaded) event()          {}
func (CertificateLoaded) event() {}
func (Started) event()           {}
func (KeysEnd) event()           {}
func (Lifecycle) event()         {}
func (ReadyCheck) event()        {}

// EngineWorkers changes the number of the engine's processes.
type EngineWorkers struct {
	State string // "alive", or "busy" with a statement
	Delta int
}

// EngineWorkerExited is the end of one of them: "stopped" when it was not
// needed any more, "time" or "memory" for a bound that its statement passed,
// "canceled" or "needed" where it would not give up a statement, "start" where
// it did not start, "crash" otherwise. Err is for the log alone.
type EngineWorkerExited struct {
	Reason string
	Err    error
}

// EngineWalls says, once, what the engine's processes are kept from by the
// kernel: Files is true where they reach no file but their own, Calls where
// they get no socket and start no program.
type EngineWalls struct{ Files, Calls bool }

func (EngineWorkers) event()      {}
func (EngineWorkerExited) event() {}
func (EngineWalls) event()        {}
