// Package audit keeps the trail of who asked what: one record for each query,
// write, call of a procedure and refused sign-in.
//
// Records are written by one goroutine behind a bounded queue. What a caller
// sends can't switch the trail off or forge a line of it: records are JSON,
// one a line. By default the values in query texts are replaced by question
// marks; besides the caller's name and address a record holds no personal data.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/audit/redact"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// maxStatement bounds a statement in a record, in bytes.
const maxStatement = 8 << 10

// Language is the language of a statement.
type Language string

// The languages.
const (
	SQL   Language = "sql"
	OData Language = "odata" // path and query of the request
)

// Statements says how query texts appear in the trail.
type Statements string

// The forms of query texts.
const (
	// Redacted texts have question marks for values. It is the default.
	Redacted Statements = ""
	// Verbatim texts have the values, which are personal data.
	Verbatim Statements = "text"
	// Hashed texts are the hash of the redacted text: equal shapes are equal.
	Hashed Statements = "hash"
	// Omitted texts are left out.
	Omitted Statements = "none"
)

// Record is one thing that a caller did or tried.
type Record struct {
	// Action is a word from a closed set: "query", "write", "call", "explain",
	// "metadata", "sign_in", "admin".
	Action   string
	FrontEnd string // "odata", "sql", "pgwire", "mcp", …
	// Principal is the caller; nil if it is not known.
	Principal *auth.Principal
	Remote    string
	RequestID string
	TraceID   string

	Connection string
	Language   Language
	// Statement is the query as it came; the Log redacts it.
	Statement       string
	Schemas, Tables []string

	// Rows is the number of rows answered, Affected of rows written, Calls of
	// requests to PingOne.
	Rows, Affected, Calls int64
	// Err is how the work ended; nil for well.
	Err      error
	Started  time.Time
	Duration time.Duration
}

// line is the form of a record in the trail. Members are added, never renamed.
type line struct {
	Time       string    `json:"time"`
	Action     string    `json:"action"`
	Outcome    string    `json:"outcome"` // "ok" or the code of the error
	FrontEnd   string    `json:"front_end,omitempty"`
	Principal  principal `json:"principal"`
	Remote     string    `json:"remote,omitempty"`
	RequestID  string    `json:"request_id,omitempty"`
	TraceID    string    `json:"trace_id,omitempty"`
	Connection string    `json:"connection,omitempty"`
	Language   Language  `json:"language,omitempty"`
	Statement  string    `json:"statement,omitempty"`
	Schemas    []string  `json:"schemas,omitempty"`
	Tables     []string  `json:"tables,omitempty"`
	Rows       int64     `json:"rows"`
	Affected   int64     `json:"affected,omitempty"`
	Calls      int64     `json:"calls"`
	Millis     float64   `json:"duration_ms"`
}

type principal struct {
	Name  string    `json:"name"`
	Kind  auth.Kind `json:"kind"`
	ID    string    `json:"id,omitempty"`
	Roles []string  `json:"roles,omitempty"`
}

// encode gives the record's line with its line feed.
func (r Record) encode(form Statements) ([]byte, error) {
	l := line{
		Time: r.Started.UTC().Format("2006-01-02T15:04:05.000Z"), Action: r.Action, Outcome: "ok",
		FrontEnd: r.FrontEnd, Remote: r.Remote, RequestID: r.RequestID, TraceID: r.TraceID,
		Connection: r.Connection, Language: r.Language, Statement: r.Text(form),
		Schemas: r.Schemas, Tables: r.Tables, Rows: r.Rows, Affected: r.Affected, Calls: r.Calls,
		Millis: float64(r.Duration.Microseconds()) / 1000,
	}
	if r.Err != nil {
		l.Outcome = string(gwerr.From(r.Err).Code)
	}
	if p := r.Principal; p != nil {
		l.Principal = principal{Name: p.Name, Kind: p.Kind, ID: p.ID, Roles: p.Roles}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(l)
	return b.Bytes(), err
}

// Text is the statement as the trail shows it.
func (r Record) Text(form Statements) string {
	s := r.Statement
	switch {
	case s == "" || form == Omitted:
		return ""
	case form == Verbatim:
		return cut(s, maxStatement)
	case r.Language == SQL:
		s = redact.SQL(cut(s, 4*maxStatement))
	case r.Language == OData:
		s = redact.OData(cut(s, 4*maxStatement))
	default:
		s = "?"
	}
	if form == Hashed {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:16])
	}
	return cut(s, maxStatement)
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n]) + "…"
}
