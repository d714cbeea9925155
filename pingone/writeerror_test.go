package pingone

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// What PingOne refuses is said of columns, in words; values are never repeated.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	w := &changing{table: &catalog.Table{Name: "Users", Columns: []catalog.Column{
		{Name: "Username", Source: "username"}, {Name: "LastName", Source: "name.family"},
	}}}
	detail := func(code, target string) apiDetail {
		return apiDetail{Code: code, Target: target, Message: "ada@example.com"}
	}
	const general = `The value "ada@example.com" is wrong.`
	for name, c := range map[string]struct {
		status       int
		details      []apiDetail
		code         gwerr.Code
		says, target string
	}{
		"no details": {400, nil, gwerr.InvalidValue, "PingOne refused the change of Users (INVALID_DATA). It says: The value … is wrong.", ""},
		"taken": {
			400,
			[]apiDetail{detail("UNIQUENESS_VIOLATION", "username")},
			gwerr.Conflict,
			"PingOne refused the change of Users: Username must be unique, and another row has this value (UNIQUENESS_VIOLATION).", "Username",
		},
		"two": {
			400,
			[]apiDetail{detail("REQUIRED_VALUE", "name"), detail("INVALID_VALUE", "username")},
			gwerr.InvalidValue,
			"PingOne refused the change of Users: LastName is needed (REQUIRED_VALUE); Username is not valid (INVALID_VALUE).", "LastName",
		},
		"a code of tomorrow":       {400, []apiDetail{detail("NEW_RULE", "username")}, gwerr.InvalidValue, "PingOne refused the change of Users: Username (NEW_RULE).", "Username"},
		"a member without column":  {400, []apiDetail{detail("EMPTY_VALUE", "other.part")}, gwerr.InvalidValue, "PingOne refused the change of Users: other.part must not be empty (EMPTY_VALUE).", ""},
		"a target that is a value": {400, []apiDetail{detail("OUT_OF_RANGE", "ada@example.com")}, gwerr.InvalidValue, "PingOne refused the change of Users: a value is out of range (OUT_OF_RANGE).", ""},
		"a detail that is no code": {409, []apiDetail{detail("ada@example.com", "")}, gwerr.Conflict, "PingOne refused the change of Users (INVALID_DATA). It says: The value … is wrong.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := gwerr.From(w.refused(&http.Response{StatusCode: c.status}, apiAnswer{Code: "INVALID_DATA", Message: general, Details: c.details}))
			assert.Equal(t, c.code, err.Code)
			assert.Equal(t, c.says, err.Message)
			assert.Equal(t, c.target, err.Target)
			assert.Equal(t, c.code == gwerr.Conflict && len(c.details[0].Target) > 0, err.Hint != "")
		})
	}
}
