package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

func demoCommand() *cobra.Command {
	var f simulateFlags
	var public, admin, postgres, logLevel string
	var share bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the service and the simulator together, without configuration",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set := map[string]string{"listen.address": public, "admin.address": admin, "postgres.address": postgres, "log.level": logLevel}
			if !share {
				return f.demo(cmd.Context(), cmd.OutOrStdout(), set, "")
			}
			if !cmd.Flags().Changed("listen") {
				set["listen.address"] = ":8080"
			}
			return f.share(cmd.Context(), cmd.OutOrStdout(), set)
		},
	}
	f.register(c)
	c.Flags().StringVar(&f.listen, "simulator", "127.0.0.1:8090", "address of the simulator")
	c.Flags().StringVar(&public, "listen", "127.0.0.1:8080", "address of the service")
	c.Flags().StringVar(&admin, "admin", "127.0.0.1:9090", "address of metrics and health")
	c.Flags().StringVar(&postgres, "postgres", "127.0.0.1:5433", "address for psql and drivers, or off")
	c.Flags().BoolVar(&share, "share", false, "answer to other machines too, with a key that is made at the start")
	c.Flags().StringVar(&logLevel, "log-level", "warn", "debug, info, warn or error")
	return c
}

// share is the demo for other machines, with a key that ends with it.
func (f *simulateFlags) share(ctx context.Context, out io.Writer, set map[string]string) (err error) {
	folder, err := os.MkdirTemp("", "gateway-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file := &apikey.File{Path: filepath.Join(folder, "keys.json")}
	key, _, err := file.Create(ctx, apikey.NewKey{Name: "demo", Roles: []string{service.AdminRole}})
	if err != nil {
		return err
	}
	set["auth.mode"], set["auth.keys_file"] = config.AuthKeys, file.Path
	return f.demo(ctx, out, set, key.Reveal())
}

// demo runs both until the context ends. key is what callers need, "" for nothing.
func (f *simulateFlags) demo(ctx context.Context, out io.Writer, set map[string]string, key string) error {
	s, l, err := f.begin(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveUntil(ctx, l, s) })
	g.Go(func() error { return f.demoService(ctx, out, set, s, l.Addr().String(), key) })
	return g.Wait()
}

// demoService runs the service over the simulator at the address.
func (f *simulateFlags) demoService(ctx context.Context, out io.Writer, set map[string]string, s *sim.Server, address, key string) error {
	cfg, err := demoConfig(s, address, set)
	if err != nil {
		return err
	}
	return withApp(ctx, cfg, os.Stderr, func(a *app) error {
		if err := a.server.Listen(ctx); err != nil {
			return err
		}
		printDemo(out, a, s, address, f.users, key)
		return a.Run(ctx)
	})
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
func demoCommands(address, key string) [][2]string {
	curl, base := "curl -s ", "http://"+address
	if key != "" {
		curl += "-u demo:" + key + " "
	}
	return [][2]string{
		{"Contractors as an OData feed", curl + "'" + base + "/odata/pingone/Administrators/Users?$filter=EmployeeType%20eq%20%27Contractor%27&$select=Id,Username&$top=5'"},
		{"Users by population, in SQL", curl + base + `/sql -d '{"query":"SELECT p.Name, count(*) AS users FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY 1 ORDER BY 2 DESC"}'`},
		{"The calls that a query makes", curl + base + `/sql/explain -d '{"query":"SELECT Username FROM Users WHERE Username LIKE '"'"'a%'"'"'"}'`},
	}
}

func printDemo(w io.Writer, a *app, s *sim.Server, simulator string, users int, key string) {
	public := fromElsewhere(a.server.PublicAddr())
	fmt.Fprintf(w, "PingOne Gateway %s, over a simulated PingOne with %s users.\n\n", versionText(), thousands(users))
	fmt.Fprintf(w, "  In a browser                http://%s/\n", public)
	if key != "" {
		fmt.Fprintf(w, "  Key                         %s (user name: anything; over plain http, so for a try alone)\n", key)
	}
	fmt.Fprintf(w, "  OData for Excel, Power BI   http://%s/odata/pingone/Administrators/\n", public)
	fmt.Fprintf(w, "  SQL                         http://%s/sql\n", public)
	if at := a.server.Addr(wireName); at != "" {
		fmt.Fprintf(w, "  SQL for psql and drivers    postgresql://%s/pingone?sslmode=disable\n", at)
	}
	fmt.Fprintf(w, "  Interface description       http://%s/docs\n", public)
	fmt.Fprintf(w, "  Metrics and health          http://%s/metrics\n", a.server.AdminAddr())
	fmt.Fprintf(w, "  Simulated PingOne API       http://%s/v1/environments/%s\n\nTry:\n", simulator, s.EnvironmentID(sim.EnvironmentAdministrators))
	for _, c := range demoCommands(public, key) {
		fmt.Fprintf(w, "\n  # %s\n  %s\n", c[0], c[1])
	}
	fmt.Fprint(w, "\nStop with Ctrl-C.\n")
}

// fromElsewhere names this machine in the address of a listener on all of its
// addresses: by one that others can reach, where it has one.
func fromElsewhere(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return address
	}
	addresses, _ := net.InterfaceAddrs() // none is known then
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return net.JoinHostPort(n.IP.String(), port)
		}
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// thousands groups digits for reading.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
