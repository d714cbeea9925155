package catalog_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

const wash = `permission: cars:wash
group: rlgCars
procedures:
  - name: WashCar
    doc: Washes a car.
    call: POST environments/{EnvironmentId}/cars/{CarId}/washes
    type: application/x.wash+json
    inputs:
      - {name: CarId, type: guid, required: true, doc: Car.}
      - {name: Soap, type: string, from: means.soap, default: green, sensitive: true, doc: Soap.}
    outputs:
      - {name: Clean, type: bool, refused: Soap, doc: Whether it is.}
    example: {CarId: SELECT Id FROM Cars LIMIT 1}
`

func loadProcedures(text string) ([]*catalog.Procedure, error) {
	return catalog.LoadProcedures(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
}

func TestLoadProcedures(t *testing.T) {
	t.Parallel()
	found, err := loadProcedures(wash)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	d := found[0]
	if d.Signature.Name != "WashCar" || d.Signature.Group != "rlgCars" || len(d.Signature.Columns) != 3 {
		t.Errorf("%+v", d.Signature)
	}
	if d.Call.Method != "POST" || d.Call.Endpoint != "cars/{id}/washes" || len(d.Call.Keys) != 1 || d.Call.Whole || d.Idempotent {
		t.Errorf("%+v", d.Call)
	}
	soap := d.Input("Soap")
	if soap == nil || soap.Column.Source != "means.soap" || soap.Default != "green" || !soap.Column.Sensitive || d.Input("Clean") != nil {
		t.Errorf("%+v", soap)
	}
}

// What could not be carried out is refused with its place and the mend.
func TestLoadProceduresRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, says string }{
		"an unknown key":        {"    type:", "    typ:", `a.yaml:7: unknown key "typ" of a procedure`},
		"no name":               {"name: WashCar", "idempotent: true", `"name" is missing`},
		"an unknown type":       {"type: string", "type: text", "unknown type"},
		"no such method":        {"call: POST", "call: GET", "begins with POST, PUT, PATCH or DELETE"},
		"a key that is missing": {"name: CarId,", "name: Car,", "the address of WashCar names CarId; make it an input that is required"},
		"an optional key":       {"type: guid, required: true", "type: guid", "make it an input that is required"},
		"a useless default":     {"type: guid, required: true", "type: guid, default: x, required: true", "its default is never used"},
		"refused, but no bool":  {"type: bool", "type: string", "make it a bool"},
		"refused, but no input": {"refused: Soap", "refused: Water", "that an input"},
		"when without a right":  {"refused: Soap", "when: Soap", "an input of type bool with a right"},
		"a count of nothing":    {"refused: Soap", "count: true", "counts the calls"},
		"an example of nothing": {"example: {CarId", "example: {Id", "names Id, which is no input"},
		"no call":               {"    call: POST environments/{EnvironmentId}/cars/{CarId}/washes\n", "", `"type" needs "call"`},
		"each without its key":  {"    inputs:", "    each: {list: 'cars/{CarId}/parts', items: parts, key: PartId}\n    inputs:", "lacks {PartId}"},
		"no permission":         {"permission: cars:wash\n", "", `"permission" is missing`},
		"no YAML":               {"procedures:", "procedures: [", "a.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loadProcedures(strings.Replace(wash, c.old, c.new, 1))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v lacks %q", err, c.says)
			}
		})
	}
	twice := wash + wash[strings.Index(wash, "  - name: WashCar"):]
	if _, err := loadProcedures(twice); err == nil || !strings.Contains(err.Error(), "stands twice") {
		t.Errorf("%v", err)
	}
}
