package connections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/procedures"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
	"github.com/pingone-gateway/gateway/tokens/connect"
)

// Opened is a connection at work: what sessions query, and what that stands on.
type Opened struct {
	service.Database
	Directory *pingone.Directory
	Tokens    *connect.Tokens
	Limits    *Limits

	config *config.Connection // in force, with reloaded secrets
}

// Check looks at a connection for readiness: it must list its environments,
// and calls are paced from the first one on.
func (o *Opened) Check(ctx context.Context) error {
	if _, err := o.Provider.Names(ctx); err != nil {
		return err
	}
	return o.Limits.Read(ctx)
}

// open builds a connection over a token source, and what closes both; stop ends
// the source.
func (p *Pool) open(c *config.Connection, t *connect.Tokens, stop func() error) (*Opened, func(), error) {
	proxy, err := c.Proxy()
	if err != nil {
		return nil, nil, err
	}
	ca, err := c.Authorities()
	if err != nil {
		return nil, nil, err
	}
	pace := paced{p.Budget, c}
	d, err := pingone.New(pingone.Config{
		Region: c.Region, APIURL: c.APIURL, WorkerAppEnvironmentID: c.WorkerAppEnvironmentID, DefaultSchema: c.Schema,
		Authorizer: Bearer{t.Source}, Limiter: pace, Sink: observe.Join(p.Sink, observe.CountCalls),
		MaxParallel: c.MaxParallel, CallTimeout: callTimeout(c.Timeout), SchemaTTL: c.SchemaTTL, ShowFlowGraph: c.ShowFlowGraph,
		Days:               map[string]int{"ActivityDays": c.ActivityDays, "MetricsDays": c.MetricsDays},
		DisableCompression: !c.Compression,
		ProxyURL:           proxy, NoProxy: strings.Join(c.ProxyExceptions, ","), CAPEM: ca,
		UserAgent: "pingone-gateway/" + p.Version, Wrap: p.Wrap,
	})
	if err != nil {
		return nil, nil, err
	}
	views, err := savedViews(c)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	x := exec.New(exec.Config{Source: d, Engine: p.Engine, Sink: p.Sink, Plan: plan.Options{
		MaxFanout: c.MaxFanout, PushUnconfirmed: c.PushUnconfirmed, PageSize: c.Pagesize,
	}})
	closing := func() {
		p.Readings.Drop(x)
		_ = errors.Join(d.Close(), stop()) // nothing is left to be done about it
	}
	return &Opened{
		Database: service.Database{
			Name: c.Name, MaxRows: max(0, c.MaxRows), ReadOnly: c.Readonly, Writer: d, MaxAffected: c.MaxAffectedRows,
			Allows:     map[string]bool{"AllowSchemaDelete": c.AllowSchemaDelete},
			Provider:   service.Browse(d, c.BrowsableSchemas, slices.Concat(c.Tables, c.Views)),
			Executor:   x,
			Views:      views,
			Procedures: append(procedures.OAuth(t), d.Procedures()...),
			Properties: listed(c),
		},
		Directory: d, Tokens: t, Limits: &Limits{directory: d, budget: p.Budget, license: pace.license()}, config: c,
	}, closing, nil
}

// savedViews reads the views of the configuration.
func savedViews(c *config.Connection) (*service.Views, error) {
	saved, err := c.SavedViews()
	if err != nil {
		return nil, err
	}
	shown := slices.Concat(c.Tables, c.Views)
	var views []service.SavedView
	for _, v := range saved {
		if len(shown) == 0 || slices.ContainsFunc(shown, func(n string) bool { return strings.EqualFold(n, v.Name) }) {
			views = append(views, service.SavedView(v))
		}
	}
	return service.NewViews(views)
}

// listed are the properties for sys_connection_props.
func listed(c *config.Connection) (out []system.Property) {
	for _, p := range c.Properties() {
		out = append(out, system.Property{
			Name: p.Property, Doc: p.Help, Type: p.Kind, Default: p.Default, Values: p.Values,
			Value: p.Value, Category: p.Category, Secret: p.Secret,
		})
	}
	return out
}

func callTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return -1 // the connector's 0 means never
	}
	return d
}
