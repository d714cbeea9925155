// Package gwerr defines the one error type that crosses package borders and
// the registry of its codes.
//
// An error says what happened in one sentence, where it happened, and how to
// correct it. Each front end turns the code into its own terms (an HTTP status,
// an OData code, an SQLSTATE) by the registry; nothing else decides a status.
// The package knows no other package of the gateway.
package gwerr

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// NoPosition is the Position of an error that is not about a place in a text.
const NoPosition = -1

// Error is an error with a code of the registry and words for a user.
//
// Message and Hint are shown to callers, so they hold neither secrets nor
// rows; the wrapped error is for the log alone.
type Error struct {
	Code    Code
	Message string
	// Hint tells the reader what to do; it may be empty.
	Hint string
	// Target names the member, column, option or parameter at fault.
	Target string
	// Position is the byte offset in the query text, from 0, or NoPosition.
	Position int
	// RetryAfter, if positive, is how long the caller should wait.
	RetryAfter time.Duration

	cause error
}

// New returns an error of the given code. message is one sentence for the
// user, hint says what to do and may be empty.
func New(code Code, message, hint string) *Error {
	return &Error{Code: code, Message: message, Hint: hint, Position: NoPosition}
}

// Newf is New with a formatted message and no hint.
func Newf(code Code, format string, args ...any) *Error {
	return New(code, fmt.Sprintf(format, args...), "")
}

// Wrap returns an error of the given code that hides cause from users and
// keeps it for errors.Is, errors.As and the log.
func Wrap(code Code, cause error, message, hint string) *Error {
	e := New(code, message, hint)
	e.cause = cause
	return e
}

// At sets the byte offset in the query text and returns the error itself.
func (e *Error) At(position int) *Error { e.Position = position; return e }

// On sets the member, column or parameter at fault and returns the error.
func (e *Error) On(target string) *Error { e.Target = target; return e }

// WithHint sets what to do and returns the error.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

// After sets how long a caller should wait and returns the error.
func (e *Error) After(wait time.Duration) *Error { e.RetryAfter = wait; return e }

// Error gives the user's sentence, the place and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Position >= 0 {
		fmt.Fprintf(&b, " (at character %d)", e.Position+1)
	}
	if e.Hint != "" {
		b.WriteString(" ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// Character is the place of the error in the text that it is about, in characters from
// 1; 0 if it is about none of the text's.
func (e *Error) Character(text string) int {
	if e.Position < 0 || e.Position > len(text) {
		return 0
	}
	return utf8.RuneCountInString(text[:e.Position]) + 1
}

// Unwrap returns the cause kept for the log.
func (e *Error) Unwrap() error { return e.cause }

// In says before an error's message where it happened. The error itself stays as it
// is.
func In(where string, err error) *Error {
	e := *From(err)
	e.Message = where + ": " + e.Message
	return &e
}

// From returns err as an *Error: the first one in its chain, a cancellation
// or deadline as such, and anything else as Internal with err as its cause.
// It returns nil for nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return fromContext(err)
}

// Is reports whether the first *Error in err's chain has the code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
