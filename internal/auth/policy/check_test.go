package policy_test

import (
	"strings"
	"testing"
)

func TestCheckNamesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	text := `version: 1
roles:
  a:
    grants:
      - {connections: [pingone], schemas: [Administrators], tables: [Users], rows: Secret = caller.x}
      - {connections: [pingone], schemas: [Nowhere], tables: ["*"]}
      - {connections: [pingone], schemas: ["*"], tables: [Groups], hide: [Nmae, Id], mask: {"Nam*": hash}}
      - {connections: [other], schemas: [Nowhere], tables: ["*"]}
`
	e, b := enforcer(t, text)
	b.fail = true
	problems, err := e.Check(t.Context(), "pingone", newMemory())
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		line int
		text string
	}{
		{5, "rows does not fit the table Users"},
		{6, "no table of the connection pingone"},
		{7, "Groups.Id is a key and will be shown as a hash"},
		{7, `no column matches "Nmae"`},
	}
	if len(problems) != len(want) {
		t.Fatalf("got\n%v", problems)
	}
	for i, w := range want {
		if problems[i].Line != w.line || !strings.Contains(problems[i].Message, w.text) {
			t.Errorf("got %+v, want %+v", problems[i], w)
		}
	}
	if got := b.last.Load(); got != "(Secret = NULL)" {
		t.Errorf("the filter was tried as %q", got)
	}
}

func TestCheckOfAGoodPolicyIsSilent(t *testing.T) {
	t.Parallel()
	e, _ := enforcer(t, `
version: 1
roles:
  a: {grants: [{connections: ["*"], schemas: ["*"], tables: ["*"], rows: Id IN caller.ids OR Id IN (caller.ids)}]}
`)
	if problems, err := e.Check(t.Context(), "pingone", newMemory()); err != nil || len(problems) != 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}
