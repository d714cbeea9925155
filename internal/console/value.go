package console

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

const (
	// shownText bounds the characters of a value, and shownItems those of a collection.
	shownText  = 100
	shownItems = 4
)

// value is a cell of a row.
type value struct {
	Text string
	// Null is true of no value, Number of what stands on the right.
	Null, Number bool
	// Link leads to the row that the value refers to, "" for none.
	Link string
}

// show is a value of JSON for people.
func show(raw json.RawMessage) value {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return value{Null: true}
	case raw[0] == '[':
		return showList(raw)
	case raw[0] == '{':
		return showEntity(raw)
	case raw[0] == '"':
		return value{Text: short(text(raw))}
	default:
		return value{Text: string(raw), Number: raw[0] != 't' && raw[0] != 'f'}
	}
}

func text(raw json.RawMessage) (out string) {
	if json.Unmarshal(raw, &out) != nil {
		return string(raw)
	}
	return out
}

// short cuts a text that is too long for a cell.
func short(s string) string {
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > shownText {
		return string(runes[:shownText]) + "…"
	}
	return string(runes)
}

// showList shows the first items and how many there are.
func showList(raw json.RawMessage) value {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return value{Text: "none"}
	}
	var parts []string
	for _, item := range items[:min(len(items), shownItems)] {
		parts = append(parts, show(item).Text)
	}
	if more := len(items) - len(parts); more > 0 {
		parts = append(parts, "and "+strconv.Itoa(more)+" more")
	}
	return value{Text: strings.Join(parts, ", ")}
}

// showEntity shows the member that tells most of a related row: its name, or else its
// first text that is not an id.
func showEntity(raw json.RawMessage) value {
	var e entity
	if json.Unmarshal(raw, &e) != nil {
		return value{Text: short(string(raw))}
	}
	best := ""
	e = e.properties()
	for _, m := range e {
		name := strings.ToLower(m.name)
		switch {
		case len(m.value) == 0 || m.value[0] != '"':
		case name == "name" || name == "username":
			return value{Text: short(text(m.value))}
		case best == "" && !strings.HasSuffix(name, "id") && !strings.HasSuffix(name, "at"):
			best = text(m.value)
		}
	}
	if best == "" && len(e) > 0 {
		best = show(e[0].value).Text
	}
	return value{Text: short(best)}
}
