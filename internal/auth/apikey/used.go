package apikey

import (
	"encoding/json"
	"maps"
	"time"
)

// The times of last use stand in a file of their own beside the keys: the keys
// may come from a read-only mount, and reading them must not wait for writes.

func usedPath(path string) string { return path + ".used" }

// readUsed returns the times of last use, none where they can't be read: they
// inform, they decide nothing.
func readUsed(path string) map[string]time.Time {
	out := map[string]time.Time{}
	text, err := readBounded(usedPath(path))
	if err != nil || json.Unmarshal(text, &out) != nil {
		return map[string]time.Time{}
	}
	return out
}

// writeUsed merges the times with those that other processes wrote.
func writeUsed(path string, used map[string]time.Time) error {
	merged := readUsed(path)
	maps.Copy(merged, used)
	text, err := json.Marshal(merged)
	if err != nil {
		return err
	}
	return replace(usedPath(path), text)
}
