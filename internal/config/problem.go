package config

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Problem is one thing wrong with the configuration. Message and Hint never
// hold the value of a secret.
type Problem struct {
	// Path is the option's address, such as listen.address.
	Path string `json:"path"`
	// Where says where the value came from, such as "gateway.yaml:3".
	Where   string `json:"where,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// String gives the place, the address, what is wrong and how to correct it.
func (p Problem) String() string {
	var b strings.Builder
	if p.Where != "" {
		b.WriteString(p.Where + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" " + p.Hint)
	}
	return b.String()
}

// Problems are all problems found, as one error.
type Problems []Problem

// Error gives one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as a gwerr.Config error, or nil if there are none.
// errors.As finds the Problems in it.
func (p Problems) Err() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return gwerr.Wrap(gwerr.Config, p, "The configuration has a problem. "+p[0].String(), "")
	default:
		return gwerr.Wrap(gwerr.Config, p,
			fmt.Sprintf("The configuration has %d problems:\n%s", len(p), p.Error()), "")
	}
}

func (p *Problems) add(path, hint, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// when adds a problem where something is wrong.
func (p *Problems) when(wrong bool, path, hint, format string, args ...any) {
	if wrong {
		p.add(path, hint, format, args...)
	}
}
