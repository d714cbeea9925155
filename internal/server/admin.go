package server

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// adminRouter serves operators. Health is for everybody who reaches the listener.
// The rest is for the holder of the token; where there is none, metrics are for
// everybody too, and what changes or exposes the process for loopback. No web
// page gets any of it, by a name of its own (DNS rebinding) or by making a
// browser send a request.
func (s *Server) adminRouter() http.Handler {
	r := chi.NewRouter()
	r.Use(requestID, s.access, labelled("admin"), httpguard.Recover(s.panicked, s.fail), httpguard.Headers(0))
	r.NotFound(s.fails(gwerr.New(gwerr.NotFound, "There is nothing at this address.", "The admin listener has /metrics, /healthz and /readyz.")))
	r.MethodNotAllowed(s.untaken(r, ""))
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ok\n")
	})
	r.Get("/readyz", s.readyz)
	if m := s.cfg.Admin.Metrics; m != nil {
		r.With(s.holder, compress).Method(http.MethodGet, "/metrics", m)
	}
	if s.cfg.Admin.Level != nil {
		r.With(s.privileged).Get("/loglevel", s.showLevel)
		r.With(s.privileged).Post("/loglevel", s.setLevel)
	}
	if page := s.cfg.Admin.Page; page != nil {
		r.With(s.privileged, compress).Method(http.MethodGet, "/", page)
		r.With(s.privileged, compress).Method(http.MethodGet, "/console/*", page)
	}
	if s.cfg.Admin.Pprof {
		r.With(s.privileged).Route("/debug/pprof", pprofRoutes)
	}
	return r
}

func pprofRoutes(r chi.Router) {
	r.Get("/cmdline", pprof.Cmdline)
	r.Get("/profile", pprof.Profile)
	r.Get("/symbol", pprof.Symbol)
	r.Get("/trace", pprof.Trace)
	r.Get("/*", pprof.Index)
}

// noPages refuses what web pages send, whatever the method: a profile costs as
// much by GET.
func (s *Server) noPages(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := *r
		sent.Method = http.MethodPost
		if err := protection.Check(&sent); err != nil {
			s.fail(w, r, gwerr.Wrap(gwerr.Forbidden, err, "The request comes from a web page.", ""))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// holder lets only the holder of the token through, where there is one, and no
// web page.
func (s *Server) holder(next http.Handler) http.Handler {
	want := s.cfg.Admin.Token.Reveal()
	return httpguard.InnerHosts(s.cfg.Admin.AllowHosts, s.fail)(s.noPages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want != "" && subtle.ConstantTimeCompare([]byte(tokenOf(r)), []byte(want)) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
			w.Header().Add("WWW-Authenticate", `Basic realm="admin", charset="UTF-8"`)
			s.fail(w, r, gwerr.New(gwerr.Unauthenticated, "This address needs the admin token.", "Send admin.token as Bearer token, or as the password of any user."))
			return
		}
		next.ServeHTTP(w, r)
	})))
}

// tokenOf is the token of a request: programs send it as Bearer token, browsers as a
// password.
func tokenOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	return ""
}

// privileged lets the holder of the token through, or loopback where there is
// none.
func (s *Server) privileged(next http.Handler) http.Handler {
	return s.holder(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.Admin.Token.Reveal() == "" && !httpguard.ClientIP(r).IsLoopback() {
			s.fail(w, r, gwerr.New(gwerr.Forbidden, "This address answers to loopback only.", "Set admin.token to use it from other hosts."))
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// readyz answers 200 when the gateway takes requests, 503 when not.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ready, states := true, []CheckState(nil)
	if s.cfg.Checks != nil {
		ready, states = s.cfg.Checks.Ready()
	}
	draining := s.draining.Load()
	status := http.StatusOK
	if !ready || draining {
		status = http.StatusServiceUnavailable
	}
	if r.URL.Query().Has("verbose") {
		body := struct {
			Ready    bool     `json:"ready"`
			Draining bool     `json:"draining,omitempty"`
			Checks   []report `json:"checks"`
		}{status == http.StatusOK, draining, make([]report, 0, len(states))}
		for _, c := range states {
			body.Checks = append(body.Checks, c.report())
		}
		s.holder(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, status, body) })).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	text := "ready\n"
	if status != http.StatusOK {
		text = "not ready\n"
	}
	_, _ = io.WriteString(w, text)
}

type levelBody struct {
	Level string `json:"level"`
}

func (s *Server) showLevel(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, levelBody{s.cfg.Admin.Level.Level()})
}

// setLevel takes {"level": "debug"}, or the level as plain text or parameter.
func (s *Server) setLevel(w http.ResponseWriter, r *http.Request) {
	level := r.URL.Query().Get("level")
	if level == "" {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1024))
		if err != nil {
			s.fail(w, r, gwerr.Wrap(gwerr.TooLarge, err, "The body is too large.", `Send {"level": "debug"}.`))
			return
		}
		level = strings.TrimSpace(string(raw))
		var body levelBody
		if json.Unmarshal(raw, &body) == nil {
			level = body.Level
		}
	}
	if err := s.cfg.Admin.Level.SetLevel(strings.ToLower(level)); err != nil {
		s.fail(w, r, gwerr.Wrap(gwerr.BadRequest, err, "The log has no such level.", "Use debug, info, warn or error."))
		return
	}
	s.showLevel(w, r)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // a client that is gone reads nothing
}
