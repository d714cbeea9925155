//go:build duckdb_arrow

package duck

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// engineError is what DuckDB says; its text is for the log and for
// translation, never for users.
type engineError struct{ text string }

func (e *engineError) Error() string { return e.text }

// internalNames matches the catalogs that the engine works in.
var internalNames = regexp.MustCompile(`"?\b(shadow|q)_[0-9a-f]+"?\.|\bmemory\.main\.`)

// storageTypes turns the engine's words for how it stores numbers into SQL's
// names of types; ids are stored as one, too.
var storageTypes = strings.NewReplacer("UINT8", "UTINYINT", "UINT16", "USMALLINT", "UINT32", "UINTEGER", "UINT64", "UBIGINT",
	"INT128", "UUID or HUGEINT", "INT16", "SMALLINT", "INT32", "INTEGER", "INT64", "BIGINT", "INT8", "TINYINT")

// plainMessage makes a user's sentence of the engine's message: its first
// line, without the names of inner catalogs.
func plainMessage(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	line, _, _ = strings.Cut(line, ".  Input: ") // of JSON, whole
	line = strings.TrimSpace(internalNames.ReplaceAllString(line, ""))
	line = strings.TrimRight(storageTypes.Replace(line), "!.: ")
	if line == "" {
		return "The engine refuses the query."
	}
	return strings.ToUpper(line[:1]) + line[1:] + "."
}

// value is a quoted text, which may hold quotes itself, or a number.
var value = regexp.MustCompile(`(?s)'.*'|".*"|-?\b\d[\d.,:]*(e[+-]?\d+)?\b`)

// withoutValues takes values out of a sentence: messages go to logs, and what
// rows hold must not.
func withoutValues(sentence string) string {
	return value.ReplaceAllString(apostrophes.Replace(sentence), "…")
}

// apostrophes are written out, which otherwise look like the end of a text.
var apostrophes = strings.NewReplacer("can't", "cannot", "Can't", "Cannot", "n't", " not")

// kinds maps the engine's kinds of error to codes, with a hint where rows are read.
var kinds = map[string]struct {
	code gwerr.Code
	hint string
}{
	"conversion":      {gwerr.TypeMismatch, "Use TRY_CAST where a value may not convert."},
	"invalid type":    {gwerr.TypeMismatch, ""},
	"mismatch type":   {gwerr.TypeMismatch, ""},
	"out of range":    {gwerr.TypeMismatch, "Cast to a wider type."},
	"invalid input":   {gwerr.BadRequest, ""},
	"parser":          {gwerr.Syntax, ""},
	"syntax":          {gwerr.Syntax, ""},
	"catalog":         {gwerr.BadRequest, ""},
	"not implemented": {gwerr.NotImplemented, ""},
	"permission":      {gwerr.NotImplemented, ""},
}

// translate makes a gwerr of an error of the engine. Errors of other kinds
// stay as they are.
func translate(err error) error {
	var e *engineError
	var g *gwerr.Error
	var told *wire.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told) && told.Code == "":
		err = &engineError{told.Text}
	case errors.As(err, &told):
		return gwerr.Wrap(gwerr.Code(told.Code), errors.New(told.Cause), told.Text, told.Hint)
	}
	switch {
	case errors.As(err, &g):
		return g
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), !errors.As(err, &e):
		return gwerr.From(err)
	}
	if strings.HasPrefix(e.text, "Out of Memory Error") || strings.Contains(e.text, "max_temp_directory_size") {
		return gwerr.Wrap(gwerr.OutOfMemory, err, "The query needs more memory than the engine may use.",
			"Ask for fewer rows or columns, or raise the engine's memory limit.")
	}
	if rest, ok := strings.CutPrefix(e.text, "Binder Error: "); ok {
		return bindFailure(err, rest, gwerr.NoPosition, nil)
	}
	if strings.Contains(e.text, "Invalid type for BETWEEN") {
		return gwerr.Wrap(gwerr.TypeMismatch, err, "BETWEEN does not take rows of values.", "Write (a, b) >= (…, …) AND (a, b) <= (…, …).")
	}
	kind, rest, _ := strings.Cut(e.text, " Error: ")
	if k, known := kinds[strings.ToLower(kind)]; known {
		return gwerr.Wrap(k.code, &engineError{withoutValues(e.text)}, withoutValues(plainMessage(rest)), k.hint)
	}
	return gwerr.Wrap(gwerr.Internal, err, "The engine failed unexpectedly.", "Report the request id to the administrator; the log has the cause.")
}

// failure makes a gwerr of an error that the engine answered as JSON. source
// turns its positions into those of the user's text.
func (b *binder) failure(r *planReply) error {
	pos := gwerr.NoPosition
	if n, err := parsePosition(r.Position); err == nil {
		pos = n
	}
	parsing := r.ErrorType == "parser" || r.ErrorType == "syntax"
	if parsing {
		pos = byteOffset(b.sql, pos)
	}
	if pos != gwerr.NoPosition {
		pos = b.source(pos)
	}
	if e := b.unreadable(r.ErrorMessage, pos); parsing && e != nil {
		return e
	}
	cause := &engineError{r.ErrorType + ": " + r.ErrorMessage}
	switch r.ErrorType {
	case "out of memory":
		return translate(&engineError{"Out of Memory Error"})
	case "binder", "catalog":
		return b.insteadOfHidden(bindFailure(cause, r.ErrorMessage, pos, b.columnNames()))
	}
	// There are no rows yet, so that every value is one of the text.
	return gwerr.Wrap(cmp.Or(kinds[r.ErrorType].code, gwerr.BadRequest), cause, plainMessage(r.ErrorMessage), "").At(pos)
}

// The sentences by which the binder reports unknown names.
var (
	noColumn1  = regexp.MustCompile(`^Referenced column "(.+)" (?:not found|was not found because the FROM clause is missing)`)
	noColumn2  = regexp.MustCompile(`^Table "(.+)" does not have a column named "(.+)"`)
	noTable    = regexp.MustCompile(`^Referenced table "(.+)" not found`)
	noFunction = regexp.MustCompile(`^(No function matches|Could not choose a best candidate|(Scalar|Aggregate|Table) Function with name)`)
)

// bindFailure makes a gwerr of what the binder says about names and types.
func bindFailure(cause error, said string, pos int, columns []string) error {
	message := plainMessage(said)
	unknown := func(name string) error {
		return gwerr.Wrap(gwerr.UnknownColumn, cause, "There is no column "+name+" here.",
			gwerr.DidYouMean(name, columns, "Check its spelling and the tables after FROM.")).At(pos).On(name)
	}
	if m := noColumn1.FindStringSubmatch(said); m != nil {
		return unknown(m[1])
	}
	if m := noColumn2.FindStringSubmatch(said); m != nil {
		return unknown(m[2])
	}
	if m := noTable.FindStringSubmatch(said); m != nil {
		return gwerr.Wrap(gwerr.UnknownColumn, cause, "There is no table "+m[1]+" after FROM.", "Use the table's alias if it has one.").At(pos).On(m[1])
	}
	if noFunction.MatchString(said) {
		line, _, _ := strings.Cut(message, " You might need")
		return gwerr.Wrap(gwerr.UnknownFunction, cause, strings.TrimSuffix(line, ".")+".", "Check the arguments' types, and cast them if need be.").At(pos)
	}
	if strings.Contains(message, "Cannot compare values") || strings.Contains(message, "cast") {
		return gwerr.Wrap(gwerr.TypeMismatch, cause, message, "").At(pos)
	}
	return gwerr.Wrap(gwerr.BadRequest, cause, message, "").At(pos)
}

// byteOffset turns a position in characters into one in bytes.
func byteOffset(text string, chars int) int {
	if chars < 0 {
		return chars
	}
	for i := range text {
		if chars == 0 {
			return i
		}
		chars--
	}
	return len(text)
}
