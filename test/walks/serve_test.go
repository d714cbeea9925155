//go:build duckdb_arrow

package walks

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// directory runs a simulator and gives the flags of a gateway over it.
func directory(t *testing.T) (flags []string, stop func()) {
	t.Helper()
	p := launch(t, "simulate", "--listen", "127.0.0.1:0", "--users", "300")
	api := p.find(t, `API +(http://\S+)`)
	environment := p.find(t, `environment +(\S+)`)
	for _, kv := range []string{
		"connections.pingone.api_url=" + api,
		"connections.pingone.authorization_server_url=" + strings.TrimSuffix(api, "/v1"),
		"connections.pingone.worker_app_environment_id=" + environment,
		"connections.pingone.oauth_client_id=" + sim.AppWorker.ID,
		"connections.pingone.oauth_client_secret=" + sim.AppWorker.Secret,
		"engine.memory=128MiB",
	} {
		flags = append(flags, "--set", kv)
	}
	return flags, func() { p.stop(t) }
}

func TestServeNeedsAuthentication(t *testing.T) {
	t.Parallel()
	flags, stop := directory(t)
	defer stop()
	for name, set := range map[string][]string{
		"nothing said":                {"listen.address=127.0.0.1:0"},
		"none, open to other hosts":   {"auth.mode=none", "listen.address=0.0.0.0:0"},
		"none, on every address":      {"auth.mode=none", "listen.address=:0"},
		"keys without a file of keys": {"auth.mode=keys", "listen.address=127.0.0.1:0"},
	} {
		args := append([]string{"serve"}, flags...)
		for _, kv := range set {
			args = append(args, "--set", kv)
		}
		out, errs, code := cli(t, args...)
		if code != 2 || !strings.Contains(errs, "auth") || strings.Contains(errs, sim.AppWorker.Secret) || strings.Contains(errs, "panic") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, errs)
		}
		check := append([]string{"config", "check"}, args[1:]...)
		if _, errs, code := cli(t, check...); code != 2 || errs == "" {
			t.Errorf("%s: config check ends with %d %s", name, code, errs)
		}
	}
}

func remoteSQL(t *testing.T, base, key string) {
	t.Helper()
	out, errs, code := cli(t, "sql", "--server", base, "--key", key, "--format", "csv", "SELECT count(*) AS n FROM Users")
	if code != 0 || out != "n\r\n300\r\n" {
		t.Errorf("sql --server: %d %q %s", code, out, errs)
	}
	if _, errs, code := cli(t, "sql", "--server", base, "SELECT 1"); code != 1 || errs == "" {
		t.Errorf("sql --server without a key: %d %s", code, errs)
	}
}

func TestSQLInTheTerminal(t *testing.T) {
	t.Parallel()
	flags, stop := directory(t)
	defer stop()
	flags = append(flags, "--set", "auth.mode=none", "--set", "listen.address=127.0.0.1:0")
	sql := func(args ...string) (string, string, int) {
		return cli(t, append(append([]string{"sql"}, flags...), args...)...)
	}
	const query = "SELECT Username, Email FROM Users WHERE Username IN ('ada.admin', 'rita.reader') ORDER BY 1"
	out, errs, code := sql(query)
	if code != 0 || !strings.Contains(out, "Username") || !strings.Contains(out, "ada.admin") || errs != "" {
		t.Errorf("table: %d %s%s", code, out, errs)
	}
	out, _, _ = sql("--format", "csv", query)
	if rows, err := csv.NewReader(strings.NewReader(out)).ReadAll(); err != nil || len(rows) != 3 || rows[1][0] != "ada.admin" {
		t.Errorf("csv: %v %q", err, out)
	}
	out, _, _ = sql("--format", "ndjson", query)
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || !json.Valid([]byte(lines[0])) {
		t.Errorf("ndjson: %q", out)
	}
	out, _, _ = sql("--format", "json", query)
	var v struct{ Rows [][]string }
	if json.Unmarshal([]byte(out), &v) != nil || len(v.Rows) != 2 {
		t.Errorf("json: %q", out)
	}
	if out, _, code = sql("--explain", query); code != 0 || !strings.Contains(out, `username eq`) {
		t.Errorf("explain: %d %s", code, out)
	}
	if out, errs, code = sql("SELECT Usernam FROM Users"); code != 1 || out != "" || !strings.Contains(errs, "Did you mean Username?") {
		t.Errorf("a wrong column: %d %s%s", code, out, errs)
	}
	if out, errs, code = sql("--format", "xml", query); code == 0 || !strings.Contains(errs, "csv") {
		t.Errorf("a wrong format: %d %s%s", code, out, errs)
	}
	if out, errs, code = cli(t, append([]string{"check"}, flags...)...); code != 0 || !strings.Contains(out, "All is well.") {
		t.Errorf("check: %d %s%s", code, out, errs)
	}
}
