package pgwire

import (
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

// reported are the parameters whose values clients are told when they sign in,
// and when they change (section 55.2.7).
var reported = []string{
	"server_version", "server_encoding", "client_encoding", "application_name", "DateStyle", "IntervalStyle", "TimeZone",
	"integer_datetimes", "standard_conforming_strings", "is_superuser", "session_authorization", "default_transaction_read_only", "in_hot_standby",
}

// defaults are the parameters that clients ask for, with their values by their names
// in small letters, and fixed those of them that no client changes: pg_settings. What
// is not among them may be set and has no effect; it can be read then.
var defaults, fixed = func() (values map[string]string, fixed map[string]bool) {
	values, fixed = map[string]string{}, map[string]bool{}
	for _, p := range pgcatalog.Settings() {
		name := strings.ToLower(p.Name)
		values[name], fixed[name] = p.Value, p.Fixed
	}
	return values, fixed
}()

// settings are the parameters of a session.
type settings struct {
	database string
	own      map[string]string // by name in small letters
}

func newSettings() settings { return settings{own: map[string]string{}} }

// maxSettings bounds what a client can set.
const maxSettings, maxSetting = 200, 1024

// The parameters by which a client says that it changes nothing: in the transaction,
// and in those to come. What it sends then by mistake is refused.
const ofTransaction, ofSession = "transaction_read_only", "default_transaction_read_only"

func (s *settings) readOnly() bool {
	value, _ := s.get(ofTransaction)
	return value == "on"
}

// get gives a value; ok is false for a parameter that nobody knows.
func (s *settings) get(name string) (value string, ok bool) {
	name = strings.ToLower(name)
	if _, own := s.own[name]; !own && name == ofTransaction {
		name = ofSession
	}
	if value, ok = s.own[name]; !ok {
		value, ok = defaults[name]
	}
	return value, ok
}

// set changes a value. note is what the client should know of it.
func (s *settings) set(name, value string) (note string, err error) {
	lower := strings.ToLower(name)
	switch {
	case fixed[lower]:
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
	case lower == ofTransaction, lower == ofSession:
		if value, err = onOff(name, value); err != nil {
			return "", err
		}
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

// onOff reads a truth value as PostgreSQL writes it.
func onOff(name, value string) (string, error) {
	switch strings.ToLower(value) {
	case "on", "true", "t", "yes", "y", "1":
		return "on", nil
	case "off", "false", "f", "no", "n", "0":
		return "off", nil
	}
	return "", state("22023", gwerr.Newf(gwerr.BadRequest, "The parameter %s is on or off.", name))
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
		return 0, state("22023", gwerr.Newf(gwerr.BadRequest, "%q is not a time.", value).WithHint("Write it in milliseconds, or as 5s."))
	}
	return time.Duration(n) * unit, nil
}
