package config_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/config"
)

func TestLogLevel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		level       string
		verbosities []int
		want        string
	}{
		"no connections":         {"warn", nil, "warn"},
		"nothing asked for":      {"error", []int{0, 0}, "error"},
		"a little":               {"warn", []int{0, 1}, "info"},
		"less than there is":     {"debug", []int{2}, "debug"},
		"the most of all counts": {"warn", []int{1, 5, 2}, "debug"},
		"calls":                  {"info", []int{3}, "debug"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := &config.Config{Connections: map[string]*config.Connection{}}
			cfg.Log.Level = c.level
			for i, v := range c.verbosities {
				cfg.Connections[string(rune('a'+i))] = &config.Connection{Verbosity: v}
			}
			assert.Equal(t, c.want, cfg.LogLevel())
		})
	}
}
