package config

import (
	"cmp"
	"slices"
)

// levels of the log, from the quietest on.
var levels = []string{"error", "warn", "info", "debug"}

// LogLevel is the log's level: the service's own, or what the connections'
// Verbosity asks for if that says more.
func (c *Config) LogLevel() string {
	level := c.Log.Level
	for _, conn := range c.Connections {
		level = slices.MaxFunc([]string{level, levelOf(conn.Verbosity)}, func(a, b string) int {
			return cmp.Compare(slices.Index(levels, a), slices.Index(levels, b))
		})
	}
	return level
}

// levelOf translates the connector's verbosity; 0 asks for nothing.
func levelOf(verbosity int) string {
	switch {
	case verbosity >= 3:
		return "debug"
	case verbosity >= 1:
		return "info"
	default:
		return ""
	}
}
