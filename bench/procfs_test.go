package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const rest = " S 1 1234 1234 0 -1 4194560 5000 0 3 0 150 25 7 9 20 0 11 0 999 123456 789"
	for _, c := range []struct {
		name, text string
		want       time.Duration
		fails      bool
	}{
		{name: "plain", text: "1234 (gateway)" + rest, want: 1750 * time.Millisecond},
		{name: "children's time does not count", text: "1 (x) S 1 1 1 0 -1 0 0 0 0 0 1 2 500 600 20 0 1 0 1", want: 30 * time.Millisecond},
		{name: "spaces and parentheses in the name", text: "1234 (a) b (c))" + rest, want: 1750 * time.Millisecond},
		{name: "no name", text: "1234 gateway" + rest, fails: true},
		{name: "cut", text: "1234 (gateway) S 1 1234", fails: true},
		{name: "not a number", text: "1 (x) S 1 1 1 0 -1 0 0 0 0 0 one 2 5 6", fails: true},
		{name: "empty", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStat(c.text)
			assert.Equal(t, c.fails, err != nil, "%v", err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestParseKB(t *testing.T) {
	t.Parallel()
	const status = "Name:\tgateway\nVmPeak:\t  900 kB\nVmHWM:\t  2048 kB\nVmRSS:\t 1 kB\nThreads:\t7\n"
	for _, c := range []struct {
		name, key string
		want      int64
		fails     bool
	}{
		{name: "found", key: "VmHWM", want: 2 << 20},
		{name: "last line", key: "Threads", want: 7 << 10},
		{name: "the beginning of a key is not the key", key: "Vm", fails: true},
		{name: "missing", key: "VmSwap", fails: true},
		{name: "no number", key: "Name", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseKB(status, c.key)
			assert.Equal(t, c.fails, err != nil, "%v", err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestOwnProcess(t *testing.T) {
	t.Parallel()
	peak, err := peakMemory(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, peak, int64(1<<20))
	_, err = cpuTime(os.Getpid())
	require.NoError(t, err)
	_, err = cpuTime(-1)
	require.Error(t, err)
	_, err = peakMemory(-1)
	assert.Error(t, err)
}

func TestMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sys/kernel"), 0o700))
	for name, text := range map[string]string{
		"cpuinfo":              "processor\t: 0\nmodel name\t: Fast 3000\nprocessor\t: 1\nmodel name\t: Other\n",
		"meminfo":              "MemTotal:       16777216 kB\nMemFree: 1 kB\n",
		"sys/kernel/osrelease": "6.1.0\n",
		"loadavg":              "0.25 0.50 0.75 1/100 4242\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	m := machineOf(dir)
	assert.Equal(t, "Fast 3000", m.model)
	assert.EqualValues(t, 16<<30, m.memory)
	assert.Equal(t, "Linux 6.1.0", m.system)
	assert.Contains(t, m.String(), "16 GiB memory")
	assert.Contains(t, m.String(), "load average 0.25 before")

	unknown := machineOf(filepath.Join(dir, "nowhere"))
	assert.Equal(t, "unknown CPU", unknown.model)
	assert.Equal(t, "unknown CPU", cpuModel("processor: 0\n"), "some architectures have no model name")
}
