package config_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
)

// TestNumbersAtTheirEnds: the last text of a kind that is taken, and the first that is
// not.
func TestNumbersAtTheirEnds(t *testing.T) {
	t.Parallel()
	const noSize, noSeconds = "must be a size, such as 512MiB or 2GiB.", "must be a number of seconds, or a duration such as 5m."
	for _, c := range []struct{ path, text, shown, refused string }{
		{"limits.results", "0", "0", ""},
		{"limits.results", "0GiB", "0", ""},
		{"limits.results", "-1", "", "-1 is out of range; use 0 or more."},
		{"limits.results", "1023", "1023", ""},
		{"limits.results", "1024", "1KiB", ""},
		{"limits.results", "1073741824GiB", "1073741824GiB", ""},
		{"limits.results", "1073741825GiB", "", noSize},
		{"limits.results", "NaN", "", noSize},
		{"limits.results", "NaNGiB", "", noSize},
		{"limits.results", "Inf", "", noSize},
		{"limits.results", "B", "", noSize},
		{"limits.results", "1 B", "1", ""},
		{"connections.a.timeout", "1000000000", "1000000000", ""},
		{"connections.a.timeout", "1000000001", "", noSeconds},
		{"connections.a.timeout", "NaN", "", noSeconds},
		{"connections.a.timeout", "Inf", "", noSeconds},
		{"connections.a.timeout", "0.0015", "0.0015", ""},
		{"public_url", "http://a b", "", "must be an absolute URL, such as https://example.org."},
		{"public_url", "https://a.example:x", "", "must be an absolute URL, such as https://example.org."},
		{"limits.caller_share", "1", "1", ""},
		{"limits.caller_share", "Inf", "", "Inf is out of range; use "},
		{"limits.caller_share", "NaN", "", "must be a number."},
	} {
		cfg := config.Default()
		err := cfg.Set(c.path, c.text)
		if c.refused != "" {
			require.Error(t, err, "%s: %s", c.path, c.text)
			assert.Contains(t, err.Error(), "program: "+c.path+": "+c.refused, c.text)
			continue
		}
		require.NoError(t, err, "%s: %s", c.path, c.text)
		assert.Equal(t, c.shown, effective(cfg)[c.path].Value, "%s: %s", c.path, c.text)
	}
}

// TestRandomSizes: what is shown is what was written, however that was.
func TestRandomSizes(t *testing.T) {
	t.Parallel()
	units := map[string]int64{"": 0, "B": 0, "KB": 3, "MB": 6, "GB": 9, "Ki": -10, "KiB": -10, "Mi": -20, "MiB": -20, "Gi": -30, "GiB": -30} // powers of 10, or of 2
	of := func(text string) *big.Int {
		digits := strings.TrimRight(text, "BKMGi")
		n, ok := new(big.Int).SetString(digits, 10)
		require.True(t, ok, text)
		power := units[text[len(digits):]]
		if power < 0 {
			return n.Lsh(n, uint(-power))
		}
		return n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(power), nil))
	}
	r := rand.New(rand.NewPCG(1, 1))
	for unit := range units {
		for range 20 {
			text := fmt.Sprint(r.Int64N(1<<uint(1+r.IntN(29))), unit)
			cfg := config.Default()
			require.NoError(t, cfg.Set("limits.results", recased(r, text)), text)
			shown := effective(cfg)["limits.results"].Value
			assert.Equal(t, of(text), of(shown), "%s is shown as %s", text, shown)
			if n := of(shown); n.Sign() > 0 && new(big.Int).And(n, big.NewInt(1023)).Sign() == 0 {
				assert.True(t, strings.HasSuffix(shown, "iB"), "%s is shown as %s", text, shown)
			}
		}
	}
}

// TestRatesOfPingOne: a group by its name, and how many calls.
func TestRatesOfPingOne(t *testing.T) {
	t.Parallel()
	const none = "rlgRps has no number of calls"
	for pair, want := range map[string]struct {
		rate float64
		says string
	}{
		"rlgRps=1": {1, ""}, "rlgRps = 1 ": {1, ""}, " rlgRps=0.5": {0.5, ""}, "rlgRps=1e6": {1e6, ""}, "rlgRpm=60": {1, ""}, "rlgRpm=1e6": {1e6 / 60, ""},
		"rlgRps=0": {0, none}, "rlgRps=-1": {0, none}, "rlgRps=1000000.5": {0, none}, "rlgRps=many": {0, none}, "rlgRps=": {0, none}, "rlgRps": {0, none},
		"rlgRps=NaN": {0, none}, "rlgRps=Inf": {0, none}, "rlgRps=1=2": {0, none},
		"rlg=1": {0, `"rlg" is not a group of PingOne's: their names end in Rps or Rpm`}, "rlgRPS=1": {0, `"rlgRPS" is not a group of PingOne's: their names end in Rps or Rpm`},
	} {
		rates, err := config.Limits{PingOne: []string{"otherRpm=6", pair}}.PingOneRates()
		if want.says != "" {
			require.EqualError(t, err, want.says, pair)
			assert.Nil(t, rates)
			continue
		}
		require.NoError(t, err, pair)
		group, _, _ := strings.Cut(pair, "=")
		assert.Equal(t, map[string]float64{"otherRpm": 0.1, strings.TrimSpace(group): want.rate}, rates, pair)
	}
}

// TestBoundsOfTheWhole: numbers that are right alone, beside others.
func TestBoundsOfTheWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ at, last, first string }{ // the last that is wrong, the first that is right
		{"limits.request_size", "1023", "1024"},
		{"limits.url_size", "1023", "1KiB"},
		{"limits.header_size", "1023", "1KiB"},
		{"engine.memory", "100663295", "96MiB"},
		{"engine.memory", "1", "auto"},
		{"engine.workers", "1", "2"},
		{"engine.workers", "-1", "auto"},
		{"engine.worker_memory", "67108863", "64MiB"},
		{"engine.worker_memory", "1", "auto"},
		{"engine.threads", "-1", "auto"},
		{"engine.threads", "-2", "1"},
	} {
		for text, right := range map[string]bool{c.last: false, c.first: true} {
			_, err := config.Load(config.Sources{File: "gateway.yaml", Flags: map[string]string{c.at: text}, ReadFile: files(map[string]string{"gateway.yaml": minimal})})
			if assert.Equal(t, right, err == nil, "%s=%s: %v", c.at, text, err); err != nil {
				require.ErrorContains(t, err, "--set "+c.at+": "+c.at+": ")
			}
		}
	}
	for flags, right := range map[[4]string]bool{
		{"engine.memory", "128MiB", "engine.worker_memory", "128MiB"}:    true,
		{"engine.memory", "128MiB", "engine.worker_memory", "134217729"}: false,
		{"odata.page_size", "100", "odata.max_page_size", "100"}:         true,
		{"odata.page_size", "101", "odata.max_page_size", "100"}:         false,
	} {
		_, err := config.Load(config.Sources{File: "gateway.yaml", Flags: map[string]string{flags[0]: flags[1], flags[2]: flags[3]}, ReadFile: files(map[string]string{"gateway.yaml": minimal})})
		assert.Equal(t, right, err == nil, "%v: %v", flags, err)
	}
}
