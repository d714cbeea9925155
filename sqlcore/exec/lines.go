package exec

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Lines writes the plan for people.
func (e *Explanation) Lines() []string {
	var out []string
	for i := range e.Scans {
		out = append(out, e.Scans[i].lines()...)
	}
	if e.SQL != "" {
		out = append(out, "Engine ("+e.Engine+"): "+oneLine(e.SQL))
	}
	if len(e.Changes) > 0 {
		out = append(out, "For each row:")
		out = append(out, calls(e.Changes)...)
	}
	out = append(out, e.Actual.lines()...)
	for _, n := range e.Notes {
		out = append(out, "Note: "+oneLine(n))
	}
	if len(out) == 0 {
		out = []string{"Nothing is read."}
	}
	return out
}

func (s *ExplainedScan) lines() []string {
	head := "Scan " + s.Schema + "." + s.Table
	if s.Alias != "" && s.Alias != s.Table {
		head += " as " + s.Alias
	}
	if s.Path != "" {
		head += " by path " + s.Path
	}
	out := []string{head}
	if s.Decision != "" {
		out = append(out, "  "+s.Decision)
	}
	add := func(what, text string) {
		if text != "" {
			out = append(out, "  "+what+": "+oneLine(text))
		}
	}
	add("columns", strings.Join(s.Columns, ", "))
	add("pushed", s.Pushed)
	add("residual", s.Residual)
	add("keys from", strings.Join(s.KeysFrom, ", "))
	add("counted by", s.CountFrom)
	if s.Limit > 0 {
		add("limit", fmt.Sprint(s.Limit))
	}
	out = append(out, calls(s.Calls)...)
	if s.Path != "" {
		add("estimate", fmt.Sprintf("calls %d, rows %d", s.EstimatedCalls, s.EstimatedRows))
	}
	return out
}

func calls(list []scan.Call) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = "  " + c.Method + " " + c.Address
		if c.Times > 1 {
			out[i] += fmt.Sprintf(", %d times", c.Times)
		}
		if c.Note != "" {
			out[i] += ", " + c.Note
		}
		out[i] = "  " + oneLine(out[i])
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
