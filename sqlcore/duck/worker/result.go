//go:build duckdb_arrow

package worker

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp"

	"github.com/apache/arrow-go/v18/arrow"
	db "github.com/duckdb/duckdb-go-bindings"
	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// give sends the result as far as it is wanted.
func (w *job) give(st *stream) error {
	schema, err := wire.EncodeSchema(st.schema)
	if err != nil {
		return err
	}
	if err := w.w.c.Send(wire.Schema, 0, schema); err != nil {
		return err
	}
	var encoder wire.Encoder
	for {
		rec, err := st.next(w.ctx)
		if err != nil {
			return err
		}
		if rec == nil {
			return w.inputError()
		}
		err = w.giveParts(&encoder, rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
}

// partSize is the size of a batch above which it is sent in parts: the service
// holds some batches of each result.
const partSize = 2 << 20

// giveParts sends a batch in parts of about the same number of rows, and those
// in parts again where that was not enough.
func (w *job) giveParts(encoder *wire.Encoder, rec arrow.RecordBatch) error {
	size, rows := uint64(0), rec.NumRows()
	for _, c := range rec.Columns() {
		size += c.Data().SizeInBytes()
	}
	step := max(rows/int64(size/partSize+1), 1)
	for from := int64(0); from < rows; from += step {
		part := rec.NewSlice(from, min(from+step, rows))
		err := w.givePart(encoder, part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *job) givePart(encoder *wire.Encoder, part arrow.RecordBatch) error {
	body, err := encoder.Encode(part)
	if err != nil {
		return err
	}
	if half := part.NumRows() / 2; half > 0 && len(body) > 2*partSize {
		for _, at := range [][2]int64{{0, half}, {half, part.NumRows()}} {
			piece := part.NewSlice(at[0], at[1])
			err := w.givePart(encoder, piece)
			piece.Release()
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := w.w.taken.use(w.ctx); err != nil {
		return err
	}
	return w.w.c.Send(wire.Batch, 0, body)
}

// resultSchema gives the schema that consumers see: plain types, and names as
// PostgreSQL has them.
func resultSchema(in *arrow.Schema) *arrow.Schema {
	fields := make([]arrow.Field, in.NumFields())
	for i, f := range in.Fields() {
		t := f.Type
		if ext, ok := t.(arrow.ExtensionType); ok {
			t = ext.StorageType()
		}
		fields[i] = arrow.Field{Name: resultName(f.Name), Type: t, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// resultName is the name of a result's column where only the engine's is
// known. What COLUMNS('…') stands for is written there with its catalog.
func resultName(name string) string {
	if name == "count_star()" {
		return "count"
	}
	return innerCatalogs.ReplaceAllString(name, "")
}

// innerCatalogs matches the catalogs of shadow tables and of jobs.
var innerCatalogs = regexp.MustCompile(`\b(shadow_[0-9]+|q_[0-9a-f]{24})\.`)

// bindUUID sets a parameter to an id. As a text it would be compared as text.
func (s *statement) bindUUID(at db.IdxT, text string) db.State {
	id, err := uuid.Parse(text)
	if err != nil {
		return db.StateError
	}
	v := db.CreateUUID(db.NewUHugeInt(binary.BigEndian.Uint64(id[8:]), binary.BigEndian.Uint64(id[:8])))
	defer db.DestroyValue(&v)
	return db.BindValue(s.p, at, v)
}

// bind sets a statement's parameters. Each gets the type that the engine has
// found for it, so that the statement need not be planned again.
func (s *statement) bind(values []predicate.Value) error {
	if n := int(db.NParams(s.p)); n != len(values) {
		return gwerr.New(gwerr.BadParameter, fmt.Sprintf("The query has %d parameters; %d values are given.", n, len(values)), "")
	}
	for i, v := range values {
		at := db.IdxT(i + 1)
		var state db.State
		switch v.Kind {
		case predicate.Bool:
			state = db.BindBoolean(s.p, at, v.Bool)
		case predicate.Int:
			if db.ParamType(s.p, at) != db.TypeBigInt && v.Int >= math.MinInt32 && v.Int <= math.MaxInt32 {
				state = db.BindInt32(s.p, at, int32(v.Int))
			} else {
				state = db.BindInt64(s.p, at, v.Int)
			}
		case predicate.UUID:
			state = s.bindUUID(at, v.Str)
		case predicate.Float:
			state = db.BindDouble(s.p, at, v.Float)
		case predicate.Time:
			state = db.BindTimestampTZ(s.p, at, db.NewTimestamp(v.Time.UnixMicro()))
		default:
			state = db.BindVarcharLength(s.p, at, v.Str, db.IdxT(len(v.Str)))
		}
		if state == db.StateError {
			return gwerr.New(gwerr.BadParameter, fmt.Sprintf("The value of parameter %d does not fit.", i+1), "")
		}
	}
	return nil
}
