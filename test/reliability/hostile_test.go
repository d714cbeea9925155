//go:build duckdb_arrow

package reliability

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	hostileCallers = 4
	// hostileGrowthMiB is what the service, but for its engine's processes, may
	// grow by in the long form; see looseMiB for the short one.
	hostileGrowthMiB = 100
	// hostileEngineMiB is what the engine may take; each of its processes.
	hostileEngineMiB = 256
	// looseMiB bounds both in the short form, which runs beside other tests on
	// machines of any speed.
	looseMiB = 512
)

// hostilePolicy gives callers with bad intent the least there is.
const hostilePolicy = `version: 1
roles:
  hostile:
    grants:
      - {connections: ["*"], schemas: [Administrators], tables: [Users], columns: [Id, Username, FullName]}
    limits: {time: 2s, rows_per_query: 1000000}
  honest:
    grants:
      - {connections: ["*"], schemas: ["*"], tables: ["*"]}
`

// TestHostileStatements sends what can harm a service: calls of all functions
// of the engine, deep and long texts, bombs, reaches for what isn't the
// caller's, hogs of time and memory. The service must live on as it was, and
// answer others right.
func TestHostileStatements(t *testing.T) {
	logLoad(t)
	s := startSimulator(t, "--users", "300")
	g, keys := newGuarded(t, s)
	g.run()
	honest := questions(t, s)
	for i := range honest {
		honest[i].key = keys[hostileCallers]
	}

	stop := load(t, 2, honest, g)
	time.Sleep(pick(2*time.Second, 30*time.Second)) // to be asked by nobody else
	alone := stop()
	t.Logf("alone: %s", alone)
	w := watchMemory(t, g.process)

	stop = load(t, 2, honest, g)
	a := newAttack(g, keys[:hostileCallers])
	a.run()
	beside := stop()
	grown, engines := w.stop()
	t.Logf("%s\n%s", a, a.report())
	t.Logf("beside it: %s", beside)
	t.Logf("the service had %d MiB resident and took at most %d more; its engine's %d processes took at most %d MiB", w.before, grown, len(engines), most(engines))

	if !g.alive() {
		t.Fatal("the service ended")
	}
	if status, detail := g.readyz(); status != 200 {
		t.Errorf("the service is not ready: %d %s", status, detail)
	}
	if bound := pick(looseMiB, hostileGrowthMiB); grown > bound {
		t.Errorf("the service took %d MiB more, not %d", grown, bound)
	}
	for pid, mib := range engines {
		if mib > pick(looseMiB, hostileEngineMiB*11/10) {
			t.Errorf("process %d of the engine took %d MiB", pid, mib)
		}
	}
	if len(beside.wrong) > 0 || len(beside.failed) > 0 || beside.answered == 0 {
		t.Errorf("others were answered %d times, %d wrong (%v), %v failed (%v)", beside.answered, len(beside.wrong), beside.wrong, beside.failed, beside.examples)
	}
	if a.unanswered > 0 {
		t.Errorf("%d statements had no answer at all: %s", a.unanswered, a.example)
	}
	if *long {
		a.checkLong(t)
		if p := beside.percentile(99); p > 3*alone.percentile(99) {
			t.Errorf("99 %% of others waited up to %s, and %s alone", p, alone.percentile(99))
		}
	}
}

// newGuarded prepares a gateway whose callers have keys: the hostile ones, and
// an honest one behind them.
func newGuarded(t *testing.T, s *simulator) (*gateway, []string) {
	t.Helper()
	dir := t.TempDir()
	policy, file := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "keys.json")
	if err := os.WriteFile(policy, []byte(hostilePolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for n := range hostileCallers + 1 {
		role := "hostile"
		if n == hostileCallers {
			role = "honest"
		}
		var said bytes.Buffer
		create := exec.Command(binary, "keys", "create", "--file", file, "--role", role, fmt.Sprintf("%s-%d", role, n))
		create.Stderr = &said
		key, err := create.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, said.String())
		}
		keys = append(keys, strings.TrimSpace(string(key)))
	}
	all := settings{
		"auth.mode": "keys", "auth.keys_file": file, "auth.policy_file": policy,
		"engine.memory": "1GiB", "engine.worker_memory": fmt.Sprintf("%dMiB", hostileEngineMiB), "log.level": "error",
	}
	return newGateway(t, "gateway", s, all), keys
}
