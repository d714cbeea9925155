package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// aim is a bound on a measured value.
type aim struct {
	atLeast bool // else at most
	bound   float64
	unit    string // follows the number
}

func atLeast(bound float64, unit string) aim { return aim{true, bound, unit} }
func atMost(bound float64, unit string) aim  { return aim{false, bound, unit} }

// met reports whether a value keeps the bound.
func (a aim) met(value float64) bool {
	if a.atLeast {
		return value >= a.bound
	}
	return value <= a.bound
}

func (a aim) String() string {
	sign := "≤"
	if a.atLeast {
		sign = "≥"
	}
	return sign + " " + number(a.bound) + a.unit
}

// measurement is a row of the table.
type measurement struct {
	work, today, gateway string
	value                float64
	aim                  aim
}

// verdict says whether the aim was met.
func (m measurement) verdict() string {
	if m.aim.met(m.value) {
		return "met"
	}
	return "**missed**"
}

// fact is something measured that has no aim.
type fact struct{ name, value string }

// report gathers the results of a run.
type report struct {
	rows  []measurement
	facts []fact
}

func (r *report) add(m measurement) {
	note("%s: %s, aim %s: %s", m.work, number(m.value)+m.aim.unit, m.aim, m.verdict())
	r.rows = append(r.rows, m)
}

func (r *report) fact(name, format string, args ...any) {
	f := fact{name, fmt.Sprintf(format, args...)}
	note("%s: %s", f.name, f.value)
	r.facts = append(r.facts, f)
}

// markdown writes the report as a section of a document.
func (r *report) markdown(s section, o options, m machine, started time.Time, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Run of %s, %s long, on %s.\n", started.UTC().Format("2 January 2006"), took.Round(time.Second), m)
	fmt.Fprintf(&b, "%s\n\n", s.about(o))
	if len(r.rows) > 0 {
		fmt.Fprintf(&b, "| work | %s | %s | result | aim | |\n| --- | --- | --- | --: | --: | --- |\n", s.today, s.ours)
	}
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n",
			row.work, row.today, row.gateway, number(row.value)+row.aim.unit, row.aim, row.verdict())
	}
	if len(r.facts) > 0 {
		b.WriteString("\n| also measured | |\n| --- | --- |\n")
	}
	for _, f := range r.facts {
		fmt.Fprintf(&b, "| %s | %s |\n", f.name, f.value)
	}
	return b.String()
}

// place is where results stand in the document: between these two lines.
type place struct{ begin, end string }

func placeOf(section string) place {
	return place{"<!-- results of " + section + " -->\n", "<!-- end of " + section + " -->\n"}
}

// file replaces the results in a document.
func (p place) file(path, results string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := p.splice(string(old), results)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// splice puts results into a text.
func (p place) splice(text, results string) (string, error) {
	head, tail, begins := strings.Cut(text, p.begin)
	_, tail, ends := strings.Cut(tail, p.end)
	if !begins || !ends {
		return "", fmt.Errorf("there is no place for results: the lines %q and %q are missing",
			strings.TrimSpace(p.begin), strings.TrimSpace(p.end))
	}
	return head + p.begin + "\n" + results + "\n" + p.end + tail, nil
}

// number writes a value with three significant digits, and whole numbers from a
// hundred on.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || v == math.Trunc(v):
		return thousands(int(math.Round(v)))
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// thousands writes a whole number in groups of three digits.
func thousands(n int) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// seconds writes a duration for a cell.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// median of durations; of an even number the lower of the two in the middle.
func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[(len(sorted)-1)/2]
}
