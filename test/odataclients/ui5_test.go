//go:build duckdb_arrow

package odataclients

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

// page is the site of an application of UI5, with the gateway's feeds below it.
type page struct {
	http.Handler
	found chan []byte // what the application reports

	mu    sync.Mutex
	asked []string
}

func newPage(t *testing.T, resources, gateway string) *page {
	t.Helper()
	at, err := url.Parse(gateway)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		r.Out.Host = r.In.Host
	}}
	p := &page{found: make(chan []byte, 1)}
	mux := http.NewServeMux()
	mux.Handle("/odata/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		proxy.ServeHTTP(w, r)
	}))
	mux.Handle("/resources/", http.StripPrefix("/resources/", http.FileServer(http.Dir(resources))))
	mux.Handle("/", http.FileServer(http.Dir("ui5")))
	mux.HandleFunc("POST /found", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			p.found <- body
		}
	})
	p.Handler = mux
	return p
}

func (p *page) note(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/odata/pingone/Administrators/"))
}

// written is a group that the application made, changed and deleted.
type written struct {
	Made    string
	Changed struct{ Name, Description string }
	Left    int
}

// TestUI5 drives UI5's model in Chromium, as an application of Fiori would.
func TestUI5(t *testing.T) {
	t.Parallel()
	resources := filepath.Join(testkit.Installed(t, "ui5"), "node_modules", "@openui5", "sap.ui.core", "src")
	chromium := testkit.Program(t, "chromium-headless-shell", "chromium")
	p := newPage(t, resources, gateway(t).URL)
	site := httptest.NewServer(p)
	defer site.Close()
	ctx, stop := context.WithCancel(t.Context())
	browser := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", site.URL)
	browser.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children
	browser.Cancel = func() error { return syscall.Kill(-browser.Process.Pid, syscall.SIGKILL) }
	var said strings.Builder
	browser.Stderr = &said
	require.NoError(t, browser.Start())
	ended := make(chan struct{})
	go func() { _ = browser.Wait(); close(ended) }()
	defer func() { stop(); <-ended }()
	var report []byte
	select {
	case report = <-p.found:
	case <-ended:
		t.Fatalf("the browser ended: %s", said.String())
	}
	var found struct {
		Load string
		List struct {
			First, Next []string
			Count       int
		}
		Expand struct {
			Username   string
			Population struct{ Name string }
			Groups     []struct{ Name string }
		}
		Filter []string
		Any    int
		Entity struct {
			Username, CreatedAt string
			Population          struct{ Name string }
		}
		Write, Direct written
		Action        struct{ AccountStatus string }
		Refused       string
		Aggregate     []string
	}
	require.NoError(t, json.Unmarshal(report, &found), string(report))
	t.Logf("%s", report)

	require.Len(t, slices.Concat(found.List.First, found.List.Next), 10, "two pages")
	assert.True(t, slices.IsSorted(slices.Concat(found.List.First, found.List.Next)))
	assert.GreaterOrEqual(t, found.List.Count, 40)
	assert.Equal(t, found.List.First[0], found.Expand.Username)
	assert.NotEmpty(t, found.Expand.Population.Name)
	assert.Equal(t, []string{"ada.admin"}, found.Filter)
	assert.Positive(t, found.Any)
	assert.Equal(t, "ada.admin", found.Entity.Username)
	assert.Equal(t, "Default", found.Entity.Population.Name)
	for name, w := range map[string]written{"By UI5": found.Write, "By UI5, directly": found.Direct} {
		assert.Equal(t, name, w.Changed.Name)
		assert.Equal(t, "changed by UI5", w.Changed.Description)
		assert.Zero(t, w.Left)
	}
	assert.Equal(t, "OK", found.Action.AccountStatus)
	grouped := 0
	for _, n := range found.Aggregate {
		users, err := strconv.Atoi(n)
		require.NoError(t, err)
		grouped += users
	}
	assert.Equal(t, found.List.Count, grouped, "every user is in one population")
	assert.Equal(t, "refused", found.Refused)
	p.mu.Lock()
	defer p.mu.Unlock()
	assert.Contains(t, p.asked, "POST $batch")
	var direct []string
	for _, r := range p.asked {
		if !slices.Contains([]string{"GET $metadata", "HEAD ", "POST $batch"}, r) {
			direct = append(direct, r)
		}
	}
	at := "Groups(" + found.Direct.Made + ")"
	assert.Equal(t, []string{"POST Groups", "PATCH " + at, "DELETE " + at}, direct, "all else by $auto")
}
