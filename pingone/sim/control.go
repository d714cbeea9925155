package sim

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
)

// RevokeTokens makes every token that was issued so far invalid.
func (s *Server) RevokeTokens() { s.auth.RevokeAll() }

// RotateKeys signs tokens with a new key from now on. The old one stays in the
// JWKS, and tokens that it signed stay valid.
func (s *Server) RotateKeys() error { return s.auth.RotateKeys() }

// SetFaults replaces the faults in force; none clears them.
func (s *Server) SetFaults(faults ...Fault) error { return s.faults.set(faults) }

// Requests lists the last requests, oldest first; see Options.LogSize.
func (s *Server) Requests() []Request { return s.recorder.requests() }

// Stats sums up the requests since the start or the last ResetRequests.
func (s *Server) Stats() Stats { return s.recorder.stats() }

// ResetRequests empties the log and the counters.
func (s *Server) ResetRequests() { s.recorder.reset() }

// ApproveDevice answers a pending device authorization: the user with the
// username signs in. An empty username refuses it.
func (s *Server) ApproveDevice(userCode, username string) error {
	return s.auth.ApproveDevice(userCode, username)
}

// maxControl bounds the body of a control call, in bytes.
const maxControl = 1 << 20

// controls are the simulator's own calls.
func (s *Server) controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sim/faults", takes(func(faults []Fault) error { return s.SetFaults(faults...) }))
	mux.HandleFunc("DELETE /sim/faults", does(func() error { return s.SetFaults() }))
	mux.HandleFunc("GET /sim/unkind", tells(func() any { return map[string]any{"set": append([]string{}, s.Unkind()...), "switches": Switches()} }))
	mux.HandleFunc("POST /sim/unkind", takes(func(list []string) error { return s.SetUnkind(strings.Join(list, ",")) }))
	mux.HandleFunc("DELETE /sim/unkind", does(func() error { return s.SetUnkind("") }))
	mux.HandleFunc("POST /sim/connections/freeze", does(func() error { s.FreezeConnections(); return nil }))
	mux.HandleFunc("GET /sim/requests", tells(func() any { return map[string]any{"stats": s.Stats(), "requests": s.Requests()} }))
	mux.HandleFunc("DELETE /sim/requests", does(func() error { s.ResetRequests(); return nil }))
	mux.HandleFunc("POST /sim/tokens/revoke", does(func() error { s.RevokeTokens(); return nil }))
	mux.HandleFunc("POST /sim/keys/rotate", does(s.RotateKeys))
	mux.HandleFunc("POST /sim/device/approve", takes(func(d struct{ UserCode, Username string }) error { return s.ApproveDevice(d.UserCode, d.Username) }))
	return loopbackOnly(mux)
}

// loopbackOnly refuses clients on other machines.
func loopbackOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err != nil || !net.ParseIP(host).IsLoopback() {
			http.Error(w, "The controls answer loopback clients only.", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// takes makes a control with a body.
func takes[T any](control func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body T
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
		d.DisallowUnknownFields()
		if err := d.Decode(&body); err != nil {
			http.Error(w, "The body cannot be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		does(func() error { return control(body) })(w, r)
	}
}

func does(control func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := control(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// tells makes a control that answers with JSON.
func tells(what func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(what()) // fails only when the client is gone
	}
}
