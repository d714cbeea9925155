package pool

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// rootPattern names the directory that a pool makes for its processes.
const rootPattern = "gateway-engine-"

// lockName is the file that a living pool holds locked in its directory.
const lockName = "lock"

// makeRoot makes the pool's directory, and removes those of pools that were
// killed.
func makeRoot(dir string) (root string, lock *os.File, err error) {
	if dir == "" {
		dir = os.TempDir()
	}
	removeOrphans(dir)
	if root, err = os.MkdirTemp(dir, rootPattern); err != nil {
		return "", nil, err
	}
	if lock, err = lockFile(filepath.Join(root, lockName), os.O_CREATE); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(root))
	}
	return root, lock, nil
}

// lockFile opens a file that nobody else holds locked, and locks it.
func lockFile(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|flag, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// removeOrphans removes what no living pool holds. Another pool may just be
// making its lock, so that a directory without one has to be a minute old.
func removeOrphans(dir string) {
	found, _ := filepath.Glob(filepath.Join(dir, rootPattern+"*"))
	for _, root := range found {
		lock, err := lockFile(filepath.Join(root, lockName), 0)
		if err != nil {
			info, statErr := os.Stat(root)
			if !errors.Is(err, os.ErrNotExist) || statErr != nil || time.Since(info.ModTime()) < time.Minute {
				continue
			}
		}
		_ = os.RemoveAll(root) // the next start tries again
		if lock != nil {
			_ = lock.Close()
		}
	}
}

// spilled gives the size of the files below a directory.
func spilled(root string) (bytes int64) {
	_ = filepath.WalkDir(root, func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // removed meanwhile
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
