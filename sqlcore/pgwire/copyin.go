package pgwire

import (
	"bytes"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// copyIn answers COPY table [(columns)] FROM STDIN: the rows are those of one
// INSERT, which bounds them, as a message bounds their bytes. at is the place of
// FROM.
func copyIn(d *dialog, st *statement, at int) (*result, error) {
	if at+1 >= len(st.tokens) || !st.tokens[at+1].Is("stdin") {
		return nil, gwerr.New(gwerr.NotImplemented, "Rows are copied from STDIN alone.", "Use FROM STDIN; in psql, \\copy reads a file.").At(st.tokens[at].Start)
	}
	f, err := copyOptions(st, at+2)
	if err != nil {
		return nil, err
	}
	if f.kind == "binary" {
		return nil, gwerr.New(gwerr.NotImplemented, "COPY … FROM reads text and CSV.", "Leave BINARY out.").At(st.tokens[at].Start)
	}
	table, shift := copied(st, at)
	if table == nil || st.tokens[1].Is("(") {
		return nil, st.wrong(1, "COPY … FROM needs a table.")
	}
	if err := d.describeStatement(table); err != nil {
		return nil, moved(err, shift)
	}
	raw, err := d.receiveCopy(len(table.columns))
	if err != nil {
		return nil, err
	}
	records, err := f.read(raw)
	if err != nil {
		return nil, err
	}
	if f.header && len(records) > 0 {
		records = records[1:]
	}
	if len(records) == 0 {
		return done("COPY 0"), nil
	}
	insert, args, err := insertOf(table, records)
	if err != nil {
		return nil, err
	}
	r, err := d.sql(insert, args)
	if err != nil {
		relocate(err, nowhere)
		return nil, err
	}
	r.tag = "COPY " + strings.TrimPrefix(r.tag, "INSERT 0 ")
	return r, nil
}

// receiveCopy asks for the rows, of so many columns, and takes them (section
// 55.2.6). It takes all that is sent, so that what follows is understood.
func (d *dialog) receiveCopy(columns int) ([]byte, error) {
	d.conn.out.message(&pgproto3.CopyInResponse{ColumnFormatCodes: make([]uint16, columns)})
	if err := d.conn.out.flush(); err != nil {
		return nil, err
	}
	var raw []byte
	most, tooLong := d.conn.server.cfg.MessageBytes, false
	for {
		m, err := d.conn.backend.Receive()
		if err != nil {
			return nil, fatal{received(err)}
		}
		switch m := m.(type) {
		case *pgproto3.CopyData:
			if tooLong = tooLong || len(raw)+len(m.Data) > most; !tooLong {
				raw = append(raw, m.Data...)
			}
		case *pgproto3.Flush, *pgproto3.Sync:
		case *pgproto3.CopyFail:
			return nil, state("57014", gwerr.Newf(gwerr.Canceled, "The client gave up: %s.", strings.TrimSuffix(m.Message, ".")))
		case *pgproto3.CopyDone:
			if tooLong {
				return nil, state("54000", gwerr.Newf(gwerr.TooLarge, "The rows take more than %d bytes.", most).WithHint("Copy them in portions."))
			}
			return raw, nil
		default:
			return nil, fatal{protocolError("Rows of COPY were expected.")}
		}
	}
}

// insertOf is the INSERT of records into the columns that a query of the table
// was described with.
func insertOf(table *statement, records [][]field) (*statement, []query.Parameter, error) {
	var text strings.Builder
	var args []query.Parameter
	from := slices.IndexFunc(table.tokens, func(t sqltext.Token) bool { return t.Depth == 0 && t.Is("from") })
	text.WriteString("INSERT INTO" + table.text[table.tokens[from].End:] + " (")
	for i, c := range table.columns {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(sqltext.Quote(c.name))
	}
	text.WriteString(") VALUES ")
	for n, record := range records {
		if len(record) != len(table.columns) {
			return nil, nil, state("22P04", gwerr.Newf(gwerr.BadRequest, "Row %d has %d values for %d columns.", n+1, len(record), len(table.columns)))
		}
		separator := ", ("
		if n == 0 {
			separator = "("
		}
		for i, value := range record {
			p := query.Parameter{Null: true}
			if !value.null {
				var err error
				if p, err = parameter(table.columns[i].oid, false, value.text); err != nil {
					e := gwerr.From(err)
					e.Target = table.columns[i].name
					e.Message = "Row " + itoa(n+1) + ": " + strings.Replace(e.Message, "a parameter", e.Target, 1)
					return nil, nil, err
				}
			}
			args = append(args, p)
			text.WriteString(separator + "$" + itoa(len(args)))
			separator = ", "
		}
		text.WriteByte(')')
	}
	all, err := split(text.String())
	if err != nil {
		return nil, nil, gwerr.New(gwerr.TooLarge, "There are too many rows for one statement.", "Copy them in portions.")
	}
	return all[0], args, nil
}

// field is a value of a record.
type field struct {
	text []byte
	null bool
}

// read takes records apart.
func (f *copyFormat) read(raw []byte) (out [][]field, err error) {
	for len(raw) > 0 && !ended(raw) {
		var record []field
		if f.kind == "csv" {
			record, raw, err = f.csvRecord(raw)
		} else {
			record, raw = f.textRecord(raw)
		}
		if err != nil {
			e := gwerr.From(err)
			e.Message = "Row " + itoa(len(out)+1) + ": " + e.Message
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

// ended tells whether a line marks the end, as files have it. A value that reads so
// stands behind a backslash or in quotes.
func ended(raw []byte) bool {
	line, _, _ := bytes.Cut(raw, []byte{'\n'})
	return string(bytes.TrimSuffix(line, []byte{'\r'})) == `\.`
}

// textRecord reads a line of the text format.
func (f *copyFormat) textRecord(raw []byte) (record []field, rest []byte) {
	line, rest, _ := bytes.Cut(raw, []byte{'\n'})
	line = bytes.TrimSuffix(line, []byte{'\r'})
	for from, i := 0, 0; i <= len(line); i++ {
		switch {
		case i == len(line) || line[i] == f.delimiter:
			value := line[from:i]
			record = append(record, field{text: plain(value), null: string(value) == f.null})
			from = i + 1
		case line[i] == '\\' && i+1 < len(line):
			i++ // whatever it is
		}
	}
	return record, rest
}

// escapes are the letters that stand for other characters behind a backslash.
var escapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// plain is a value of the text format without its backslashes.
func plain(value []byte) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			i++
			if c = value[i]; escapes[c] != 0 {
				c = escapes[c]
			}
		}
		out = append(out, c)
	}
	return out
}

// csvRecord reads a record of CSV, which may have several lines.
func (f *copyFormat) csvRecord(raw []byte) (record []field, rest []byte, err error) {
	value := []byte{}
	open, quoted := false, false
	end := func() {
		record = append(record, field{text: value, null: !quoted && string(value) == f.null})
		value, quoted = []byte{}, false
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case open && c == f.escape && i+1 < len(raw) && (raw[i+1] == f.quote || raw[i+1] == f.escape):
			i++
			value = append(value, raw[i])
		case c == f.quote:
			open, quoted = !open, true
		case open:
			value = append(value, c)
		case c == f.delimiter:
			end()
		case c == '\n':
			end()
			return record, raw[i+1:], nil
		case c == '\r' && (i+1 == len(raw) || raw[i+1] == '\n'):
		default:
			value = append(value, c)
		}
	}
	if open {
		return nil, nil, state("22P04", gwerr.New(gwerr.BadRequest, "a quote is not closed.", ""))
	}
	end()
	return record, nil, nil
}
