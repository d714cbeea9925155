package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// simulator is a running simulator and a plain HTTP client of its API, as a
// script with curl would be.
type simulator struct {
	*process
	address     string // host and port
	environment string // id of Administrators
	token       string
	client      *http.Client
}

// boundless is a rate limit, in calls a second, that nothing here reaches. Without
// any the simulator still reports PingOne's usual ones, and the gateway keeps to
// its share of what is reported.
const boundless = "20000"

// startSimulator runs `gateway simulate`.
func startSimulator(ctx context.Context, o options, users int, latency time.Duration, flags ...string) (*simulator, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	// Environment ids are the same in every simulator.
	model, err := sim.New(sim.Options{Users: 1})
	if err != nil {
		return nil, err
	}
	s := &simulator{
		address: address, environment: model.EnvironmentID(sim.EnvironmentAdministrators),
		client: &http.Client{Timeout: time.Minute},
	}
	args := append([]string{
		"simulate", "--listen", address, "--users", strconv.Itoa(users), "--seed", "1",
		"--latency", latency.String(), "--rate-limit", boundless,
	}, flags...)
	note("starting a simulator with %s users", thousands(users))
	if s.process, err = start(ctx, "simulator", "http://"+address+"/sim/requests", o.gateway, args...); err != nil {
		return nil, err
	}
	if err := s.signIn(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// signIn gets an access token with the worker application's credentials.
func (s *simulator) signIn(ctx context.Context) error {
	app := clientcredentials.Config{
		ClientID: sim.AppWorker.ID, ClientSecret: sim.AppWorker.Secret, AuthStyle: oauth2.AuthStyleInHeader,
		TokenURL: fmt.Sprintf("http://%s/%s/as/token", s.address, s.environment),
	}
	token, err := app.Token(ctx)
	if err != nil {
		return fmt.Errorf("signing in to the simulator: %w", err)
	}
	s.token = token.AccessToken
	return nil
}

// do sends a request and decodes the answer.
func (s *simulator) do(req *http.Request, into any) error {
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return refused(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body) // lets the connection be used again
	return err
}

// refused tells what an answer that is not 200 says.
func refused(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 500)) // the status matters more
	return fmt.Errorf("%s %s: %s: %s", resp.Request.Method, resp.Request.URL, resp.Status, text)
}

// get reads an address below the environment.
func (s *simulator) get(ctx context.Context, path string, query url.Values, into any) error {
	at := fmt.Sprintf("http://%s/v1/environments/%s/%s?%s", s.address, s.environment, path, query.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	return s.do(req, into)
}

// calls runs f and gives the number of API and token calls that it made.
func (s *simulator) calls(ctx context.Context, f func() error) (int, error) {
	before, err := s.requests(ctx)
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := s.requests(ctx)
	return after - before, err
}

// requests is the number of calls since the start.
func (s *simulator) requests(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/sim/requests", nil)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Stats struct {
			Requests int `json:"requests"`
		} `json:"stats"`
	}
	err = s.do(req, &answer)
	return answer.Stats.Requests, err
}

// user is what the bench needs of a user.
type user struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	// Custom is an attribute of the simulator's schema. encoding/json matches
	// names without case unless one fits exactly, so it must be named here.
	Custom json.RawMessage `json:"userName"`
}

// page is a page of users or groups.
type page struct {
	Embedded struct {
		Users  []user `json:"users"`
		Groups []struct {
			ID string `json:"id"`
		} `json:"groups"`
	} `json:"_embedded"`
	Count int `json:"count"`
}

// someUsers reads the first users.
func (s *simulator) someUsers(ctx context.Context, n int) ([]user, error) {
	var p page
	if err := s.get(ctx, "users", url.Values{"limit": {"200"}}, &p); err != nil {
		return nil, err
	}
	return p.Embedded.Users[:min(n, len(p.Embedded.Users))], nil
}

// named reads one user by username.
func (s *simulator) named(ctx context.Context, name string) (a answer, err error) {
	var p page
	began := time.Now()
	err = s.get(ctx, "users", url.Values{"filter": {fmt.Sprintf("username eq %q", name)}}, &p)
	a.whole, a.rows = time.Since(began), len(p.Embedded.Users)
	return a, err
}

// someGroups reads the ids of the first groups.
func (s *simulator) someGroups(ctx context.Context, n int) ([]string, error) {
	var p page
	if err := s.get(ctx, "groups", url.Values{"limit": {"1000"}}, &p); err != nil {
		return nil, err
	}
	if len(p.Embedded.Groups) < n {
		return nil, fmt.Errorf("the simulator has %d groups, not %d", len(p.Embedded.Groups), n)
	}
	ids := make([]string, n)
	for i, g := range p.Embedded.Groups[:n] {
		ids[i] = g.ID
	}
	return ids, nil
}

// members counts the members of groups.
func (s *simulator) members(ctx context.Context, groups []string) (total int, err error) {
	for _, id := range groups {
		var p page
		filter := fmt.Sprintf("memberOfGroups[id eq %q]", id)
		if err := s.get(ctx, "users", url.Values{"limit": {"1"}, "filter": {filter}}, &p); err != nil {
			return 0, err
		}
		total += p.Count
	}
	return total, nil
}
