//go:build !unix

package store

import (
	"errors"
	"os"
)

// tryLock has no portable form here; keep tokens in memory or Redis instead.
func tryLock(*os.File) error {
	return errors.Join(ErrUnavailable, errors.New("files cannot be locked on this system"))
}
