package sizing

import (
	"errors"
	"math"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/stretchr/testify/assert"
)

const mib, gib = 1 << 20, 1 << 30

func none() (uint64, error) { return 0, memlimit.ErrNoLimit }

func TestDetect(t *testing.T) {
	t.Parallel()
	broken := func() (uint64, error) { return 0, errors.New("permission denied") }
	for name, c := range map[string]struct {
		container, host memlimit.Provider
		want            Memory
	}{
		"a container's limit":       {memlimit.Limit(gib), memlimit.Limit(16 * gib), Memory{gib, true}},
		"no limit":                  {none, memlimit.Limit(16 * gib), Memory{16 * gib, false}},
		"no cgroups":                {broken, memlimit.Limit(8 * gib), Memory{8 * gib, false}},
		"a limit above the host":    {memlimit.Limit(32 * gib), memlimit.Limit(16 * gib), Memory{16 * gib, false}},
		"cgroup v1's word for none": {memlimit.Limit(math.MaxInt64 - 4095), memlimit.Limit(16 * gib), Memory{16 * gib, false}},
		"more than a number holds":  {memlimit.Limit(math.MaxUint64), memlimit.Limit(gib), Memory{gib, false}},
		"a limit, and nothing else": {memlimit.Limit(gib), broken, Memory{gib, true}},
		"nothing is known":          {broken, broken, Memory{2 * gib, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, detect(c.container, c.host))
		})
	}
	assert.Positive(t, Detect().Total, "of this machine")
}

func TestDivision(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		memory       Memory
		configured   int64 // 0: what Engine says
		engine, heap int64
	}{
		"4 GiB":                         {Memory{4 * gib, true}, 0, 2 * gib, 4*gib - 4*gib/10 - 2*gib},
		"512 MiB":                       {Memory{512 * mib, true}, 0, 256 * mib, 512*mib - 512*mib/10 - 256*mib},
		"a small container":             {Memory{160 * mib, true}, 0, 120 * mib, 64 * mib},
		"the host's memory":             {Memory{16 * gib, false}, 0, 8 * gib, 0},
		"a large engine, configured":    {Memory{gib, true}, gib, gib, 64 * mib},
		"a small engine leaves Go more": {Memory{gib, true}, 128 * mib, 128 * mib, gib - gib/10 - 128*mib},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := c.configured
			if engine == 0 {
				engine = c.memory.Engine()
			}
			assert.Equal(t, c.engine, engine)
			assert.Equal(t, c.heap, c.memory.Go(engine))
			if c.memory.Limited && c.memory.Total >= 512*mib && c.configured == 0 {
				assert.Less(t, engine+c.memory.Go(engine), c.memory.Total, "both fit")
			}
		})
	}
}

// TestLimitGo changes what belongs to the process, so it runs alone.
func TestLimitGo(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	m := Memory{Total: 4 * gib, Limited: true}

	t.Setenv("GOMEMLIMIT", "1GiB")
	assert.Zero(t, m.LimitGo(2*gib))
	assert.Equal(t, before, debug.SetMemoryLimit(-1), "the operator's limit stays")

	t.Setenv("GOMEMLIMIT", "")
	assert.Equal(t, m.Go(2*gib), m.LimitGo(2*gib))
	assert.Equal(t, m.Go(2*gib), debug.SetMemoryLimit(-1))

	assert.Zero(t, Memory{Total: 4 * gib}.LimitGo(gib), "a host without a limit")
}
