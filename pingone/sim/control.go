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

// serveControl answers the simulator's own controls, to loopback clients only.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err != nil || !net.ParseIP(host).IsLoopback() {
		http.Error(w, "The controls answer loopback clients only.", http.StatusForbidden)
		return
	}
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/sim") {
	case "POST /faults":
		var faults []Fault
		if !readControl(w, r, &faults) {
			return
		}
		controlDone(w, s.SetFaults(faults...))
	case "DELETE /faults":
		controlDone(w, s.SetFaults())
	case "GET /unkind":
		sendControl(w, map[string]any{"set": append([]string{}, s.Unkind()...), "switches": Switches()})
	case "POST /unkind":
		var list []string
		if readControl(w, r, &list) {
			controlDone(w, s.SetUnkind(strings.Join(list, ",")))
		}
	case "DELETE /unkind":
		controlDone(w, s.SetUnkind(""))
	case "POST /connections/freeze":
		s.FreezeConnections()
		controlDone(w, nil)
	case "GET /requests":
		sendControl(w, map[string]any{"stats": s.Stats(), "requests": s.Requests()})
	case "DELETE /requests":
		s.ResetRequests()
		controlDone(w, nil)
	case "POST /tokens/revoke":
		s.RevokeTokens()
		controlDone(w, nil)
	case "POST /keys/rotate":
		controlDone(w, s.RotateKeys())
	case "POST /device/approve":
		var body struct {
			UserCode string `json:"userCode"`
			Username string `json:"username"`
		}
		if readControl(w, r, &body) {
			controlDone(w, s.ApproveDevice(body.UserCode, body.Username))
		}
	default:
		http.NotFound(w, r)
	}
}

func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		http.Error(w, "The body cannot be read: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func sendControl(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // fails only when the client is gone
}

func controlDone(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
