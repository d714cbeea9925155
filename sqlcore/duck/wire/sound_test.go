package wire

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// metaOf is the metadata of a schema's message.
func metaOf(t *testing.T, s *arrow.Schema) []byte {
	t.Helper()
	body, err := EncodeSchema(s)
	require.NoError(t, err)
	return body[lengthSize+prefixSize:]
}

func nested(depth int) arrow.DataType {
	out := arrow.PrimitiveTypes.Int32
	for range depth {
		out = arrow.ListOf(out)
	}
	return out
}

func schemaOf(types ...arrow.DataType) *arrow.Schema {
	var fields []arrow.Field
	for _, typ := range types {
		fields = append(fields, arrow.Field{Name: "x", Type: typ, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// TestSoundSchemas: what an engine sends is taken, and what is deeper or larger than
// it may be is not.
func TestSoundSchemas(t *testing.T) {
	t.Parallel()
	notes := func(n int) arrow.Metadata {
		return arrow.NewMetadata(strings.Fields(strings.Repeat("k ", n)), strings.Fields(strings.Repeat("v ", n)))
	}
	many := make([]arrow.DataType, 1000)
	for i := range many {
		many[i] = arrow.BinaryTypes.String
	}
	withNotes := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.FixedWidthTypes.Timestamp_us, Metadata: notes(9)}}, ptr(notes(9)))
	for name, c := range map[string]struct {
		schema *arrow.Schema
		sound  bool
	}{
		"no fields":     {schemaOf(), true},
		"many fields":   {schemaOf(many...), true},
		"deep lists":    {schemaOf(nested(maxTypeDepth - 1)), true},
		"deeper ones":   {schemaOf(nested(maxTypeDepth)), false},
		"beside others": {schemaOf(arrow.PrimitiveTypes.Int32, nested(maxTypeDepth)), false},
		"structs":       {schemaOf(arrow.StructOf(arrow.Field{Name: "a", Type: arrow.FixedWidthTypes.Timestamp_us}, arrow.Field{Name: "b", Type: nested(3)})), true},
		"a union":       {schemaOf(arrow.SparseUnionOf([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int32}}, []arrow.UnionTypeCode{7})), true},
		"notes":         {withNotes, true},
		"a large name":  {arrow.NewSchema([]arrow.Field{{Name: strings.Repeat("x", maxMeta), Type: arrow.BinaryTypes.String}}, nil), false},
		"a map":         {schemaOf(arrow.MapOf(arrow.BinaryTypes.String, nested(2))), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := sound(metaOf(t, c.schema))
			assert.Equal(t, c.sound, err == nil, "%v", err)
			_, err = DecodeSchema(append(make([]byte, 0), mustEncode(t, c.schema)...))
			assert.Equal(t, c.sound, err == nil, "%v", err)
		})
	}
	for _, meta := range [][]byte{nil, {1}, {255, 255, 255, 255, 0, 0, 0, 0}} {
		assert.ErrorIs(t, sound(meta), errUnsound, "%v", meta)
	}
}

func mustEncode(t *testing.T, s *arrow.Schema) []byte {
	t.Helper()
	body, err := EncodeSchema(s)
	require.NoError(t, err)
	return body
}

func ptr[T any](v T) *T { return &v }

// TestClaimsAreCharged changes a schema's message so that it says that it holds more
// than it does.
func TestClaimsAreCharged(t *testing.T) {
	t.Parallel()
	meta := metaOf(t, arrow.NewSchema([]arrow.Field{{Name: "column", Type: arrow.FixedWidthTypes.Timestamp_us, Metadata: arrow.NewMetadata([]string{"key"}, []string{"value"})}}, nil))
	require.NoError(t, sound(meta))
	refused := 0
	for at := 0; at+4 <= len(meta); at += 4 {
		changed := append([]byte(nil), meta...)
		changed[at+2] = 0x7F // a length, or a place, beyond all bytes
		if sound(changed) != nil {
			refused++
		}
	}
	assert.Greater(t, refused, len(meta)/16, "of %d words", len(meta)/4)
}

// TestEnded looks at a connection's other side without waiting.
func TestEnded(t *testing.T) {
	t.Parallel()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	var ends [2]*Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "end")
		c, err := net.FileConn(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		ends[i] = NewConn(c)
	}
	defer ends[0].Close()
	assert.False(t, ends[0].Ended(), "it is there")
	require.NoError(t, ends[1].Send(More, 1, nil))
	assert.False(t, ends[0].Ended(), "something is on its way")
	_, err = ends[0].Receive()
	require.NoError(t, err)
	require.NoError(t, ends[1].Close())
	assert.True(t, ends[0].Ended(), "it has gone")
	require.NoError(t, ends[0].Close())
	assert.True(t, ends[0].Ended(), "so have we")
	a, _ := net.Pipe()
	assert.False(t, NewConn(a).Ended(), "what can't be told")
}

// TestTablesComeThrough: a process knows of a table what it has to.
func TestTablesComeThrough(t *testing.T) {
	t.Parallel()
	for schema, want := range map[*catalog.Schema]string{{Name: "Town"}: "Town", {Name: "pg_catalog", System: true}: (&catalog.Schema{Name: "pg_catalog", System: true}).EngineName()} {
		in := &catalog.Table{Name: "Users", Doc: "secret", Schema: schema, Columns: []catalog.Column{
			{Name: "Id", Type: catalog.GUID, Key: true, Doc: "secret"}, {Name: "Tags", Type: catalog.StringList},
		}}
		out := TableOf(in).Catalog()
		assert.Equal(t, want, out.Schema.Name)
		assert.Equal(t, "Users", out.Name)
		assert.Equal(t, []catalog.Column{{Name: "Id", Type: catalog.GUID, Key: true}, {Name: "Tags", Type: catalog.StringList}}, out.Columns)
		assert.Empty(t, out.Doc)
		assert.Equal(t, []int{0}, out.Key())
	}
}

// TestFramesThatAreNoValues are errors that name their kind.
func TestFramesThatAreNoValues(t *testing.T) {
	t.Parallel()
	var j Job
	require.ErrorContains(t, Frame{Kind: Run, Body: []byte("{")}.JSON(&j), "a frame of kind 6")
	a, _, _ := pair(t)
	require.Error(t, a.SendJSON(Run, 1, func() {}), "what JSON can't write")
	many := make([]byte, maxStrings+1)
	_, err := Frame{Kind: Ask, Body: many}.Parts()
	require.ErrorContains(t, err, "cut off")
	parts, err := Frame{Kind: Ask, Body: many[:maxStrings]}.Parts()
	require.NoError(t, err)
	assert.Len(t, parts, maxStrings)
	assert.Equal(t, "No.", (&Failure{Text: "No.", Cause: "secret"}).Error())
}
