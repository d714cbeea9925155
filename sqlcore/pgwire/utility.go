package pgwire

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// utilities are the statements that clients send about the session itself. They
// are answered here and never reach the engine.
var utilities map[string]func(d *dialog, st *statement, args []query.Parameter) (*result, error)

func init() {
	utilities = map[string]func(*dialog, *statement, []query.Parameter) (*result, error){
		"begin": begin, "start": begin, "commit": commit, "end": commit, "rollback": rollback, "abort": rollback,
		"savepoint": savepoint, "release": savepoint,
		"set": set, "reset": reset, "show": show, "discard": discard, "deallocate": deallocate,
		"declare": declare, "fetch": fetch, "move": fetch, "close": closeCursor,
		"prepare": prepare,
		"listen":  silent, "unlisten": silent, "notify": silent,
		"copy": copyOut,
	}
}

// utility is what answers a statement; nil for one of the service's.
func utility(st *statement) func(d *dialog, st *statement, args []query.Parameter) (*result, error) {
	if st.verb() == "show" && slices.Contains([]string{"tables", "schemas", "columns", "procedures"}, st.name(1)) || st.is("show", "all", "tables") {
		return nil
	}
	if _, _, ok := configSet(st); ok {
		return setConfig
	}
	return utilities[st.verb()]
}

// utilityColumns describes the result of a utility without running it; ok is
// false for other statements.
func (d *dialog) utilityColumns(st *statement) (columns []column, ok bool) {
	switch st.verb() {
	case "":
		return nil, len(st.tokens) == 0
	case "show":
		if utility(st) == nil {
			return nil, false
		}
		r, err := show(d, st, nil)
		if err != nil {
			return nil, true // which running it will tell
		}
		return r.columns, true
	case "fetch":
		if c := d.cursors[cursorName(st)]; c != nil {
			columns, _ := d.describePortal(c) // which FETCH will tell
			return columns, true
		}
		return nil, true
	case "select":
		return texts("set_config"), utility(st) != nil
	default:
		return nil, utility(st) != nil
	}
}

// name is the identifier that a token spells, in small letters unless quoted.
func (s *statement) name(i int) string {
	if i >= len(s.tokens) {
		return ""
	}
	t := s.tokens[i]
	if t.Kind == sqltext.Word {
		return strings.ToLower(t.Text)
	}
	return t.Name()
}

func silent(_ *dialog, st *statement, _ []query.Parameter) (*result, error) {
	return done(strings.ToUpper(st.verb())), nil
}

// set takes SET name = value and its other spellings.
func set(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	i := 1
	if name := st.name(i); (name == "session" || name == "local") && st.name(i+1) != "authorization" && st.name(i+1) != "characteristics" {
		i++
	}
	name := st.name(i)
	switch {
	case name == "constraints":
		return done("SET"), nil
	case name == "transaction": // of isolation there is one: each statement's own
		return d.access(st, ofTransaction)
	case st.name(i+1) == "characteristics":
		return d.access(st, ofSession)
	case name == "time" && st.name(i+1) == "zone":
		name, i = "timezone", i+2
	case name == "names":
		name, i = "client_encoding", i+1
	case name == "session", name == "role" && st.name(i+1) != "none":
		return nil, gwerr.New(gwerr.NotImplemented, "A session has one caller.", "Connect anew as the other one.").At(st.tokens[i].Start)
	case name == "role":
		return done("SET"), nil
	default:
		for i++; i+1 < len(st.tokens) && st.tokens[i].Is("."); i += 2 { // application's own, such as a.b
			name += "." + st.name(i+1)
		}
		if i >= len(st.tokens) || !st.tokens[i].Is("=") && !st.tokens[i].Is("to") {
			return nil, st.wrong(i, "SET needs = or TO and a value.")
		}
		i++
	}
	if name == "" || i >= len(st.tokens) {
		return nil, st.wrong(i, "SET needs a name and a value.")
	}
	values := valuesOf(st.tokens[i:])
	if name == "search_path" || name == "schema" {
		return d.searchPath(values)
	}
	return d.assign(name, strings.Join(values, ", "))
}

// configSet reads SELECT set_config('name', 'value', …), which is SET that answers
// with the value, and nothing else.
func configSet(st *statement) (name, value string, ok bool) {
	at := 1
	if st.is("select", "pg_catalog", ".") {
		at = 3
	}
	if len(st.tokens) != at+8 || !st.is("select") || !st.tokens[at].Is("set_config") {
		return "", "", false
	}
	name, quoted := sqltext.Unquote(st.tokens[at+2].Text)
	value, also := sqltext.Unquote(st.tokens[at+4].Text)
	return name, value, quoted && also && st.tokens[at+2].Kind == sqltext.String && st.tokens[at+4].Kind == sqltext.String
}

func setConfig(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	name, value, _ := configSet(st)
	var r *result
	var err error
	if strings.EqualFold(name, "search_path") {
		list, wrong := sqltext.Lex(value)
		if wrong != nil {
			return nil, gwerr.From(wrong).At(st.tokens[0].Start)
		}
		r, err = d.searchPath(valuesOf(list))
	} else {
		r, err = d.assign(name, value)
	}
	if err != nil {
		return nil, err
	}
	out := row(texts("set_config"), value)
	out.then = r.then
	return out, nil
}

// assign sets a parameter, "default" to its value at the start.
func (d *dialog) assign(name, value string) (*result, error) {
	if strings.EqualFold(name, ofTransaction) && d.transaction == idle {
		return done("SET"), nil // which ends with the statement
	}
	if strings.EqualFold(value, "default") {
		d.settings.reset(name)
	} else {
		note, err := d.settings.set(name, value)
		if err != nil {
			return nil, err
		}
		if note != "" {
			d.notices = append(d.notices, note)
		}
	}
	r := done("SET")
	r.then = func() { d.report(name) }
	return r, nil
}

// report tells the client a value that it relies on.
func (d *dialog) report(names ...string) {
	for _, known := range reported {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, known) }) {
			value, _ := d.settings.get(known)
			d.conn.out.parameter(known, value)
		}
	}
}

// valuesOf are the values of a list.
func valuesOf(tokens []sqltext.Token) []string {
	out := []string{""}
	for _, t := range tokens {
		last := &out[len(out)-1]
		text, quoted := sqltext.Unquote(t.Text)
		switch {
		case t.Is(","):
			out = append(out, "")
		case t.Kind == sqltext.String && quoted:
			*last += text
		case t.Kind == sqltext.Quoted || t.Kind == sqltext.Bracketed:
			*last += t.Name()
		default:
			*last += t.Text
		}
	}
	return out
}

// searchPath makes the first schema of a list that there is that of unqualified
// tables. Those that PostgreSQL has and the gateway has not are passed over.
func (d *dialog) searchPath(names []string) (*result, error) {
	schema := ""
	for _, n := range names {
		if lower := strings.ToLower(n); n == "" || lower == "$user" || lower == "public" || lower == "default" || lower == "pg_catalog" || lower == "information_schema" {
			continue
		}
		schema = n
		break
	}
	before := d.schema
	d.schema = schema
	if err := d.checkSchema(); err != nil {
		d.schema = before
		return nil, state("3F000", gwerr.From(err))
	}
	return done("SET"), nil
}

// resetSchema goes back to the schema of the start.
func (d *dialog) resetSchema() error {
	before := d.schema
	_, d.schema, _ = strings.Cut(d.params["database"], ".")
	if d.schema == before {
		return nil
	}
	return d.checkSchema()
}

func reset(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	name := st.name(1)
	switch {
	case name == "":
		return nil, st.wrong(1, "RESET needs a name or ALL.")
	case name == "search_path" || name == "all":
		if err := d.resetSchema(); err != nil {
			return nil, err
		}
	case name == "session" || name == "role":
		return done("RESET"), nil
	case name == "time" && st.name(2) == "zone":
		name = "timezone"
	}
	r := done("RESET")
	if name == "all" {
		name = ""
		r.then = func() { d.report(reported...) }
	} else {
		r.then = func() { d.report(name) }
	}
	d.settings.reset(name)
	return r, nil
}

func show(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	name, i := st.name(1), 2
	switch {
	case name == "transaction" && st.name(2) == "isolation":
		name, i = "transaction_isolation", 4
	case name == "time" && st.name(2) == "zone":
		name, i = "timezone", 3
	case name == "session" && st.name(2) == "authorization":
		return row(texts("session_authorization"), d.params["user"]), nil
	case name == "search_path":
		return row(texts("search_path"), sqltext.Quote(d.shown)), nil
	case name == "all":
		return d.showAll(), nil
	}
	for ; i+1 < len(st.tokens) && st.tokens[i].Is("."); i += 2 {
		name += "." + st.name(i+1)
	}
	value, known := d.settings.get(name)
	if !known {
		return nil, state("42704", gwerr.Newf(gwerr.BadRequest, "There is no parameter named %q.", name))
	}
	label := name
	for _, r := range reported {
		if strings.EqualFold(r, name) {
			label = r
		}
	}
	return row(texts(label), value), nil
}

func (d *dialog) showAll() *result {
	var names []string
	for n := range defaults {
		names = append(names, n)
	}
	for n := range d.settings.own {
		if _, known := defaults[n]; !known {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	rows := make([][]string, len(names))
	for i, n := range names {
		value, _ := d.settings.get(n)
		rows[i] = []string{n, value, ""}
	}
	return rowsOf("SHOW", texts("name", "setting", "description"), rows...)
}

// discard forgets what the session holds, as pools do between two users of a
// connection.
func discard(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	switch what := st.name(1); what {
	case "all":
		d.statements = map[string]*statement{}
		for name, c := range d.cursors {
			c.close(nil)
			delete(d.cursors, name)
		}
		d.settings.reset("")
		if err := d.resetSchema(); err != nil {
			return nil, err
		}
		r := done("DISCARD ALL")
		r.then = func() { d.report(reported...) }
		return r, nil
	case "plans", "sequences", "temp", "temporary":
		return done("DISCARD " + strings.ToUpper(what)), nil
	default:
		return nil, st.wrong(1, "DISCARD needs ALL, PLANS, SEQUENCES or TEMP.")
	}
}

func deallocate(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	i := 1
	if st.name(i) == "prepare" && len(st.tokens) > 2 {
		i++
	}
	name := st.name(i)
	switch {
	case name == "":
		return nil, st.wrong(i, "DEALLOCATE needs a name or ALL.")
	case name == "all" && st.tokens[i].Kind == sqltext.Word:
		d.statements = map[string]*statement{}
		return done("DEALLOCATE ALL"), nil
	}
	if _, err := d.statement(name); err != nil {
		return nil, err
	}
	delete(d.statements, name)
	return done("DEALLOCATE"), nil
}

// moved places an error of a part of a statement in the whole.
func moved(err error, by int) error {
	if e := gwerr.From(err); e != nil && e.Position >= 0 {
		e.Position += by
	}
	return err
}

func itoa(n int) string { return strconv.Itoa(n) }
