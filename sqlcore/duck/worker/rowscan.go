//go:build duckdb_arrow

package worker

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	db "github.com/duckdb/duckdb-go-bindings"
)

// vectorSize is the number of rows of the engine's chunks.
const vectorSize = 2048

// rowScan is one reading of a stream by the engine: some of its columns, in
// chunks.
type rowScan struct {
	r       *batchReader
	columns []int // positions in the stream; beyond its end: no column
	schema  *arrow.Schema
	c       *conn // for converting; the query's own is busy
	types   db.ArrowConvertedSchema
	batch   arrow.RecordBatch // nil before the first and after the last
	at      int64
}

// scan begins a reading of the columns.
func (r *batchReader) scan(columns []int) (*rowScan, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	s := &rowScan{r: r, columns: columns}
	var fields []arrow.Field
	for _, c := range columns {
		if c < r.schema.NumFields() && !r.padded {
			fields = append(fields, r.schema.Field(c))
		}
	}
	s.schema = arrow.NewSchema(fields, nil)
	if len(fields) == 0 {
		return s, nil
	}
	c, err := r.connect()
	if err != nil {
		return nil, err
	}
	s.c = c
	types, data := db.SchemaFromArrow(c.c, s.schema)
	s.types = types
	if err := dataError(data); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// fill puts the next rows into a chunk, none at the end.
func (s *rowScan) fill(out db.DataChunk) error {
	if s.batch == nil || s.at >= s.batch.NumRows() {
		s.drop()
		batch, err := s.r.next()
		if err != nil || batch == nil {
			db.DataChunkSetSize(out, 0)
			return err
		}
		s.batch, s.at = batch, 0
	}
	end := min(s.at+vectorSize, s.batch.NumRows())
	if err := s.copy(out, end); err != nil {
		return err
	}
	db.DataChunkSetSize(out, db.IdxT(end-s.at))
	s.at = end
	return nil
}

// copy lets the chunk's vectors refer to the rows from s.at to end.
func (s *rowScan) copy(out db.DataChunk, end int64) error {
	if s.schema.NumFields() == 0 {
		return nil
	}
	var columns []arrow.Array
	for _, c := range s.columns {
		if c < s.r.schema.NumFields() {
			columns = append(columns, array.NewSlice(s.batch.Column(c), s.at, end))
		}
	}
	rec := array.NewRecordBatch(s.schema, columns, end-s.at)
	for _, c := range columns {
		c.Release()
	}
	defer rec.Release()
	chunk, data := db.DataChunkFromArrow(s.c.c, rec, s.types)
	if err := dataError(data); err != nil {
		return err
	}
	defer db.DestroyDataChunk(&chunk)
	from := db.IdxT(0)
	for i, c := range s.columns {
		if c < s.r.schema.NumFields() {
			db.VectorReferenceVector(db.DataChunkGetVector(out, db.IdxT(i)), db.DataChunkGetVector(chunk, from))
			from++
		}
	}
	return nil
}

func (s *rowScan) drop() {
	if s.batch != nil {
		s.batch.Release()
		s.batch = nil
	}
}

func (s *rowScan) close() {
	s.drop()
	db.DestroyArrowConvertedSchema(&s.types)
	if s.c != nil {
		s.c.close()
	}
}
