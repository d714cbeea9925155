package query

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Statement is one SQL statement with its parameters, whatever front end it came
// through.
type Statement struct {
	SQL        string
	Positional []Parameter
	Named      map[string]Parameter
	// Safe is true for a request that must change nothing: a GET, which any
	// page or prefetch can cause.
	Safe bool
	// MaxAge is how old the result may be; 0 for a new one.
	MaxAge time.Duration
}

// Parameter is a parameter's value, null, or a list.
type Parameter struct {
	Value predicate.Value
	// Null is true for a null; Value doesn't count then.
	Null bool
	// List is the list's elements, which are no lists; nil for a single value.
	List []Parameter
}

// Answer is a statement's result.
type Answer struct {
	Columns []Column
	Rows    scan.Rows
	// Notes gives what the caller should know of the rows so far, such as which
	// part of a table they are; nil for nothing.
	Notes func() []string
	// Age is how long ago the reading of the rows began, where they were kept from
	// another request; nil for new ones.
	Age *time.Duration
	// Changed tells what a statement that writes did; nil for one that reads.
	Changed *Changed
}

// Changed is what a statement did to the directory.
type Changed struct {
	Verb string // INSERT, UPDATE or DELETE
	Rows int64
}

// NotesHeader is the HTTP header, or trailer, that has the notes on an answer: a
// JSON array of texts in ASCII.
const NotesHeader = "Gateway-Notes"

// NotesText writes notes as the header has them; "" for none.
func NotesText(notes []string) string {
	if len(notes) == 0 {
		return ""
	}
	raw, err := json.Marshal(notes)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, r := range string(raw) {
		switch high, low := utf16.EncodeRune(r); {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case high == utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.String()
}
