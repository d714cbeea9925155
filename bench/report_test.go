package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		aim   aim
		value float64
		met   bool
		text  string
	}{
		{"at least, above", atLeast(8, " ×"), 8.1, true, "≥ 8 ×"},
		{"at least, equal", atLeast(8, " ×"), 8, true, "≥ 8 ×"},
		{"at least, below", atLeast(8, " ×"), 7.9, false, "≥ 8 ×"},
		{"at most, below", atMost(1.02, ""), 1.01, true, "≤ 1.02"},
		{"at most, equal", atMost(1.02, ""), 1.02, true, "≤ 1.02"},
		{"at most, above", atMost(1.5, " ms"), 1.51, false, "≤ 1.50 ms"},
		{"at most, negative", atMost(1.5, " ms"), -0.2, true, "≤ 1.50 ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.met, c.aim.met(c.value))
			assert.Equal(t, c.text, c.aim.String())
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0", 1: "1", 1.005: "1.00", 9.876: "9.88", 12.34: "12.3", 99: "99", 100.4: "100", 12345.6: "12,346", 1e6: "1,000,000", -0.25: "-0.25", -1500: "-1,500",
	} {
		assert.Equal(t, want, number(v))
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1_002_003: "1,002,003", -7000: "-7,000"} {
		assert.Equal(t, want, thousands(n))
	}
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 1250 * time.Microsecond: "1.2 ms", 999 * time.Millisecond: "999.0 ms", time.Second: "1.00 s", 83*time.Second + 456*time.Millisecond: "83.46 s",
	} {
		assert.Equal(t, want, seconds(d))
	}
	assert.Equal(t, "1.50 MiB", mib(3<<19))
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   []time.Duration
		want time.Duration
	}{
		{"none", nil, 0},
		{"one", []time.Duration{7}, 7},
		{"odd, out of order", []time.Duration{9, 1, 5}, 5},
		{"even: the lower middle", []time.Duration{4, 1, 3, 2}, 2},
		{"an outlier does not count", []time.Duration{1, 2, 3, 4, 1000}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := append([]time.Duration(nil), c.in...)
			assert.Equal(t, c.want, median(in))
			assert.Equal(t, c.in, in, "the durations keep their order")
		})
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	r := &report{}
	r.add(measurement{work: "reading", today: "80 s", gateway: "8 s", value: 10, aim: atLeast(8, " × faster")})
	r.add(measurement{work: "calls", today: "500", gateway: "600", value: 1.2, aim: atMost(1.02, " × the pages")})
	r.fact("start", "%d ms", 80)
	text := r.markdown(sections[0], options{users: 5000, million: 20000, latency: 20 * time.Millisecond},
		machine{model: "a CPU", cores: 2, memory: 4 << 30, system: "Linux 6.1", golang: "go1.26", load: "0.25"}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 83*time.Second)
	for _, want := range []string{
		"Run of 2 January 2026, 1m23s long, on 2 cores (a CPU), 4 GiB memory, Linux 6.1, go1.26, load average 0.25 before the run.\n",
		"5,000 and 20,000 users, 20ms latency a call, no rate limit within reach.\n",
		"| reading | 80 s | 8 s | 10 × faster | ≥ 8 × faster | met |\n",
		"| calls | 500 | 600 | 1.20 × the pages | ≤ 1.02 × the pages | **missed** |\n",
		"| start | 80 ms |\n",
	} {
		assert.Contains(t, text, want)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path, p := filepath.Join(t.TempDir(), "doc.md"), placeOf("it")
	require.NoError(t, os.WriteFile(path, []byte("before\n"+p.begin+"old\n"+p.end+"after\n"), 0o600))
	for range 2 { // filing twice changes nothing more
		require.NoError(t, p.file(path, "new\n"))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "before\n"+p.begin+"\nnew\n\n"+p.end+"after\n", string(text))
	}
	for name, text := range map[string]string{
		"no marks": "text", "no end": p.begin, "no begin": p.end, "wrong order": p.end + p.begin, "another's": placeOf("that").begin + placeOf("that").end,
	} {
		_, err := p.splice(text, "new")
		require.Error(t, err, name)
		assert.True(t, err == nil || strings.Contains(err.Error(), "no place for results"), name)
	}
}
