package catalog_test

import "testing"

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
