package tokens_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// A child process is this test binary started again with these variables.
const (
	childVar = "GATEWAY_TOKENS_CHILD"
	redisVar = "GATEWAY_TOKENS_REDIS"
	authVar  = "GATEWAY_TOKENS_AUTH"
	keyVar   = "GATEWAY_TOKENS_KEY"
)

// chaosLife is long enough for processes that wait for a processor for a second.
const chaosLife = 6 * time.Second

func TestMain(m *testing.M) {
	if name := os.Getenv(childVar); name != "" {
		if err := child(name); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// named marks requests with the child's name.
type named string

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Child", string(n))
	return http.DefaultTransport.RoundTrip(r)
}

// child is a gateway process: it asks its source for a token again and again
// until its standard input ends, and prints each new one, and what is wrong.
func child(name string) error {
	ctx := context.Background()
	key, err := seal.ParseKey(os.Getenv(keyVar))
	if err != nil {
		return err
	}
	ring, err := seal.NewRing([]seal.Key{key}, nil)
	if err != nil {
		return err
	}
	conn, err := redisconn.New(ctx, redisconn.Config{URL: os.Getenv(redisVar), Sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
		fmt.Fprintf(os.Stderr, "%s child %s: %+v\n", time.Now().Format("05.000"), name, e)
	})})
	if err != nil {
		return err
	}
	defer conn.Close()
	endpoints, err := oauth.NewEndpoints("", "env", os.Getenv(authVar))
	if err != nil {
		return err
	}
	client, err := oauth.NewClient(endpoints, oauth.Credentials{ClientID: "app", Secret: tokens.NewSecret("secret")}, &http.Client{Transport: named(name)})
	if err != nil {
		return err
	}
	c, err := tokens.NewCached(tokens.CacheConfig{
		Fetcher: oauth.NewClientCredentials(client), Identity: []string{endpoints.Issuer, "app"}, Store: store.NewRedis(conn), Ring: ring,
		LockTTL: 2 * time.Second, CheckEvery: 50 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	defer c.Close()
	ended := make(chan struct{})
	go func() { defer close(ended); _, _ = os.Stdin.Read(make([]byte, 1)) }()
	fmt.Println("ready")
	has := ""
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ended:
			fmt.Println("served", n)
			return nil
		case <-tick.C:
		}
		got, err := c.Token(ctx)
		if err != nil {
			return err
		}
		if !time.Now().Before(got.Expiry) {
			return fmt.Errorf("call %d got a token that has expired", n)
		}
		if value := got.Value.Reveal(); value != has {
			has = value
			fmt.Println("token", has)
		}
	}
}

// authServer counts token requests.
type authServer struct {
	*httptest.Server
	mu    sync.Mutex
	mints []mint
	hold  chan string // if set, the next request sends its child's name and never gets an answer
	given chan string // the tokens
}

type mint struct {
	at     time.Time
	child  string
	killed bool
}

func newAuthServer(t *testing.T) *authServer {
	a := &authServer{given: make(chan string, 100)}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		a.mu.Lock()
		hold := a.hold
		a.hold = nil
		a.mints = append(a.mints, mint{time.Now(), r.Header.Get("Child"), hold != nil})
		n := len(a.mints)
		a.mu.Unlock()
		if hold != nil {
			hold <- r.Header.Get("Child")
			<-r.Context().Done()
			return
		}
		token := fmt.Sprintf("t%d", n)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": chaosLife.Seconds()})
		a.given <- token
	}))
	t.Cleanup(a.Close)
	return a
}

// process is a running child.
type process struct {
	cmd   *exec.Cmd
	stdin interface{ Close() error }
	lines *bufio.Scanner
}

func start(t *testing.T, name string, env ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(append(os.Environ(), env...), childVar+"="+name)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p := &process{cmd, stdin, bufio.NewScanner(stdout)}
	if !p.lines.Scan() || p.lines.Text() != "ready" {
		t.Fatalf("child %s says %q", name, p.lines.Text())
	}
	return p
}

// sees waits until the child has a token.
func (p *process) sees(t *testing.T, token string) {
	t.Helper()
	for p.lines.Scan() {
		if p.lines.Text() == "token "+token {
			return
		}
	}
	t.Fatalf("a child ended without %s", token)
}

// end lets the child finish and checks that it never lacked a token.
func (p *process) end(t *testing.T, name string) {
	t.Helper()
	_ = p.stdin.Close()
	var lines []string
	for p.lines.Scan() {
		if !strings.HasPrefix(p.lines.Text(), "token ") {
			lines = append(lines, p.lines.Text())
		}
	}
	if err := p.cmd.Wait(); err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "served") {
		t.Errorf("child %s: %v: %s", name, err, strings.Join(lines, "; "))
	}
}

// Three processes, one Redis, one token server. A process is killed while it
// holds the lock and waits for its token; Redis is killed twice and loses
// everything; every process is started anew. No call fails, and there is one
// token request per expiry, plus the one that died with its process.
func TestThreeProcesses(t *testing.T) {
	redis, auth := redistest.Start(t), newAuthServer(t)
	env := []string{redisVar + "=" + redistest.Patient(redis.URL(), time.Minute), authVar + "=" + auth.URL, keyVar + "=" + seal.GenerateKey("k").Reveal()}
	children := map[string]*process{}
	for _, name := range []string{"a", "b", "c"} {
		children[name] = start(t, name, env...)
	}
	minted := func() (token string) {
		t.Helper()
		select {
		case token = <-auth.given:
		case <-time.After(2 * time.Minute):
			t.Fatal("nobody asks for a token")
		}
		return token
	}
	restart := func(name string) {
		children[name].end(t, name)
		children[name] = start(t, name, env...)
	}
	minted()
	for range 2 { // Redis dies just after a token was got, and again
		token := minted()
		for _, p := range children {
			p.sees(t, token)
		}
		redis.Kill()
		<-time.After(400 * time.Millisecond)
		redis.Run()
	}
	minted()
	killed := make(chan string)
	auth.mu.Lock()
	auth.hold = killed
	auth.mu.Unlock()
	victim := <-killed
	_ = children[victim].cmd.Process.Kill()
	_ = children[victim].cmd.Wait()
	children[victim] = start(t, victim, env...)
	minted()
	for _, name := range []string{"a", "b", "c"} {
		restart(name)
	}
	minted()
	for name, p := range children {
		p.end(t, name)
	}
	auth.check(t)
}

// check asserts that requests are a token's life apart, less the refresh
// ahead, except the one that replaces the killed one.
func (a *authServer) check(t *testing.T) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := 1; i < len(a.mints); i++ {
		gap := a.mints[i].at.Sub(a.mints[i-1].at)
		if gap < chaosLife/2 && !a.mints[i-1].killed {
			t.Errorf("request %d by %s came %v after that by %s", i+1, a.mints[i].child, gap, a.mints[i-1].child)
		}
	}
	t.Logf("%d token requests in %v", len(a.mints), a.mints[len(a.mints)-1].at.Sub(a.mints[0].at).Round(time.Millisecond))
}
