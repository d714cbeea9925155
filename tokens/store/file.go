package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// maxFile bounds a token file, in bytes.
const maxFile = 1 << 20

// File is a store in a directory: a file per name, readable by its owner
// alone, replaced in one step, and locked between processes.
type File struct {
	dir string

	mu     sync.Mutex
	health Health
}

var _ Store = (*File)(nil)

// NewFile opens or creates the directory. It refuses one that others may
// write to or read. Errors are gwerr.Config.
func NewFile(dir string) (*File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "The token directory cannot be created.", "Check OAuthSettingsLocation and its permissions.")
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil || !info.IsDir():
		return nil, gwerr.Wrap(gwerr.Config, err, "The token directory is not a directory.", "Check OAuthSettingsLocation.")
	case info.Mode().Perm()&0o077 != 0:
		return nil, gwerr.New(gwerr.Config, fmt.Sprintf("The token directory %s is open to other users.", dir), "Run: chmod 700 on it.")
	}
	return &File{dir: dir, health: Health{Kind: "file", Up: true}}, nil
}

func (f *File) path(name, suffix string) (string, error) {
	if name == "" || strings.ContainsAny(name, `/\.`+"\x00") {
		return "", errors.New("store: a name that cannot be a file's")
	}
	return filepath.Join(f.dir, name+suffix), nil
}

// Get returns the value under name. A file that others may read is refused
// with ErrUnavailable.
func (f *File) Get(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	value, err := f.read(name)
	if !errors.Is(err, ErrNotFound) {
		f.note(err)
	}
	return value, err
}

func (f *File) read(name string) ([]byte, error) {
	path, err := f.path(name, ".token")
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, errors.Join(ErrUnavailable, errOpenToOthers)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	if len(content) < 8 {
		return nil, ErrNotFound
	}
	expires := int64(binary.BigEndian.Uint64(content))
	if expires != 0 && time.Now().UnixMilli() >= expires {
		return nil, ErrNotFound
	}
	return content[8:], nil
}

var errOpenToOthers = errors.New("a token file is open to other users; run chmod 600 on it")

// note keeps the health up to date.
func (f *File) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.health.Up != (err == nil) {
		f.health.Since = time.Now()
	}
	f.health.Up, f.health.Detail = err == nil, ""
	switch {
	case err == nil:
	case errors.Is(err, errOpenToOthers):
		f.health.Detail = errOpenToOthers.Error()
	default:
		f.health.Detail = "the token directory cannot be read or written"
	}
}

// Lock takes the lock of name. The operating system frees it at once when the
// holder's process ends, so ttl is not needed.
func (f *File) Lock(ctx context.Context, name string, _ time.Duration) (Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := f.path(name, ".lock")
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		f.note(err)
		return nil, errors.Join(ErrUnavailable, err)
	}
	if err := tryLock(file); err != nil {
		_ = file.Close()
		return nil, err
	}
	fence, err := nextFence(file)
	if err != nil {
		_ = file.Close()
		f.note(err)
		return nil, errors.Join(ErrUnavailable, err)
	}
	return &fileLease{f: f, name: name, file: file, fence: fence}, nil
}

// nextFence counts the holders in the lock file itself.
func nextFence(file *os.File) (int64, error) {
	text := make([]byte, 32)
	n, err := file.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	last, _ := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64)
	fence := max(last, 0) + 1
	_, err = file.WriteAt([]byte(fmt.Sprintf("%020d\n", fence)), 0)
	return fence, err
}

// Kind is "file".
func (f *File) Kind() string { return "file" }

// Health tells how the last operation went.
func (f *File) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

// Close does nothing: files are open only while they are read or locked.
func (f *File) Close() error { return nil }

// fileLease holds the operating system's lock as long as its file is open, so
// no other holder can come in between.
type fileLease struct {
	f     *File
	name  string
	fence int64

	mu   sync.Mutex
	file *os.File
}

func (l *fileLease) Fence() int64 { return l.fence }

func (l *fileLease) Put(ctx context.Context, value []byte, ttl time.Duration) error {
	expires := int64(0)
	if ttl > 0 {
		expires = time.Now().Add(ttl).UnixMilli()
	}
	return l.change(ctx, func(path string) error {
		return replace(path, append(binary.BigEndian.AppendUint64(nil, uint64(expires)), value...))
	})
}

func (l *fileLease) Delete(ctx context.Context) error {
	return l.change(ctx, func(path string) error {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

func (l *fileLease) change(ctx context.Context, do func(path string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return ErrFenced
	}
	path, err := l.f.path(l.name, ".token")
	if err == nil {
		err = do(path)
	}
	l.f.note(err)
	if err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	return nil
}

// replace writes a file beside and moves it into place, so that a reader and
// a power cut see the old content or the new.
func replace(path string, content []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Sync()
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

func (l *fileLease) Release(context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
