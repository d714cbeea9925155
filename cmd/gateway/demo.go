package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

func demoCommand() *cobra.Command {
	var f simulateFlags
	var public, admin, postgres, logLevel string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the service and the simulator together, without configuration",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.demo(cmd.Context(), cmd.OutOrStdout(), map[string]string{
				"listen.address": public, "admin.address": admin, "postgres.address": postgres, "log.level": logLevel,
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&f.listen, "simulator", "127.0.0.1:8090", "address of the simulator")
	c.Flags().StringVar(&public, "listen", "127.0.0.1:8080", "address of the service")
	c.Flags().StringVar(&admin, "admin", "127.0.0.1:9090", "address of metrics and health")
	c.Flags().StringVar(&postgres, "postgres", "127.0.0.1:5433", "address for psql and drivers, or off")
	c.Flags().StringVar(&logLevel, "log-level", "warn", "debug, info, warn or error")
	return c
}

// demo runs both until the context ends.
func (f *simulateFlags) demo(ctx context.Context, out io.Writer, set map[string]string) error {
	s, l, err := f.begin(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveUntil(ctx, l, s) })
	g.Go(func() error { return f.demoService(ctx, out, set, s, l.Addr().String(), f.users) })
	return g.Wait()
}

// demoService runs the service over the simulator at the address.
func (f *simulateFlags) demoService(ctx context.Context, out io.Writer, set map[string]string, s *sim.Server, address string, users int) error {
	cfg, err := demoConfig(s, address, set)
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, os.Stderr)
	if err != nil {
		return err
	}
	if err := a.server.Listen(ctx); err != nil {
		return joinClose(ctx, a, err)
	}
	printDemo(out, a, s, address, users)
	return joinClose(ctx, a, a.Run(ctx))
}

// demoConfig is the configuration of the demo: open on loopback, one
// connection to the simulator.
func demoConfig(s *sim.Server, address string, set map[string]string) (*config.Config, error) {
	env := s.EnvironmentID(sim.EnvironmentAdministrators)
	flags := map[string]string{
		"auth.mode":                                     "none",
		"auth.anonymous_roles":                          service.AdminRole,
		"log.format":                                    "text",
		"listen.drain_delay":                            "0s",
		"listen.grace_time":                             "2s",
		"default_connection":                            "pingone",
		"connections.pingone.api_url":                   "http://" + address + "/v1",
		"connections.pingone.rate_share":                "1",
		"connections.pingone.readonly":                  "false",
		"connections.pingone.oauth_client_id":           sim.AppWorker.ID,
		"connections.pingone.oauth_client_secret":       sim.AppWorker.Secret,
		"connections.pingone.worker_app_environment_id": env,
		"connections.pingone.authorization_server_url":  "http://" + address,
	}
	maps.Copy(flags, set)
	return config.Load(config.Sources{File: os.DevNull, Flags: flags})
}

// demoCommands are worth trying first: what they show, and the line.
func demoCommands(address string) [][2]string {
	base := "http://" + address
	return [][2]string{
		{"Contractors as an OData feed", "curl -s '" + base + "/odata/pingone/Administrators/Users?$filter=EmployeeType%20eq%20%27Contractor%27&$select=Id,Username&$top=5'"},
		{"Users by population, in SQL", "curl -s " + base + `/sql -d '{"query":"SELECT p.Name, count(*) AS users FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY 1 ORDER BY 2 DESC"}'`},
		{"The calls that a query makes", "curl -s " + base + `/sql/explain -d '{"query":"SELECT Username FROM Users WHERE Username LIKE '"'"'a%'"'"'"}'`},
	}
}

func printDemo(w io.Writer, a *app, s *sim.Server, simulator string, users int) {
	public := a.server.PublicAddr()
	fmt.Fprintf(w, "PingOne Gateway %s, over a simulated PingOne with %s users.\n\n", versionText(), thousands(users))
	fmt.Fprintf(w, "  In a browser                http://%s/\n", public)
	fmt.Fprintf(w, "  OData for Excel, Power BI   http://%s/odata/pingone/Administrators/\n", public)
	fmt.Fprintf(w, "  SQL                         http://%s/sql\n", public)
	if at := a.server.Addr(wireName); at != "" {
		fmt.Fprintf(w, "  SQL for psql and drivers    postgresql://%s/pingone?sslmode=disable\n", at)
	}
	fmt.Fprintf(w, "  Interface description       http://%s/docs\n", public)
	fmt.Fprintf(w, "  Metrics and health          http://%s/metrics\n", a.server.AdminAddr())
	fmt.Fprintf(w, "  Simulated PingOne API       http://%s/v1/environments/%s\n\nTry:\n", simulator, s.EnvironmentID(sim.EnvironmentAdministrators))
	for _, c := range demoCommands(public) {
		fmt.Fprintf(w, "\n  # %s\n  %s\n", c[0], c[1])
	}
	fmt.Fprint(w, "\nStop with Ctrl-C.\n")
}

// thousands groups digits for reading.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
