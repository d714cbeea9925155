//go:build duckdb_arrow

package console

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// pages are the kinds of page, by their addresses below the gateway's.
var pages = []struct{ name, path string }{
	{"home", "/odata/pingone/"},
	{"tables", "/odata/pingone/Administrators/"},
	{"table", "/odata/pingone/Administrators/Users"},
	{"rows", "/odata/pingone/Administrators/Users?rows"},
	{"rows, filtered", "/odata/pingone/Administrators/Users?$filter=EmployeeType%20eq%20'Contractor'"},
	{"rows with relations", "/odata/pingone/Administrators/Users?$expand=Population,Groups"},
	{"query", console.QueryPath},
	{"documents", "/docs/"},
	{"document", "/docs/sql"},
	{"interface", "/docs/api"},
	{"error", "/odata/pingone/Administrators/Userz"},
}

// references are the files that a page fetches, and the modules that a script does.
var references = regexp.MustCompile(`(?:src|href|data-editor)="([^"]*/(?:console/assets|docs/images)/[^"]+)"|from "\./([^"]+)"`)

// weight is the size of a page as it travels, with everything that it fetches.
func weight(t *testing.T, address string, seen map[string]bool) (bytes int) {
	t.Helper()
	if seen[address] {
		return 0
	}
	seen[address] = true
	sent, text := packed(t, address)
	for _, m := range references.FindAllStringSubmatch(text, -1) {
		file := m[1]
		switch {
		case m[2] != "":
			file = address[:strings.LastIndex(address, "/")+1] + m[2]
		case strings.HasPrefix(file, "/"):
			file = address[:strings.Index(address[len("http://"):], "/")+len("http://")] + file
		}
		sent += weight(t, file, seen)
	}
	return sent
}

// packed asks as browsers do, and gives the bytes sent and what they mean.
func packed(t *testing.T, address string) (sent int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", browser)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	sent = len(body)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		body, err = io.ReadAll(unpacked)
		require.NoError(t, err)
	}
	return sent, string(body)
}

// A page with its style sheets, scripts and pictures takes less than 150 KB of network,
// also where the browser has nothing of it yet.
func TestPagesAreSmall(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 400}}).Serve(t, testkit.WebOptions{})
	for _, p := range pages {
		seen := map[string]bool{}
		bytes := weight(t, w.URL+p.path, seen)
		assert.Less(t, bytes, 150<<10, p.name)
		assert.GreaterOrEqual(t, len(seen), 4, "%s: its icon, style and script are counted", p.name)
		t.Logf("%s: %d KB in %d requests", p.name, (bytes+1023)>>10, len(seen))
	}
}

// BenchmarkPages measures each kind of page from request to last byte, over a simulator
// that answers at once: the least and the median time, and the processor's time of the
// gateway and the simulator together, in milliseconds.
func BenchmarkPages(b *testing.B) {
	w := testkit.Start(b, testkit.Options{Sim: sim.Options{Users: 5000}}).Serve(b, testkit.WebOptions{})
	for _, p := range pages {
		b.Run(p.name, func(b *testing.B) {
			var took []time.Duration
			before := processor(b)
			for b.Loop() {
				began := time.Now()
				get(b, w.URL+p.path, browser)
				took = append(took, time.Since(began))
			}
			slices.SortFunc(took, cmp.Compare)
			b.ReportMetric((processor(b)-before).Seconds()*1000/float64(len(took)), "cpu-ms")
			b.ReportMetric(took[0].Seconds()*1000, "least-ms")
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "median-ms")
		})
	}
}

// processor is the processor's time that this process has used.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
