package procedure

import (
	"encoding/json"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Of gives a declared procedure, which still lacks its Run.
func Of(d *catalog.Procedure) Procedure {
	p := Procedure{Name: d.Signature.Name, Doc: d.Signature.Doc, InEnvironment: true, Writes: d.Call != nil}
	for _, in := range d.Inputs {
		p.Inputs = append(p.Inputs, Input{
			Name: in.Column.Name, Type: in.Column.Type, Required: in.Column.Needed, Default: in.Default, Values: in.Column.Values, Doc: in.Column.Doc, Right: in.Right,
		})
	}
	for _, out := range d.Outputs {
		p.Outputs = append(p.Outputs, Output{Name: out.Column.Name, Type: out.Column.Type, Doc: out.Column.Doc})
	}
	return p
}

// JSON gives an input as JSON, nil where it is null. Times are in UTC, with
// milliseconds (RFC 3339).
func (in Inputs) JSON(name string) json.RawMessage {
	i := in.procedure.input(name)
	if i < 0 || in.cells[i] == nil {
		return nil
	}
	cell := in.cells[i]
	switch v := cell.(type) {
	case time.Time:
		cell = v.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	case string:
		if in.procedure.Inputs[i].Type == catalog.JSON {
			return json.RawMessage(v)
		}
	}
	text, _ := json.Marshal(cell) // of what Bind takes there is always one
	return text
}

// Cell gives a JSON value as a cell of an output, nil where it is not of the type.
func Cell(raw json.RawMessage, t catalog.Type) any {
	if raw == nil {
		return nil
	}
	switch t {
	case catalog.Bool:
		return read[bool](raw)
	case catalog.Int32, catalog.Int64:
		return read[int64](raw)
	case catalog.Float64:
		return read[float64](raw)
	case catalog.Timestamp:
		return read[time.Time](raw)
	case catalog.StringList:
		return read[[]string](raw)
	case catalog.Int32List:
		return read[[]int64](raw)
	case catalog.JSON:
		return string(raw)
	case catalog.String, catalog.GUID:
		return read[string](raw)
	}
	return nil
}

func read[T any](raw json.RawMessage) any {
	var v T
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}
