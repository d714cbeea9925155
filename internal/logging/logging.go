// Package logging writes observations as structured log lines.
//
// It owns the log's form, its level, which can change at run time, and the
// last line of defence against secrets in it. It decides which observations
// are worth a line at which level; components never log on their own. It knows
// the observations and the error type, nothing else of the gateway.
package logging

import (
	"io"
	"log/slog"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Config configures New.
type Config struct {
	// Writer gets one line for each message.
	Writer io.Writer
	// Level is debug, info, warn or error; "" is info.
	Level string
	// Text writes key=value lines instead of JSON.
	Text bool
}

// Log is a Sink that writes, and the log's level. It is safe for concurrent
// use.
type Log struct {
	level  *slog.LevelVar
	logger *slog.Logger
}

// New returns a log. The error is gwerr.Config for an unknown level.
func New(cfg Config) (*Log, error) {
	l := &Log{level: new(slog.LevelVar)}
	if cfg.Level != "" {
		if err := l.SetLevel(cfg.Level); err != nil {
			return nil, err
		}
	}
	opts := &slog.HandlerOptions{Level: l.level, ReplaceAttr: redactAttr}
	var h slog.Handler = slog.NewJSONHandler(cfg.Writer, opts)
	if cfg.Text {
		h = slog.NewTextHandler(cfg.Writer, opts)
	}
	l.logger = slog.New(contextHandler{h})
	return l, nil
}

// Logger returns the logger underneath, for libraries that want one.
func (l *Log) Logger() *slog.Logger { return l.logger }

// Level returns the level in force: debug, info, warn or error.
func (l *Log) Level() string {
	for name, v := range levels {
		if v == l.level.Level() {
			return name
		}
	}
	return l.level.Level().String()
}

// SetLevel changes the level at once. The error is gwerr.Config for an
// unknown one.
func (l *Log) SetLevel(name string) error {
	v, ok := levels[name]
	if !ok {
		return gwerr.New(gwerr.Config, "The log has no such level.", "Use debug, info, warn or error.").On("level")
	}
	l.level.Set(v)
	return nil
}

var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}
