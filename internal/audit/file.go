package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Stream returns a sink that writes to w, such as os.Stdout. Close leaves w
// open.
func Stream(w io.Writer) Sink { return stream{w} }

type stream struct{ w io.Writer }

func (s stream) Write(line []byte) error {
	_, err := s.w.Write(line)
	return err
}

func (s stream) Close() error { return nil }

// FileConfig configures a file with rotation.
type FileConfig struct {
	Path string
	// MaxMegabytes is the size at which the file is put aside (100).
	MaxMegabytes int
	// MaxAgeDays is how long files put aside are kept, MaxBackups how many;
	// 0 keeps all.
	MaxAgeDays, MaxBackups int
	// Compress packs files put aside with gzip.
	Compress bool
}

// File returns a sink that appends to a file, readable by its owner alone,
// which is put aside when it has grown. The error is gwerr.Config if the file
// can't be written.
func File(cfg FileConfig) (Sink, error) {
	// Opened here so that a wrong path is found at start, and with the mode
	// that the rotation then keeps.
	f, err := os.OpenFile(cfg.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		if err = f.Chmod(0o600); errors.Is(err, fs.ErrPermission) {
			err = fmt.Errorf("it belongs to another user: %w", err)
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The audit file %s can't be written.", cfg.Path), "Check the folder and its permissions.")
	}
	return rotating{&lumberjack.Logger{
		Filename: cfg.Path, MaxSize: cfg.MaxMegabytes, MaxAge: cfg.MaxAgeDays, MaxBackups: cfg.MaxBackups, Compress: cfg.Compress,
	}}, nil
}

type rotating struct{ file *lumberjack.Logger }

func (r rotating) Write(line []byte) error {
	_, err := r.file.Write(line)
	return err
}

func (r rotating) Close() error { return r.file.Close() }
