package pgwire

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// reported are the parameters whose values clients are told when they sign in,
// and when they change (section 55.2.7).
var reported = []string{
	"server_version", "server_encoding", "client_encoding", "application_name", "DateStyle", "IntervalStyle", "TimeZone",
	"integer_datetimes", "standard_conforming_strings", "is_superuser", "session_authorization", "default_transaction_read_only", "in_hot_standby",
}

// serverVersion is the PostgreSQL that clients shall take the gateway for.
const serverVersion = "15.0"

// defaults are the parameters that clients ask for, with their values. What is
// not among them may be set and has no effect; it can be read then.
var defaults = map[string]string{
	"server_version": serverVersion, "server_version_num": "150000", "server_encoding": "UTF8", "client_encoding": "UTF8",
	"application_name": "", "datestyle": "ISO, MDY", "intervalstyle": "postgres", "timezone": "UTC", "integer_datetimes": "on",
	"standard_conforming_strings": "on", "is_superuser": "off", "session_authorization": "", "default_transaction_read_only": "off",
	"in_hot_standby": "off", "transaction_isolation": "read committed", "default_transaction_isolation": "read committed", "transaction_read_only": "off",
	"transaction_deferrable": "off", "default_transaction_deferrable": "off", "search_path": `"$user", public`, "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
	"idle_session_timeout": "0", "extra_float_digits": "1", "bytea_output": "hex", "client_min_messages": "notice", "max_identifier_length": "63", "max_index_keys": "32",
	"block_size": "8192", "lc_collate": "C.UTF-8", "lc_ctype": "C.UTF-8", "lc_messages": "C.UTF-8", "lc_monetary": "C.UTF-8", "lc_numeric": "C.UTF-8", "lc_time": "C.UTF-8", "row_security": "on",
	"escape_string_warning": "on", "backslash_quote": "safe_encoding", "array_nulls": "on", "max_connections": "100", "ssl": "on", "port": "5433", "synchronize_seqscans": "on", "quote_all_identifiers": "off", "default_tablespace": "", "xmloption": "content", "check_function_bodies": "on", "jit": "off", "wal_level": "replica", "role": "none",
}

// fixed are those that no client changes.
var fixed = []string{"server_version", "server_version_num", "server_encoding", "integer_datetimes", "is_superuser", "in_hot_standby", "max_identifier_length", "max_index_keys", "block_size", "lc_collate", "lc_ctype", "session_authorization"}

// settings are the parameters of a session.
type settings struct {
	database string
	own      map[string]string // by name in small letters
}

func newSettings() settings { return settings{own: map[string]string{}} }

// maxSettings bounds what a client can set.
const maxSettings, maxSetting = 200, 1024

// get gives a value; ok is false for a parameter that nobody knows.
func (s *settings) get(name string) (value string, ok bool) {
	name = strings.ToLower(name)
	if value, ok = s.own[name]; !ok {
		value, ok = defaults[name]
	}
	return value, ok
}

// set changes a value. note is what the client should know of it.
func (s *settings) set(name, value string) (note string, err error) {
	lower := strings.ToLower(name)
	switch {
	case slices.Contains(fixed, lower):
		return "", state("55P02", gwerr.Newf(gwerr.BadRequest, "The parameter %s can't be changed.", name))
	case lower == "client_encoding":
		if e := strings.ToLower(strings.Trim(value, "'\"")); e != "utf8" && e != "utf-8" && e != "unicode" {
			return "", state("22023", gwerr.New(gwerr.BadRequest, "The only client_encoding is UTF8.", "Set client_encoding to UTF8."))
		}
		value = "UTF8"
	case lower == "timezone":
		if z := strings.ToUpper(value); z != "UTC" && z != "GMT" && z != "ETC/UTC" && z != "Z" && z != "0" && z != "UCT" {
			note = "Times are told in UTC, whatever the time zone is set to."
		}
		value = "UTC"
	case lower == "datestyle":
		if !strings.HasPrefix(strings.ToLower(value), "iso") {
			note = "Dates are told in the style ISO, whatever DateStyle is set to."
		}
		value = defaults[lower]
	case lower == "standard_conforming_strings":
		if !strings.EqualFold(value, "on") && !strings.EqualFold(value, "true") {
			return "", state("22023", gwerr.New(gwerr.BadRequest, "standard_conforming_strings is always on.", `Write texts with escapes as E'…'.`))
		}
		value = "on"
	case lower == "statement_timeout":
		if _, err := milliseconds(value); err != nil {
			return "", err
		}
	}
	if _, known := s.own[lower]; !known && len(s.own) >= maxSettings || len(value) > maxSetting {
		return "", state("53400", gwerr.New(gwerr.LimitExceeded, "Too many parameters are set, or too long a value.", ""))
	}
	s.own[lower] = value
	return note, nil
}

// reset gives parameters their values at the start; all of them for "".
func (s *settings) reset(name string) {
	if name == "" {
		s.own = map[string]string{}
		return
	}
	delete(s.own, strings.ToLower(name))
}

// start takes the parameters of the start of a session; what can't be taken has
// no effect.
func (s *settings) start(params map[string]string) {
	given := map[string]string{}
	for _, option := range strings.Fields(strings.NewReplacer("-c ", "-c", "--", "-c").Replace(params["options"])) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(option, "-c"), "="); ok && strings.HasPrefix(option, "-c") {
			given[name] = value
		}
	}
	for name, value := range params {
		given[name] = value
	}
	for name, value := range given {
		if _, known := defaults[strings.ToLower(name)]; known && name != "search_path" {
			_, _ = s.set(name, value) // what can't be set stays as it is, and is told
		}
	}
}

// timeout is what a statement may take; 0 for no bound of the client's.
func (s *settings) timeout() time.Duration {
	value, _ := s.get("statement_timeout")
	d, _ := milliseconds(value) // set has checked it
	return d
}

// milliseconds reads a time with one of PostgreSQL's units, ms by default.
func milliseconds(value string) (time.Duration, error) {
	text, unit := strings.TrimSpace(value), time.Millisecond
	for _, u := range []struct {
		name string
		is   time.Duration
	}{{"ms", time.Millisecond}, {"min", time.Minute}, {"s", time.Second}, {"h", time.Hour}} {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = strings.TrimSpace(rest), u.is
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, state("22023", gwerr.Newf(gwerr.BadRequest, "%q is no time.", value).WithHint("Write it in milliseconds, or as 5s."))
	}
	return time.Duration(n) * unit, nil
}
