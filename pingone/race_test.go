//go:build race

package pingone_test

const raceEnabled = true
