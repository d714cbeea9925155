package mask_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/mask"
)

func strs(values ...string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, nil)
	b.AppendNull()
	return b.NewArray()
}

func TestApplyKeepsLengthTypeAndNulls(t *testing.T) {
	t.Parallel()
	for _, m := range []catalog.Mask{catalog.MaskNull, catalog.MaskHash, catalog.MaskPartial} {
		in := strs("ada@example.com", "bob@example.com", "ada@example.com")
		out := mask.Apply(m, []byte("key"), in, catalog.String)
		if out.Len() != in.Len() || out.DataType().ID() != in.DataType().ID() || !out.IsNull(3) {
			t.Errorf("mask %d: %v", m, out)
		}
		for i := range 3 {
			if strings.Contains(out.ValueStr(i), "example") || strings.Contains(out.ValueStr(i), "da") && m == catalog.MaskPartial {
				t.Errorf("mask %d shows %s", m, out.ValueStr(i))
			}
		}
		if m == catalog.MaskHash && (out.ValueStr(0) != out.ValueStr(2) || out.ValueStr(0) == out.ValueStr(1)) {
			t.Errorf("hashes don't follow equality: %v", out)
		}
		out.Release()
		in.Release()
	}
}

func TestOtherTypesBecomeNull(t *testing.T) {
	t.Parallel()
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(42)
	in := b.NewArray()
	defer in.Release()
	out := mask.Apply(catalog.MaskHash, []byte("key"), in, catalog.Int64)
	defer out.Release()
	if out.NullN() != 1 || out.DataType().ID() != arrow.INT64 {
		t.Errorf("got %v", out)
	}
}

func TestHashGUIDIsAUUID(t *testing.T) {
	t.Parallel()
	got := mask.HashGUID([]byte("key"), "57de9478-0000-4383-ab62-4e086c741dff")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(got) {
		t.Error(got)
	}
	if got == mask.HashGUID([]byte("other"), "57de9478-0000-4383-ab62-4e086c741dff") {
		t.Error("the key makes no difference")
	}
}

func TestPartial(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "Ada": "A***", "Örn": "Ö***", "ada@mail.example.com": "a***@***.com", "@": "@***", "a@b": "a***",
	} {
		if got := mask.Partial(in); got != want {
			t.Errorf("Partial(%q) = %q, want %q", in, got, want)
		}
	}
}
