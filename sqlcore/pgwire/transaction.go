package pgwire

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

func endsTransaction(st *statement) bool {
	switch st.verb() {
	case "rollback", "commit", "end", "abort":
		return true
	default:
		return false
	}
}

// begin, commit and rollback do nothing but what clients wait for: statements
// take effect at once, and PingOne undoes none of them.
func begin(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	if d.transaction == inside {
		d.conn.out.notice("WARNING", "25001", "There is a transaction in progress already.")
	} else {
		d.notices = append(d.notices, "There are no transactions: each statement takes effect at once, and ROLLBACK undoes nothing.")
	}
	d.transaction, d.changed = inside, false
	_, err := d.access(st, ofTransaction)
	return done("BEGIN"), err
}

// access takes READ ONLY and READ WRITE among a transaction's modes.
func (d *dialog) access(st *statement, parameter string) (*result, error) {
	for i := range len(st.tokens) - 1 {
		switch mode := st.tokens[i+1]; {
		case !st.tokens[i].Is("read"):
		case mode.Is("only"):
			return d.assign(parameter, "on")
		case mode.Is("write"):
			return d.assign(parameter, "off")
		}
	}
	return done("SET"), nil
}

func commit(d *dialog, st *statement, args []query.Parameter) (*result, error) {
	if d.transaction == aborted {
		return rollback(d, st, args)
	}
	d.endTransaction()
	return done("COMMIT"), nil
}

func rollback(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	if st.has("to") {
		if d.transaction == idle {
			return nil, state("25P01", gwerr.New(gwerr.BadRequest, "There is no transaction to go back in.", "Send BEGIN first."))
		}
		d.warnOfChanges()
		d.transaction = inside
		return done("ROLLBACK"), nil
	}
	d.warnOfChanges()
	d.endTransaction()
	return done("ROLLBACK"), nil
}

func (d *dialog) warnOfChanges() {
	if d.changed && d.transaction != idle {
		d.conn.out.notice("WARNING", "01000", "The transaction's changes stay: PingOne undoes none of them.")
	}
}

func (d *dialog) endTransaction() {
	if d.transaction == idle {
		d.conn.out.notice("WARNING", "25P01", "There is no transaction in progress.")
	}
	d.transaction, d.changed = idle, false
	d.settings.reset(ofTransaction)
	d.closePortals()
}

func savepoint(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	if d.transaction == idle {
		return nil, state("25P01", gwerr.New(gwerr.BadRequest, strings.ToUpper(st.verb())+" has a place in transactions alone.", "Send BEGIN first."))
	}
	return done(strings.ToUpper(st.verb())), nil
}
