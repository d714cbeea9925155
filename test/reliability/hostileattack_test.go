//go:build duckdb_arrow

package reliability

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The long form goes on for so long, and sends so many statements at least.
const (
	attackTime       = 10 * time.Minute
	attackStatements = 10_000
	attackKinds      = 40
)

// attack sends hostile statements by several callers at once.
type attack struct {
	g     *gateway
	keys  []string
	kinds []hostileKind
	began time.Time
	took  time.Duration

	mu         sync.Mutex
	sent       int
	outcomes   map[string]*outcome
	unanswered int
	example    string
	inner      []string // some statements that ended with an inner error
}

// statement is the body of a request.
type statement struct {
	kind       string
	Query      string `json:"query"`
	Parameters any    `json:"parameters,omitempty"`
}

func (k *hostileKind) statement(size float64, r *rand.Rand) statement {
	s := statement{kind: k.name, Query: k.make(size, r)}
	if k.parameters != nil {
		s.Parameters = k.parameters(size)
	}
	return s
}

// outcome is what became of the statements of one kind.
type outcome struct {
	sent    int
	answers map[string]int
	longest time.Duration
}

func newAttack(g *gateway, keys []string) *attack {
	return &attack{g: g, keys: keys, kinds: hostileKinds(), outcomes: map[string]*outcome{}}
}

// run returns when all callers are through.
func (a *attack) run() {
	a.began = time.Now()
	statements := make(chan statement)
	go func() {
		defer close(statements)
		a.statements(statements)
	}()
	var callers sync.WaitGroup
	for _, key := range a.keys {
		callers.Go(func() {
			client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for s := range statements {
				a.send(client, key, s)
			}
		})
	}
	callers.Wait()
	a.took = time.Since(a.began)
}

// statements makes the statements. The short form sends each function once, and
// each kind twice: at its worst, and small enough to get further.
func (a *attack) statements(to chan<- statement) {
	r := rand.New(rand.NewPCG(1, 2))
	functions := strings.Count(functionList, "\n")
	if !*long {
		for n := range functions {
			to <- statement{kind: "functions", Query: functionCall(r, n)}
			if each := functions / len(a.kinds) / 2; n%each == 0 && n/each < 2*len(a.kinds) {
				k := a.kinds[n/each/2]
				to <- k.statement([]float64{1, 0.1}[n/each%2], r)
			}
		}
		return
	}
	for n := 0; n < attackStatements/2 || time.Since(a.began) < attackTime; n++ {
		to <- statement{kind: "functions", Query: functionCall(r, n)}
		k := a.kinds[n%len(a.kinds)]
		to <- k.statement(r.Float64(), r)
	}
}

// send sends one statement and notes what became of it.
func (a *attack) send(client *http.Client, key string, s statement) {
	body, _ := json.Marshal(s)
	req := httptest.NewRequest(http.MethodPost, a.g.url+"/sql", bytes.NewReader(body))
	req.RequestURI = ""
	req.Header.Set("X-API-Key", key)
	begun := time.Now()
	resp, err := client.Do(req)
	answer := "no answer"
	if err == nil {
		answer = read(resp)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent++; err != nil {
		a.unanswered++
		a.example = fmt.Sprintf("%s: %v: %.200s", s.kind, err, s.Query)
	}
	if strings.HasPrefix(answer, "500") && len(a.inner) < 20 {
		a.inner = append(a.inner, fmt.Sprintf("%.300s", s.Query))
	}
	o := a.outcomes[s.kind]
	if o == nil {
		o = &outcome{answers: map[string]int{}}
		a.outcomes[s.kind] = o
	}
	o.sent++
	o.answers[answer]++
	o.longest = max(o.longest, time.Since(begun))
}

// read reads an answer to its end and tells its status and code.
func read(resp *http.Response) string {
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return "cut off"
		}
		return "answered"
	}
	var failure struct{ Error struct{ Code string } }
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	_ = json.Unmarshal(raw, &failure)
	return fmt.Sprintf("%d %s", resp.StatusCode, failure.Error.Code)
}

func (a *attack) String() string {
	return fmt.Sprintf("%d statements of %d kinds by %d callers in %s", a.sent, len(a.outcomes), len(a.keys), a.took.Round(time.Second))
}

// report tells for each kind what became of it.
func (a *attack) report() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(a.outcomes)) {
		o := a.outcomes[kind]
		fmt.Fprintf(&b, "| %s | %d | %.1f s |", kind, o.sent, o.longest.Seconds())
		for _, answer := range slices.Sorted(maps.Keys(o.answers)) {
			fmt.Fprintf(&b, " %s: %d;", answer, o.answers[answer])
		}
		b.WriteByte('\n')
	}
	if len(a.inner) > 0 {
		b.WriteString("inner errors, for example:\n" + strings.Join(a.inner, "\n"))
	}
	return b.String()
}

func (a *attack) checkLong(t *testing.T) {
	if a.sent < attackStatements || len(a.outcomes) < attackKinds || a.took < attackTime {
		t.Errorf("only %s", a)
	}
}
