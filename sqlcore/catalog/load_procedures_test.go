package catalog_test

import (
	"fmt"
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

// TestWhatIsReadOfProcedures: all that a file says of them, in the order of their names.
func TestWhatIsReadOfProcedures(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"a.yaml": {Data: []byte(washes)}, "b.yaml": {Data: []byte(parks)}, "c.txt": {Data: []byte("no declaration")}}
	found, err := catalog.LoadProcedures(files)
	if err != nil || len(found) != 2 || found[1].Signature.Name != "WashCar" {
		t.Fatal(found, err)
	}
	p := found[0]
	if s := p.Signature; s.Name != "ParkCar" || s.Doc != "Parks a car with all its doors shut." || s.Permission != "cars:park" || s.Group != "" || len(s.Columns) != 3 {
		t.Errorf("%+v", s)
	}
	call := fmt.Sprint(p.Call.Method, " ", p.Call.Address, p.Call.Keys, " ", p.Call.Endpoint, " ", p.Call.Type, " ", p.Call.Whole, p.Idempotent, p.Set, p.Example)
	if want := "PUT cars/{CarId}/doors/{DoorId}[CarId DoorId] cars/{id}/doors/{id} application/park+json true true map[open:false] map[CarId:SELECT Id FROM Cars LIMIT 1]"; call != want {
		t.Errorf("got  %s\nwant %s", call, want)
	}
	if got := fmt.Sprint(*p.Each); got != "{cars/{CarId}/doors doors cars/{id}/doors DoorId map[kind:SIDE]}" {
		t.Error(got)
	}
	floor := p.Inputs[1].Column
	if floor != &p.Signature.Columns[1] || floor.Source != "place.floor" || !floor.Sensitive || floor.Needed || fmt.Sprint(floor.Values) != "[UP DOWN]" {
		t.Errorf("%+v", floor)
	}
	if spot := p.Outputs[0]; spot.Column != &p.Signature.Columns[2] || spot.Column.Source != "place.spot" || spot.Count || spot.When+spot.Refused != "" {
		t.Errorf("%+v", spot)
	}
	counted, err := loadProcedures(edited(t, washes, []string{"{name: Parts, type: int32", "{name: Parts, type: int64"}))
	if err != nil || !counted[0].Outputs[2].Count || counted[0].Outputs[2].Column.Type != catalog.Int64 {
		t.Errorf("%v, %v", counted, err)
	}
	if _, err := catalog.LoadProcedures(fstest.MapFS{}); err != nil {
		t.Error(err)
	}
}
