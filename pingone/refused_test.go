package pingone

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// What PingOne refuses of a filter is told as far as its answer tells.
func TestRefusedFilters(t *testing.T) {
	t.Parallel()
	const two = `(title eq "x and username co \\"y\\"" and username sw "a")`
	for _, c := range []struct {
		name, filter string
		status       int
		body         string
		want         *scan.Refused // nil for no refused filter
	}{
		{"attribute, by the list", two, 400, detail("INVALID_FILTER", "filter", "m", `{"supportedAttributes":["username","email"],"supportedOperators":["eq","sw"]}`), &scan.Refused{Attribute: "title"}},
		{"operator, by the list", two, 400, detail("INVALID_FILTER", "filter", "m", `{"supportedAttributes":["username","title"],"supportedOperators":["eq"]}`), &scan.Refused{Attribute: "username", Operator: "sw"}},
		{"by the target", two, 400, detail("INVALID_FILTER", "username", "m", `{}`), &scan.Refused{Attribute: "username", Operator: "sw"}},
		{"by the message", two, 400, detail("INVALID_FILTER", "filter", "The attribute 'title' can't be used.", `{}`), &scan.Refused{Attribute: "title", Operator: "eq"}},
		{"one comparison", `title sw "x"`, 400, detail("INVALID_FILTER", "filter", "No.", `{}`), &scan.Refused{Attribute: "title", Operator: "sw"}},
		{"one attribute, several operators", `title sw "x" or title eq "y"`, 400, detail("INVALID_FILTER", "", "No.", `{}`), &scan.Refused{Attribute: "title"}},
		{"not told", two, 400, detail("INVALID_FILTER", "filter", "No.", `{}`), &scan.Refused{}},
		{"several attributes", two, 400, detail("INVALID_FILTER", "filter", "No.", `{"supportedAttributes":["email"]}`), &scan.Refused{}},
		{"the value", `title eq "x"`, 400, detail("INVALID_VALUE", "filter", "No.", `null`), &scan.Refused{}},
		{"value path", `(memberOfGroups[id eq "g" and type eq "DIRECT"] and title eq "x")`, 400, detail("INVALID_FILTER", "filter", "No.", `{"supportedAttributes":["memberOfGroups[id]"]}`), &scan.Refused{Attribute: "title"}},
		{"address too long", two, 414, "", &scan.Refused{TooLong: true}},
		{"header too long", two, 431, "<html>", &scan.Refused{TooLong: true}},
		{"too long without a filter", "", 414, "", nil},
		{"refused without a filter", "", 400, detail("INVALID_FILTER", "filter", "No.", `{}`), nil},
		{"something else", two, 400, detail("INVALID_VALUE", "limit", "No.", `{}`), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answersRefusal(t, call{address: address{path: "x"}, filter: c.filter}, c.status, c.body, c.want)
		})
	}
}

func detail(code, target, message, inner string) string {
	return fmt.Sprintf(`{"code":"INVALID_REQUEST","details":[{"code":%q,"target":%q,"message":%q,"innerError":%s}]}`, code, target, message, inner)
}

// answersRefusal makes a call that is answered so, and looks at what is said of it.
func answersRefusal(t *testing.T, q call, status int, body string, want *scan.Refused) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	client := clientOf(t, Config{APIURL: s.URL + "/v1", Authorizer: &minted{life: time.Hour}})
	_, err := client.get(t.Context(), q, ignore)
	require.True(t, gwerr.Is(err, gwerr.UpstreamRejected), "%v", err)
	var got *scan.Refused
	if want == nil {
		require.NotErrorAs(t, err, &got)
		return
	}
	require.ErrorAs(t, err, &got)
	require.Error(t, got.Err)
	require.Equal(t, *want, scan.Refused{Attribute: got.Attribute, Operator: got.Operator, TooLong: got.TooLong})
	require.NotContains(t, err.Error(), "\"", "no value is shown")
}

// So is what it refuses of an order.
func TestRefusedOrders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, query, body string
		want              *scan.Refused // nil for no refused order
	}{
		{"named", "x=1&order=-startDate&limit=2", detail("INVALID_PARAMETER", "order", "m", `{}`), &scan.Refused{Attribute: "startDate", Operator: scan.Order}},
		{"not told", "order=startDate", "{}", &scan.Refused{}},
		{"something else", "order=startDate", detail("INVALID_VALUE", "limit", "No.", `{}`), nil},
		{"none was asked for", "limit=2", detail("INVALID_PARAMETER", "order", "m", `{}`), nil},
		{"nor told", "limit=2", "{}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answersRefusal(t, call{address: address{path: "x", query: c.query}}, 400, c.body, c.want)
		})
	}
}
