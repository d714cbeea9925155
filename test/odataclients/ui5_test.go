//go:build duckdb_arrow

package odataclients

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
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

func newPage(t *testing.T, gateway, app string, resources ...string) *page {
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
	mux.Handle("/resources/", http.StripPrefix("/resources/", http.FileServerFS(folders(resources))))
	mux.Handle("/", http.FileServer(http.Dir(app)))
	mux.HandleFunc("POST /found", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			p.found <- body
		}
	})
	p.Handler = mux
	return p
}

// folders are those of UI5's packages, as one.
type folders []string

func (f folders) Open(name string) (file fs.File, err error) {
	for _, at := range f {
		if file, err = os.DirFS(at).Open(name); err == nil {
			return file, nil
		}
	}
	return nil, err
}

// sources are the folders of UI5's packages.
func sources(t *testing.T) (modules string, found []string) {
	t.Helper()
	modules = filepath.Join(testkit.Installed(t, "ui5"), "node_modules")
	found, err := filepath.Glob(filepath.Join(modules, "@openui5", "*", "src"))
	require.NoError(t, err)
	return modules, found
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
	_, resources := sources(t)
	chromium := testkit.Program(t, "chromium-headless-shell", "chromium")
	p := newPage(t, gateway(t, fewUsers).URL, "ui5", resources...)
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

// TestUI5Guide opens the application that docs/ui5.md prints, and takes its picture.
func TestUI5Guide(t *testing.T) {
	t.Parallel()
	modules, resources := sources(t)
	browser := filepath.Join(testkit.Installed(t, "browser"), "node_modules")
	chromium, node := testkit.Program(t, "chromium-headless-shell", "chromium"), testkit.Program(t, "node")
	run := func(modules string, args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), node, args...)
		cmd.Env = append(cmd.Environ(), "NODE_PATH="+modules)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		require.NoError(t, err, said.String())
		return out
	}
	look := []string{filepath.Join("ui5", "look.cjs"), chromium}
	g, folder, styles := follow(t, "ui5"), t.TempDir(), t.TempDir()
	var lock struct{ Dependencies map[string]string }
	text, err := os.ReadFile(filepath.Join("ui5", "package.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &lock))
	sdk := "https://sdk.openui5.org/" + lock.Dependencies["@openui5/sap.ui.core"] + "/"
	require.Contains(t, g.files["index.html"], sdk)
	g.files["index.html"] = strings.ReplaceAll(g.files["index.html"], sdk, "/")
	g.write(t, folder, public)
	// The packages hold sources, of which a build makes these.
	for _, made := range []string{"sap-ui-version.json", "sap/ui/core/themes/sap_horizon/library.css", "sap/m/themes/sap_horizon/library.css"} {
		at := filepath.Join(styles, filepath.FromSlash(made))
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
		require.NoError(t, os.WriteFile(at, []byte(`{"libraries":[]}`), 0o600))
	}
	p := newPage(t, gateway(t, demoUsers).URL, folder, append(resources, styles)...)
	site := httptest.NewServer(p)
	defer site.Close()
	look = append(look, site.URL)
	if *update {
		run(modules, append([]string{filepath.Join("ui5", "theme.cjs"), styles}, resources...)...)
		look = append(look, filepath.Join("..", "..", "docs", "images", "ui5.png"))
	}
	var seen struct {
		Header     string
		First, All [][]string
		Problems   []string
	}
	out := run(browser, look...)
	require.NoError(t, json.Unmarshal(out, &seen), string(out))
	assert.Empty(t, seen.Problems)
	assert.Equal(t, "Contractors of M", seen.Header)
	require.Len(t, seen.First, 12, "as growingThreshold says")
	require.Len(t, seen.All, 24, "it has grown")
	assert.Equal(t, seen.First, seen.All[:12])
	require.Len(t, seen.First[0], 4)
	assert.Equal(t, []string{"Margaret D'Arcy\nmargaret.d'arcy1170", "margaret.1170@example.com", "Employees"}, seen.First[0][:3])
	assert.Contains(t, seen.First[0][3], "2019")
}
