package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOwnProcess(t *testing.T) {
	t.Parallel()
	peak, err := peakMemory(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, peak, int64(1<<20))
	used, err := cpuTime(os.Getpid())
	require.NoError(t, err)
	assert.Less(t, used, time.Hour)
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
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cpuinfo"), []byte("processor\t: 0\n"), 0o600))
	assert.Equal(t, "unknown CPU", machineOf(dir).model, "some architectures have no model name")
}
