package pingone

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/go-faster/jx"
)

// redact writes a JSON value without the members of some names, letter case
// ignored, at any depth.
func redact(to *bytes.Buffer, j *jx.Decoder, names []string) error {
	between := byte(0)
	item := func() {
		if between != 0 {
			to.WriteByte(between)
		}
		between = ','
	}
	switch j.Next() {
	case jx.Object:
		to.WriteByte('{')
		err := j.ObjBytes(func(j *jx.Decoder, key []byte) error {
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, string(key)) }) {
				return j.Skip()
			}
			item()
			name, err := json.Marshal(string(key))
			if err != nil {
				return err
			}
			to.Write(name)
			to.WriteByte(':')
			return redact(to, j, names)
		})
		to.WriteByte('}')
		return err
	case jx.Array:
		to.WriteByte('[')
		err := j.Arr(func(j *jx.Decoder) error {
			item()
			return redact(to, j, names)
		})
		to.WriteByte(']')
		return err
	default:
		raw, err := j.Raw()
		if err != nil {
			return err
		}
		return json.Compact(to, raw)
	}
}

// appendNames appends the names of an object's members.
func (d *decoder) appendNames(j *jx.Decoder, i int) (bool, error) {
	if j.Next() != jx.Object {
		return false, j.Skip()
	}
	d.pad(i)
	b := d.builders[i].(*array.ListBuilder)
	values := b.ValueBuilder().(*array.StringBuilder)
	b.Append(true)
	return true, j.ObjBytes(func(j *jx.Decoder, key []byte) error {
		values.BinaryBuilder.Append(d.valid(key))
		return j.Skip()
	})
}
