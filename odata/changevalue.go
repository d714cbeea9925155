package odata

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

var guidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// valueOf reads the value of a property as its column's type wants it; nil for
// null.
//
// Source: OData JSON Format 4.01, section 7.1.
func valueOf(c *catalog.Column, raw json.RawMessage) (json.RawMessage, error) {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return nil, nil
	}
	var text string
	isText := json.Unmarshal(raw, &text) == nil
	out, ok := raw, false
	switch c.Type {
	case catalog.String:
		ok = isText && whole(text, raw)
	case catalog.GUID:
		ok = isText && guidForm.MatchString(text)
		out = quoted(strings.ToLower(text))
	case catalog.Bool:
		ok = string(raw) == "true" || string(raw) == "false"
	case catalog.Int32, catalog.Int64:
		out, ok = integer(c.Type, raw, text, isText)
	case catalog.Float64:
		f, err := strconv.ParseFloat(string(raw), 64)
		ok = err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	case catalog.Timestamp:
		at, err := instant(text)
		ok = isText && err == nil
		out = quoted(at.UTC().Format("2006-01-02T15:04:05.000Z"))
	case catalog.JSON:
		ok = isText && json.Valid([]byte(text))
		out = json.RawMessage(text)
	case catalog.StringList:
		var list []string
		ok = json.Unmarshal(raw, &list) == nil
	case catalog.Int32List: // of the catalogue's own tables, which nobody changes
	}
	if !ok && c.Type == catalog.JSON {
		return nil, gwerr.Newf(gwerr.TypeMismatch, "The value of %s is not a text that holds JSON.", c.Name).On(c.Name).
			WithHint(`Send "` + c.Name + `": "{\"a\": 1}" for {"a": 1}.`)
	}
	if !ok {
		return nil, gwerr.Newf(gwerr.TypeMismatch, "The value of %s is not of type %s.", c.Name, c.Type.Edm()).On(c.Name)
	}
	return out, nil
}

// whole tells whether the text of a JSON string is all of it: half a surrogate pair
// can't be kept.
func whole(text string, raw []byte) bool {
	return strings.Count(text, "\ufffd") <= bytes.Count(raw, []byte("\ufffd"))+strings.Count(strings.ToLower(string(raw)), `\ufffd`)
}

// integer reads a number, or one in quotes as IEEE754Compatible has it.
func integer(t catalog.Type, raw []byte, text string, isText bool) (json.RawMessage, bool) {
	if isText {
		raw = []byte(text)
	}
	bits := 64
	if t == catalog.Int32 {
		bits = 32
	}
	n, err := strconv.ParseInt(string(raw), 10, bits)
	return strconv.AppendInt(nil, n, 10), err == nil
}

func quoted(text string) json.RawMessage {
	out, err := json.Marshal(text)
	if err != nil { // texts always marshal
		panic(err)
	}
	return out
}

// instant reads a time, whose seconds may be missing.
//
// Source: OData ABNF 4.01, dateTimeOffsetValueInUrl.
func instant(text string) (time.Time, error) {
	text = strings.ToUpper(text)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Parse("2006-01-02T15:04Z07:00", text)
	}
	return at, nil
}
