package format

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// arrowWriter writes the Arrow IPC streaming format.
type arrowWriter struct {
	schema *arrow.Schema
	w      *ipc.Writer
}

func newArrow(out io.Writer, o Options) (Writer, error) {
	schema := oneUnit(o.Schema)
	return &arrowWriter{schema: schema, w: ipc.NewWriter(out, ipc.WithSchema(schema))}, nil
}

// Write implements Writer.
func (a *arrowWriter) Write(batch arrow.RecordBatch) error {
	out := converted(batch, a.schema)
	defer out.Release()
	return a.w.Write(out)
}

// Close implements Writer.
func (a *arrowWriter) Close() error { return a.w.Close() }
