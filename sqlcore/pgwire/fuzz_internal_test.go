package pgwire

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// FuzzParameter: bytes are a value of the type that a client names, or refused; an array
// has as many elements as are allowed.
func FuzzParameter(f *testing.F) {
	for _, text := range []string{"", "1", "-0.50", "2024-02-29 10:11:12+02", `{a,"b \" c",NULL,{}}`, "{1,2}", "t", "\\x00ff", "NaN", "00000000-0000-4000-8000-000000000001"} {
		for _, oid := range []uint32{0, pgtype.BoolOID, pgtype.ByteaOID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float8OID, pgtype.NumericOID, pgtype.DateOID, pgtype.TimestamptzOID, pgtype.UUIDOID, pgtype.JSONBOID, 1000, 1009, 1231, 1185} {
			f.Add(oid, false, []byte(text))
		}
	}
	f.Add(uint32(pgtype.NumericOID), true, appendNumeric(nil, "-12345.678"))
	f.Add(uint32(1009), true, []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x19\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01a\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, oid uint32, inBinary bool, raw []byte) {
		p, err := parameter(oid, inBinary, raw)
		if err != nil {
			if e := gwerr.From(err); e.Code == gwerr.Internal {
				t.Fatalf("type %d, %q: %v", oid, raw, err)
			}
			return
		}
		if len(p.List) > maxItems {
			t.Fatalf("type %d: %d elements", oid, len(p.List))
		}
		if oid == pgtype.NumericOID && !inBinary && !p.Null && p.Value.Kind != predicate.Float {
			text := p.Value.Text()
			if len(text) > 40 || strings.Trim(text, "-0123456789.") != "" {
				return
			}
			again, err := parameter(oid, true, appendNumeric(nil, text))
			if err != nil || !sameNumber(text, again.Value.Text()) {
				t.Fatalf("%q is sent and read as %q: %v", text, again.Value.Text(), err)
			}
		}
	})
}

// sameNumber compares decimal numbers by their digits.
func sameNumber(a, b string) bool {
	plain := func(s string) string {
		s, negative := strings.CutPrefix(s, "-")
		whole, fraction, _ := strings.Cut(s, ".")
		s = strings.TrimLeft(whole, "0") + "." + strings.TrimRight(fraction, "0")
		if negative && s != "." {
			s = "-" + s
		}
		return s
	}
	return plain(a) == plain(b)
}

// FuzzCopy: records that are written as COPY's formats have them are read again; any
// other bytes become records or are refused.
func FuzzCopy(f *testing.F) {
	for _, s := range []string{"", "a\tb\n\\N\t\\\\\n", `a,"b ""c"",` + "\n\"", "\\.", "a\\", "\r\n\r", "\\b\\", "a\x00b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, format := range []*copyFormat{
			{kind: "text", delimiter: '\t', null: `\N`}, {kind: "csv", delimiter: ',', quote: '"', escape: '"'}, {kind: "csv", delimiter: ';', quote: '\'', escape: '\\', null: "-"},
		} {
			records, err := format.read(raw)
			if err != nil && gwerr.From(err).Code == gwerr.Internal {
				t.Fatalf("%s of %q: %v", format.kind, raw, err)
			}
			for _, r := range records {
				if len(r) == 0 {
					t.Fatalf("%s of %q: a record without a value", format.kind, raw)
				}
			}
			values := bytes.Split(raw, []byte{0})
			records, err = format.read(written(format, values))
			if err != nil || len(records) != 1 {
				t.Fatalf("%s of %q: %d records, %v", format.kind, values, len(records), err)
			}
			same := slices.EqualFunc(records[0], values, func(f field, v []byte) bool { return !f.null && bytes.Equal(f.text, v) })
			if !same {
				t.Fatalf("%s of %q: %v", format.kind, values, records[0])
			}
		}
	})
}

// written is a record in which everything stands behind a backslash, or in quotes.
func written(f *copyFormat, values [][]byte) (out []byte) {
	for i, v := range values {
		if i > 0 {
			out = append(out, f.delimiter)
		}
		if f.kind == "csv" {
			out = append(out, f.quote)
		} else if len(v) == 0 {
			continue
		}
		for _, c := range v {
			switch {
			case f.kind == "csv" && (c == f.quote || c == f.escape):
				out = append(out, f.escape)
			case f.kind == "text" && c == '\n':
				out, c = append(out, '\\'), 'n'
			case f.kind == "text" && c == '\r':
				out, c = append(out, '\\'), 'r'
			case f.kind == "text" && (c == '\\' || c == f.delimiter):
				out = append(out, '\\')
			}
			out = append(out, c)
		}
		if f.kind == "csv" {
			out = append(out, f.quote)
		}
	}
	return append(out, '\n')
}

// TestDecimalsInBinary: what few bytes tell of more digits than any number here has is
// refused before it is counted out.
func TestDecimalsInBinary(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw  string
		want string // "" where it is refused
	}{
		"whole":                      {"\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07", "7"},
		"with places":                {"\x00\x02\x00\x00\x40\x00\x00\x02\x00\x07\x13\x88", "-7.5"},
		"as large as 64 bits take":   {"\x00\x01\x00\x4c\x00\x00\x00\x00\x00\x01", "1e+304"},
		"as small":                   {"\x00\x01\xff\xb4\x00\x00\x01\x30\x00\x01", "1e-304"},
		"too large":                  {"\x00\x01\x7f\xff\x00\x00\x00\x00\x00\x01", ""},
		"too large, with places":     {"\x00\x01\x7f\xff\x00\x00\x7f\xff\x00\x01", ""},
		"too small":                  {"\x00\x01\x80\x00\x00\x00\x00\x01\x00\x01", ""},
		"with too many places":       {"\x00\x01\x00\x00\x00\x00\x7f\xff\x00\x01", ""},
		"with too many digits":       {"\x01\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00\x01", 256), ""},
		"without the digits it says": {"\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01", ""},
		"cut off":                    {"\x00\x01\x00\x00", ""},
		"no number":                  {"\x00\x00\x00\x00\xc0\x00\x00\x00", ""},
		"infinity":                   {"\x00\x00\x00\x00\xd0\x00\x00\x00", ""},
	} {
		p, err := binaryNumeric([]byte(c.raw))
		if got := p.Value.Text(); (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%s: %s, %v, want %q", name, got, err, c.want)
		}
		if err != nil && !gwerr.Is(err, gwerr.BadParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
