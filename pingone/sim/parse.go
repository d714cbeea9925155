package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ParseFaults reads faults as a JSON array, or from a file when the text is
// @ and its name. Empty text has none.
func ParseFaults(text string) ([]Fault, error) {
	raw := []byte(strings.TrimSpace(text))
	if len(raw) == 0 {
		return nil, nil
	}
	if name, ok := strings.CutPrefix(string(raw), "@"); ok {
		var err error
		if raw, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("read faults: %w", err)
		}
	}
	var faults []Fault
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&faults); err != nil {
		return nil, fmt.Errorf("faults must be a JSON array of objects: %w", err)
	}
	for i, f := range faults {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	return faults, nil
}

// ParseRateLimits reads rate limits: "off" or nothing for none, "documented" for
// DocumentedRates, a number for that many calls a second in every group, or a
// list such as "rlgDirAccessRps=50,rlgConfigRpm=600/m", where /s and /m name the
// unit; without one it is what the group's name ends in.
func ParseRateLimits(text string) (map[string]Rate, error) {
	text = strings.TrimSpace(text)
	switch text {
	case "", "off":
		return nil, nil
	case "documented":
		return DocumentedRates(), nil
	}
	rates := make(map[string]Rate)
	if !strings.Contains(text, "=") {
		rate, err := parseRate(text, time.Second)
		if err != nil {
			return nil, err
		}
		for name := range rateGroups {
			rates[name] = rate
		}
		return rates, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		known, ok := rateGroups[name]
		if !ok {
			return nil, fmt.Errorf("the rate-limit group %q is not known; known are %s", name, strings.Join(sortedKeys(rateGroups), ", "))
		}
		rate, err := parseRate(value, known.Per)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rates[name] = rate
	}
	return rates, nil
}

func parseRate(text string, per time.Duration) (Rate, error) {
	number, unit, _ := strings.Cut(text, "/")
	switch unit {
	case "":
	case "s":
		per = time.Second
	case "m":
		per = time.Minute
	default:
		return Rate{}, fmt.Errorf("the unit of a rate is s or m, not %q", unit)
	}
	limit, err := strconv.Atoi(number)
	if err != nil || limit < 1 {
		return Rate{}, fmt.Errorf("a rate is a number of at least 1, such as 50/s, not %q", text)
	}
	return Rate{limit, per}, nil
}
