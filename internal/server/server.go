package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// errCut is why requests end that outlive the grace time.
var errCut = gwerr.New(gwerr.Busy, "The gateway is stopping and cut the request.", "Send it again; another replica answers.")

// Server is the service. Use New, Listen, Run in this order.
type Server struct {
	cfg      Config
	origins  *httpguard.Proxies
	cors     httpguard.Middleware
	certs    *httpguard.TLS // nil without TLS
	draining atomic.Bool
	cut      context.CancelCauseFunc // ends all public requests

	public, admin *http.Server
	// endpoints are the public one, the further ones and, last, the admin one.
	endpoints []*endpoint
}

// endpoint is an Endpoint with its socket.
type endpoint struct {
	Endpoint
	net net.Listener
}

// secured speaks HTTP over TLS.
type secured struct{ *http.Server }

// Serve implements Protocol.
func (s secured) Serve(l net.Listener) error { return s.ServeTLS(l, "", "") }

// New checks the configuration and builds the routers. It opens no socket, but
// reads the certificate. Errors are gwerr.Config.
func New(cfg Config) (*Server, error) {
	cfg.defaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg}
	var err error
	if s.origins, err = httpguard.NewProxies(cfg.Proxies); err != nil {
		return nil, err
	}
	if s.cors, err = httpguard.CORS(cfg.CORSOrigins); err != nil {
		return nil, err
	}
	if cfg.Public.TLS != nil {
		if s.certs, err = httpguard.NewTLS(s.tlsConfig(*cfg.Public.TLS)); err != nil {
			return nil, err
		}
	}
	base, cut := context.WithCancelCause(context.Background())
	s.cut = cut
	s.public = &http.Server{
		Handler:           s.publicRouter(),
		ReadHeaderTimeout: cfg.Public.ReadHeaderTimeout,
		WriteTimeout:      cfg.Limits.AnswerTime, // cuts off who doesn't take an answer; front ends end their work by themselves
		IdleTimeout:       cfg.Public.IdleTimeout,
		MaxHeaderBytes:    int(cfg.Limits.HeaderBytes),
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          quiet(),
	}
	var public Protocol = s.public
	if s.certs != nil {
		s.public.TLSConfig = s.certs.Config()
		public = secured{s.public}
	}
	for _, e := range append([]Endpoint{{"public", "listen.address", cfg.Public.Address, public}}, cfg.Further...) {
		s.endpoints = append(s.endpoints, &endpoint{Endpoint: e})
	}
	if cfg.Admin.Address != "" {
		s.admin = &http.Server{
			Handler:           s.adminRouter(),
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          quiet(),
		}
		s.endpoints = append(s.endpoints, &endpoint{Endpoint: Endpoint{"admin", "admin.address", cfg.Admin.Address, s.admin}})
	}
	return s, nil
}

// Handler returns the public router, for tests and embedding.
func (s *Server) Handler() http.Handler { return s.public.Handler }

// AdminHandler returns the admin router, or nil when it is off.
func (s *Server) AdminHandler() http.Handler {
	if s.admin == nil {
		return nil
	}
	return s.admin.Handler
}

// Listen binds the addresses, so that a program can print them before Run.
// Errors are gwerr.Config.
func (s *Server) Listen(ctx context.Context) error {
	var lc net.ListenConfig
	for i, e := range s.endpoints {
		var err error
		network, address := "tcp", e.Address
		if path, found := strings.CutPrefix(address, "unix:"); found {
			network, address = "unix", path
		}
		if e.net, err = lc.Listen(ctx, network, address); err != nil {
			for _, open := range s.endpoints[:i] {
				_ = open.net.Close()
			}
			return listenError(e.Option, e.Address, err)
		}
	}
	return nil
}

func listenError(option, address string, cause error) error {
	return gwerr.Wrap(gwerr.Config, cause, "The gateway can't listen on "+address+": "+reason(cause)+".",
		"Stop what uses the port, or change "+option+".").On(option)
}

func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

// TLS gives the configuration of the public listener's certificate for another
// protocol, by its names in ALPN; nil without TLS.
func (s *Server) TLS(protocols ...string) *tls.Config {
	if s.certs == nil {
		return nil
	}
	return s.certs.For(protocols...)
}

// PublicAddr is the bound public address, or "" before Listen.
func (s *Server) PublicAddr() string { return s.Addr("public") }

// AdminAddr is the bound admin address, or "".
func (s *Server) AdminAddr() string { return s.Addr("admin") }

// Addr is the bound address of the endpoint of that name, or "".
func (s *Server) Addr(name string) string {
	for _, e := range s.endpoints {
		if e.Name == name && e.net != nil {
			return e.net.Addr().String()
		}
	}
	return ""
}

// Run serves until ctx ends, then drains: it turns not ready, waits for
// DrainDelay, takes no more connections, lets requests finish for GraceTime,
// and cuts those that remain. It returns nil after an orderly end. Everything
// it started has ended when it returns.
func (s *Server) Run(ctx context.Context) error {
	if s.endpoints[0].net == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	group, stop := errgroup.WithContext(ctx)
	// What goes on while the service drains.
	meanwhile, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	s.serve(meanwhile, group)
	if s.cfg.Checks != nil {
		group.Go(func() error { s.cfg.Checks.run(meanwhile, s.cfg); return nil })
	} else {
		s.step(ctx, "ready", "")
	}
	group.Go(func() error {
		<-stop.Done()
		s.drain(context.WithoutCancel(ctx))
		end()
		return nil
	})
	err := group.Wait()
	s.step(context.WithoutCancel(ctx), "stopped", "")
	return err
}

func (s *Server) serve(ctx context.Context, group *errgroup.Group) {
	for _, e := range s.endpoints {
		s.step(ctx, "listening", e.Name+" "+e.net.Addr().String())
		group.Go(func() error { return closed(e.Protocol.Serve(e.net)) })
	}
	if s.certs != nil {
		s.observeCertificate(ctx)
		group.Go(func() error { s.certs.Run(ctx); return nil })
	}
}

// closed takes the orderly end of a server for no error.
func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return gwerr.Wrap(gwerr.Internal, err, "A listener failed.", "")
}

// Reload takes over a changed certificate. On an error the old one stays.
// Changed files are also found without it, within half a minute.
func (s *Server) Reload(ctx context.Context) error {
	if s.certs == nil {
		return nil
	}
	err := s.certs.Reload()
	s.cfg.Sink.Observe(ctx, observe.Reloaded{What: "certificate", Err: err})
	if err == nil {
		s.observeCertificate(ctx)
	}
	return err
}

func (s *Server) tlsConfig(t TLS) httpguard.TLSConfig {
	c := httpguard.TLSConfig{
		CertFile: t.CertFile, KeyFile: t.KeyFile, ClientCAFile: t.ClientCAFile, ClientRequired: t.ClientRequired,
		MinVersion: tls.VersionTLS12,
		Failed: func(err error) {
			s.cfg.Sink.Observe(context.Background(), observe.Reloaded{What: "certificate", Err: err})
		},
	}
	if t.MinVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	return c
}

// observeCertificate tells until when the certificate in force is valid.
func (s *Server) observeCertificate(ctx context.Context) {
	cert, err := s.certs.Config().GetCertificate(nil)
	if err == nil && cert.Leaf != nil {
		s.cfg.Sink.Observe(ctx, observe.CertificateLoaded{NotAfter: cert.Leaf.NotAfter})
	}
}

func (s *Server) step(ctx context.Context, step, detail string) {
	s.cfg.Sink.Observe(ctx, observe.Lifecycle{Step: step, Detail: detail})
}
