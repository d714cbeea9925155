package pingone

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// sparse are values of members, with the texts of what they become.
var sparse = []struct{ member, value, column, want string }{
	{"text", `"a"`, "Text", "a"},
	{"flag", `true`, "Flag", "true"},
	{"small", `7`, "Small", "7"},
	{"big", `8`, "Big", "8"},
	{"real", `1.5`, "Real", "1.5"},
	{"at", `"2024-02-29T12:00:00.000Z"`, "At", "2024-02-29T12:00:00Z"},
	{"at", `1709208000`, "At", "2024-02-29T12:00:00Z"},
	{"list", `["x","y"]`, "List", `["x","y"]`},
	{"json", `{"n":1}`, "Names", `["n"]`},
}

// unusable are values that a column doesn't take, and which leave it null.
var unusable = map[string]string{
	"text": `{}`, "flag": `1`, "small": `5000000000`, "big": `1.5`, "real": `"x"`, "at": `"never"`, "list": `[1]`, "json": `[]`,
}

// TestColumnsWithoutValues: rows lack any of their members, in answers of any length,
// which one decoder reads one after the other; some are cut short.
func TestColumnsWithoutValues(t *testing.T) {
	t.Parallel()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	all := make([]int, len(things.Columns))
	for i := range all {
		all[i] = i
	}
	d := newDecoder(newLayout(things, "things", nil, all), mem)
	defer d.release()
	random := rand.New(rand.NewPCG(3, 4))
	for answer := range 300 {
		rows := make([]string, random.IntN(5))
		want := make([]map[string]string, len(rows))
		wanted := sparse[:random.IntN(len(sparse)+1)] // the others are in no row
		for i := range rows {
			members := []string{fmt.Sprintf(`"id":%q`, someID)}
			want[i] = map[string]string{"Id": someID}
			for _, s := range wanted {
				_, twice := want[i][s.column]
				switch n := random.IntN(4); {
				case n == 0:
					members = append(members, fmt.Sprintf(`%q:%s`, s.member, unusable[s.member]))
				case n == 1 && !twice:
					members = append(members, fmt.Sprintf(`%q:%s`, s.member, s.value))
					want[i][s.column] = s.want
				}
			}
			rows[i] = "{" + strings.Join(members, ",") + "}"
		}
		body := `{"_embedded":{"things":[` + strings.Join(rows, ",") + `]}}`
		if random.IntN(4) == 0 {
			_, err := d.decode([]byte(body[:1+random.IntN(len(body)-1)]))
			require.Error(t, err)
		}
		p, err := d.decode([]byte(body))
		require.NoError(t, err, body)
		require.Equal(t, len(rows), p.rows)
		for c, column := range things.Columns {
			if column.Type == catalog.JSON {
				continue
			}
			require.Equal(t, len(rows), p.arrays[c].Len(), column.Name)
			for i := range rows {
				text, is := want[i][column.Name]
				require.Equal(t, is, p.arrays[c].IsValid(i), "answer %d, %s of row %d in %s", answer, column.Name, i, body)
				if is {
					assert.Equal(t, text, p.arrays[c].ValueStr(i), "%s of row %d in %s", column.Name, i, body)
				}
			}
		}
		p.release()
	}
}
