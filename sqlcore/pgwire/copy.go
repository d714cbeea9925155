package pgwire

import (
	"encoding/binary"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// copyFormat is how COPY writes rows (PostgreSQL's page on COPY, "File Formats").
type copyFormat struct {
	kind             string // text, csv or binary
	header           bool
	delimiter, quote byte
	escape           byte
	null             string
	forced           map[string]bool // columns whose values are quoted; "*" for all
	names            []string
	begun            bool
	// head is what stands before the rows of the binary format. It belongs into
	// the message of the first row, or of the end: drivers read it there.
	head    []byte
	scratch []byte
}

// copyOut answers COPY (query) TO STDOUT and COPY table [(columns)] TO STDOUT.
func copyOut(d *dialog, st *statement, args []query.Parameter) (*result, error) {
	i := 1
	for ; i < len(st.tokens) && (st.tokens[i].Depth > 0 || !st.tokens[i].Is("to") && !st.tokens[i].Is("from")); i++ {
	}
	switch {
	case i >= len(st.tokens) || i == 1:
		return nil, st.wrong(i, "COPY needs a query or a table, TO and STDOUT.")
	case st.tokens[i].Is("from"):
		return copyIn(d, st, i)
	case i+1 >= len(st.tokens) || !st.tokens[i+1].Is("stdout"):
		return nil, gwerr.New(gwerr.NotImplemented, "Rows are copied to STDOUT alone.", "Use TO STDOUT; in psql, \\copy writes a file.").At(st.tokens[i].Start)
	}
	f, err := copyOptions(st, i+2)
	if err != nil {
		return nil, err
	}
	inner, shift := copied(st, i)
	if inner == nil {
		return nil, st.wrong(1, "COPY needs a query in parentheses, or a table.")
	}
	r, err := d.sql(inner, args)
	if err != nil {
		return nil, moved(err, shift)
	}
	r.copy, r.tag = f, "COPY {n}"
	if r.columns == nil {
		r.close(nil)
		return nil, gwerr.New(gwerr.BadRequest, "The statement gives no rows to copy.", "Add RETURNING.").At(0)
	}
	for _, c := range r.columns {
		f.names = append(f.names, c.name)
	}
	if f.kind != "binary" && len(r.columns) > 0 {
		f.scratch = make([]byte, 0, 256)
	}
	return r, nil
}

// copied is the query between COPY and TO, and how far its places are moved.
func copied(st *statement, to int) (inner *statement, shift int) {
	if st.tokens[1].Is("(") {
		if to < 4 || !st.tokens[to-1].Is(")") {
			return nil, 0
		}
		inner = st.part(2, to-1)
		for i := range inner.tokens {
			inner.tokens[i].Depth--
		}
		return inner, inner.offset - st.offset
	}
	columns, table := "*", st.tokens[1:to]
	for i, t := range table {
		if t.Is("(") {
			columns = st.text[t.End:table[len(table)-1].Start]
			table = table[:i]
			break
		}
	}
	if len(table) == 0 {
		return nil, 0
	}
	begin := "SELECT " + columns + " FROM "
	text := begin + st.text[table[0].Start:table[len(table)-1].End]
	all, err := split(text)
	if err != nil || len(all) != 1 {
		return nil, 0
	}
	return all[0], table[0].Start - len(begin)
}

// copyOptions reads what stands behind STDOUT: (FORMAT csv, HEADER), or the old
// form without parentheses.
func copyOptions(st *statement, i int) (*copyFormat, error) {
	f := &copyFormat{kind: "text", forced: map[string]bool{}}
	var delimiter, quote, escape, null *string
	if i < len(st.tokens) && st.tokens[i].Is("with") {
		i++
	}
	text := func(into **string) error {
		if i+1 < len(st.tokens) && st.tokens[i+1].Is("as") {
			i++
		}
		if i++; i >= len(st.tokens) || st.tokens[i].Kind != sqltext.String {
			return st.wrong(i, "The option needs a text in single quotes.")
		}
		value := unescaped(st.tokens[i].Text)
		*into = &value
		return nil
	}
	for ; i < len(st.tokens); i++ {
		t, err := st.tokens[i], error(nil)
		switch {
		case t.Is("("), t.Is(")"), t.Is(","), t.Is("format"):
		case t.Is("csv"), t.Is("binary"), t.Is("text"):
			f.kind = strings.ToLower(t.Text)
		case (t.Kind == sqltext.String || t.Kind == sqltext.Quoted) && st.tokens[i-1].Is("format"):
			if f.kind = strings.ToLower(t.Name()); t.Kind == sqltext.String {
				f.kind = strings.ToLower(unescaped(t.Text))
			}
		case t.Is("header"):
			f.header = true
			if next := st.name(i + 1); next == "false" || next == "off" || next == "true" || next == "on" {
				f.header = next == "true" || next == "on"
				i++
			}
		case t.Is("delimiter"):
			err = text(&delimiter)
		case t.Is("quote"):
			err = text(&quote)
		case t.Is("escape"):
			err = text(&escape)
		case t.Is("null"):
			err = text(&null)
		case t.Is("encoding"):
			var ignored *string
			err = text(&ignored)
		case t.Is("force_quote"), t.Is("force"):
			i = f.force(st, i)
		default:
			err = st.wrong(i, "COPY has no option of that name here.")
		}
		if err != nil {
			return nil, err
		}
	}
	return f, f.complete(st, delimiter, quote, escape, null)
}

// force reads the columns of FORCE_QUOTE, and returns the place of the last one.
func (f *copyFormat) force(st *statement, i int) int {
	for i++; i < len(st.tokens); i++ {
		switch t := st.tokens[i]; {
		case t.Is("quote"), t.Is("("):
		case t.Is("*"):
			f.forced["*"] = true
		case t.Is(",") && st.tokens[i-1].Depth > 0 && t.Depth == st.tokens[i-1].Depth && t.Depth > 1:
		case t.IsName():
			f.forced[st.name(i)] = true
		default:
			return i
		}
	}
	return i
}

// complete fills in what is not given.
func (f *copyFormat) complete(st *statement, delimiter, quote, escape, null *string) error {
	one := func(given *string, otherwise byte) (byte, error) {
		switch {
		case given == nil:
			return otherwise, nil
		case len(*given) != 1 || strings.ContainsAny(*given, "\r\n\x00"):
			return 0, gwerr.New(gwerr.BadRequest, "Delimiter, quote and escape are one character of ASCII each.", "").At(st.tokens[0].Start)
		}
		return (*given)[0], nil
	}
	separator := byte('\t')
	switch f.kind {
	case "csv":
		separator = ','
	case "text":
		f.null = `\N`
	case "binary":
		f.header = false
	default:
		return gwerr.Newf(gwerr.NotImplemented, "COPY knows no format %s.", f.kind).WithHint("Use text, csv or binary.").At(st.tokens[0].Start)
	}
	if null != nil {
		f.null = *null
	}
	var err error
	if f.delimiter, err = one(delimiter, separator); err != nil {
		return err
	}
	if f.quote, err = one(quote, '"'); err != nil {
		return err
	}
	f.escape, err = one(escape, f.quote)
	return err
}

// unescaped is the value of a text; E'\t' is a tab.
func unescaped(literal string) string {
	if len(literal) > 2 && (literal[0] == 'e' || literal[0] == 'E') {
		text, _ := sqltext.Unquote(literal[1:])
		return strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\\`, `\`, `\'`, "'").Replace(text)
	}
	text, _ := sqltext.Unquote(literal)
	return text
}

// format is that of the columns' values.
func (f *copyFormat) format() int16 {
	if f.kind == "binary" {
		return 1
	}
	return 0
}

// begin adds what stands before the rows.
func (f *copyFormat) begin(out *writer, columns int) {
	if f.begun {
		return
	}
	f.begun = true
	formats := make([]uint16, columns)
	for i := range formats {
		formats[i] = uint16(f.format())
	}
	out.message(&pgproto3.CopyOutResponse{OverallFormat: byte(f.format()), ColumnFormatCodes: formats})
	switch {
	case f.kind == "binary":
		f.head = append([]byte("PGCOPY\n\xff\r\n\x00"), make([]byte, 8)...)
	case f.header:
		at := out.open('d')
		for i, name := range f.names {
			if i > 0 {
				out.buf = append(out.buf, f.delimiter)
			}
			out.buf = f.value(out.buf, []byte(name), false)
		}
		out.buf = append(out.buf, '\n')
		out.close(at)
	}
}

// row adds the row that a result stands at.
func (f *copyFormat) row(out *writer, r *result) {
	at := out.open('d')
	if f.kind == "binary" {
		out.buf, f.head = append(out.buf, f.head...), nil
		out.buf = binary.BigEndian.AppendUint16(out.buf, uint16(len(r.encoders)))
	}
	for i, e := range r.encoders {
		null := r.batch.Record.Column(i).IsNull(r.at)
		switch {
		case f.kind == "binary" && null:
			out.buf = append32(out.buf, 1<<32-1)
			continue
		case f.kind == "binary":
			out.buf = appendSized(out.buf, e, r.at)
			continue
		case i > 0:
			out.buf = append(out.buf, f.delimiter)
		}
		if null {
			out.buf = append(out.buf, f.null...)
			continue
		}
		f.scratch = e(f.scratch[:0], r.at)
		out.buf = f.value(out.buf, f.scratch, f.forced["*"] || f.forced[strings.ToLower(f.names[i])] || f.forced[f.names[i]] || len(r.encoders) == 1 && string(f.scratch) == `\.`)
	}
	if f.kind != "binary" {
		out.buf = append(out.buf, '\n')
	}
	out.close(at)
}

// value adds a value that isn't null.
func (f *copyFormat) value(dst, v []byte, quoted bool) []byte {
	if f.kind == "csv" {
		if !quoted && string(v) != f.null && !strings.ContainsAny(string(v), string([]byte{f.delimiter, f.quote, '\n', '\r'})) {
			return append(dst, v...)
		}
		dst = append(dst, f.quote)
		for _, c := range v {
			if c == f.quote || c == f.escape {
				dst = append(dst, f.escape)
			}
			dst = append(dst, c)
		}
		return append(dst, f.quote)
	}
	for _, c := range v {
		switch c {
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\v':
			dst = append(dst, '\\', 'v')
		case '\\', f.delimiter:
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// end adds what stands behind the rows.
func (f *copyFormat) end(out *writer) {
	if f.kind == "binary" {
		out.message(&pgproto3.CopyData{Data: append(f.head, 0xff, 0xff)})
	}
	out.message(&pgproto3.CopyDone{})
}
