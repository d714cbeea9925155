//go:build duckdb_arrow

// Package testkit builds the gateway's core over a simulated PingOne for tests.
package testkit

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/connections"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

// Options choose the stack. The zero value is the demo's directory.
type Options struct {
	Sim  sim.Options
	Plan plan.Options
	// MaxAffected bounds the rows of one change.
	MaxAffected int64
	// ReadOnly refuses changes.
	ReadOnly bool
	// Allows are further properties of the connection.
	Allows map[string]bool
	// Views are queries that are named like tables.
	Views []service.SavedView
	// Client changes the PingOne client's configuration.
	Client func(*pingone.Config)
	// Exec changes the executor's configuration.
	Exec func(*exec.Config)
	// Service changes the service's configuration.
	Service func(*service.Config)
	Sink    observe.Sink
	// Engine is shared by stacks of one test; nil opens one.
	Engine *duck.Engine
	// Simulator is shared by stacks of one test; nil starts one.
	Simulator *Simulator
}

// Simulator is a running simulator.
type Simulator struct {
	*sim.Server
	URL string
	// Client speaks to the simulator.
	Client *http.Client
}

// StartSimulator serves a simulator over HTTP until the test ends.
func StartSimulator(t testing.TB, o sim.Options) *Simulator {
	t.Helper()
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(s)
	web.Listener = s.Listener(web.Listener)
	web.Start()
	t.Cleanup(func() {
		web.CloseClientConnections() // a frozen one would be waited for
		web.Close()
	})
	return &Simulator{Server: s, URL: web.URL, Client: web.Client()}
}

// OpenEngine opens an engine until the test ends.
func OpenEngine(t testing.TB) *duck.Engine {
	t.Helper()
	e, err := duck.Open(context.Background(), duck.Config{MemoryLimit: 1 << 30, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Stack is the gateway from the simulator up to the service.
type Stack struct {
	*Simulator
	Engine    *duck.Engine
	Directory *pingone.Directory
	Executor  *exec.Executor
	Service   *service.Service
}

// Start builds a stack that ends with the test.
func Start(t testing.TB, o Options) *Stack {
	t.Helper()
	s := &Stack{Simulator: o.Simulator, Engine: o.Engine}
	if s.Simulator == nil {
		s.Simulator = StartSimulator(t, o.Sim)
	}
	if s.Engine == nil {
		s.Engine = OpenEngine(t)
	}
	o.Sink = cmp.Or(o.Sink, observe.Discard)
	cfg := pingone.Config{
		ShowFlowGraph: true, APIURL: s.URL + "/v1", WorkerAppEnvironmentID: s.EnvironmentID(sim.EnvironmentAdministrators),
		Authorizer: workerToken(t, s.Simulator), Sink: observe.Join(observe.CountCalls, o.Sink),
	}
	if o.Client != nil {
		o.Client(&cfg)
	}
	d, err := pingone.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	s.Directory = d
	x := exec.Config{Source: d, Engine: s.Engine, Plan: o.Plan, Sink: o.Sink}
	if o.Exec != nil {
		o.Exec(&x)
	}
	s.Executor = exec.New(x)
	views, err := service.NewViews(o.Views)
	if err != nil {
		t.Fatal(err)
	}
	c := service.Config{Pool: onePool{&service.Database{Name: "pingone", Provider: d, Executor: s.Executor, Writer: d, ReadOnly: o.ReadOnly, MaxAffected: o.MaxAffected, Allows: o.Allows, Views: views, Procedures: d.Procedures()}}, Binder: s.Engine, Aliases: []string{"CData"}, Sink: o.Sink}
	if o.Service != nil {
		o.Service(&c)
	}
	s.Service = service.New(c)
	t.Cleanup(s.Service.Close)
	return s
}

// Context carries the caller of a gateway without authentication.
func Context(t testing.TB) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.NewAnonymous())
}

// Parameter is a parameter of a statement.
type Parameter = query.Parameter

// Query runs a statement and returns its rows as text, null as NULL.
func (s *Stack) Query(t testing.TB, sql string, parameters ...Parameter) [][]string {
	t.Helper()
	rows, err := s.TryQuery(Context(t), sql, parameters...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// TryQuery is Query with its error.
func (s *Stack) TryQuery(ctx context.Context, sql string, parameters ...Parameter) (out [][]string, err error) {
	ctx, request, err := s.BeginSQL(ctx, "", sql)
	if err != nil {
		return nil, err
	}
	defer func() { request.End(err) }()
	a, err := request.SQL(ctx, query.Statement{SQL: sql, Positional: parameters})
	if err != nil {
		return nil, err
	}
	err = scan.Each(ctx, a.Rows, func(rec arrow.RecordBatch) error {
		out = append(out, Texts(rec)...)
		return nil
	})
	return out, err
}

// Explain returns a statement's plan.
func (s *Stack) Explain(ctx context.Context, sql string, parameters ...Parameter) (plan any, err error) {
	ctx, request, err := s.BeginSQL(ctx, "", sql)
	if err != nil {
		return nil, err
	}
	defer func() { request.End(err) }()
	return request.Explain(ctx, query.Statement{SQL: sql, Positional: parameters})
}

// Texts gives a record's rows as text.
func Texts(rec arrow.RecordBatch) [][]string {
	out := make([][]string, rec.NumRows())
	for i := range out {
		for _, col := range rec.Columns() {
			if col.IsNull(i) {
				out[i] = append(out[i], "NULL")
			} else {
				out[i] = append(out[i], strings.Clone(col.ValueStr(i)))
			}
		}
	}
	return out
}

// Calls counts the API's calls since the last reset.
func (s *Stack) Calls() int {
	n := 0
	for _, r := range s.Requests() {
		if len(r.Path) > 3 && r.Path[:4] == "/v1/" {
			n++
		}
	}
	return n
}

// workerToken signs requests with the worker application's token.
func workerToken(t testing.TB, s *Simulator) pingone.Authorizer {
	t.Helper()
	e, err := oauth.NewEndpoints("", s.EnvironmentID(sim.EnvironmentAdministrators), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := oauth.NewClient(e, oauth.Credentials{ClientID: sim.AppWorker.ID, Secret: tokens.NewSecret(sim.AppWorker.Secret)}, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	source, err := tokens.NewCached(tokens.CacheConfig{Fetcher: oauth.NewClientCredentials(client), Identity: []string{t.Name()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	return connections.Bearer{Source: source}
}

type onePool struct{ only *service.Database }

// Default implements service.Pool.
func (p onePool) Default() string { return p.only.Name }

// Database implements service.Pool.
func (p onePool) Database(context.Context, string, *auth.Principal) (*service.Database, error) {
	return p.only, nil
}
