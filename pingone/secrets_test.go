package pingone_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/change"
)

// A row is only sent back as a whole where all of its secrets were shown.
func TestRowsAreSentBackWithTheirSecrets(t *testing.T) {
	t.Parallel()
	const member = `"name":"old","id":"57de9478-0000-4383-ab62-000000000001"`
	for _, c := range []struct {
		name, table, column string
		is                  string // other members of the row that is read
		sent                string // those that are sent, "" for none
		hidden              string // what the error names
	}{
		{"a row without secrets", "Populations", "Name", `"description":"d","_links":{}`, `"description":"d"`, ""},
		{"stars that are no mask", "Populations", "Name", `"description":"**important**","list":["*"]`, `"description":"**important**","list":["*"]`, ""},
		{"a mask", "Webhooks", "Name", `"httpEndpoint":{"url":"u","headers":{"A":"b","Key":"****"}}`, "", "httpEndpoint.headers.Key"},
		{"a mask with an end", "Webhooks", "Name", `"list":[{},{"key":"••••••abcd"}]`, "", "list[].key"},
		{"a mask that the change replaces", "Populations", "Description", `"description":"***"`, `"description":"new"`, ""},
		{"a password that is shown", "Gateways", "Name", `"bindDN":"cn=a","bindPassword":"p"`, `"bindDN":"cn=a","bindPassword":"p"`, ""},
		{"a password that is not", "Gateways", "Name", `"bindDN":"cn=a"`, "", "bindPassword"},
		{"a password that is null", "Gateways", "Name", `"bindDN":"cn=a","bindPassword":null`, "", "bindPassword"},
		{"a row that becomes one with a password", "Gateways", "BindDN", ``, "", "bindPassword"},
		{"no such account", "Gateways", "Name", `"kerberos":{}`, `"kerberos":{}`, ""},
		{"an account below", "Gateways", "Name", `"kerberos":{"serviceAccountUserPrincipalName":"a"}`, "", "kerberos.serviceAccountPassword"},
		{"each client has its secret", "Gateways", "Name", `"radiusClients":[{"ip":"1","sharedSecret":"s"}]`, `"radiusClients":[{"ip":"1","sharedSecret":"s"}]`, ""},
		{"one has the default", "Gateways", "Name", `"radiusClients":[{"ip":"1"}],"defaultSharedSecret":"s"`, `"radiusClients":[{"ip":"1"}],"defaultSharedSecret":"s"`, ""},
		{"one has none", "Gateways", "Name", `"radiusClients":[{"ip":"1","sharedSecret":"s"},{"ip":"2"}]`, "", "sharedSecret"},
		{"what PingOne sets", "Gateways", "Name", `"credentials":[{"credential":"****"}],"vendor":"v"`, `"vendor":"v"`, ""},
		{"a client's secret", "IdentityProviders", "Name", `"clientId":"c"`, "", "clientSecret"},
		{"another kind of it", "IdentityProviders", "Name", `"clientId":"c","clientSecretSigningKey":"k"`, `"clientId":"c","clientSecretSigningKey":"k"`, ""},
		{"one that PingOne sets", "Resources", "Name", `"clientSecret":"****","audience":"a"`, `"audience":"a"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var sent []byte
			s := newStub(t, nil, func(w http.ResponseWriter, r *http.Request, _ int64) {
				more := c.is
				if more != "" {
					more = "," + more
				}
				if r.Method == http.MethodPut {
					sent, _ = io.ReadAll(r.Body)
				}
				fmt.Fprintf(w, "{%s%s}", member, more)
			})
			table, ok := s.users.Schema.Table(c.table)
			require.True(t, ok)
			made, err := change.New(change.Update, table, []int{table.Index(c.column)}, nil, func(int) int { return 0 })
			require.NoError(t, err)
			row := change.Row{Becomes: []json.RawMessage{quote(t, "new")}}
			for _, at := range made.Reads {
				is := map[string]string{"Id": userID(1), "Type": "CUSTOM"}[table.Columns[at].Name]
				row.Is = append(row.Is, quote(t, is))
			}
			_, err = made.Run(t.Context(), s.conn, []change.Row{row}, nil, nil)
			if c.sent == "" {
				require.ErrorContains(t, err, c.hidden)
				assert.True(t, gwerr.Is(err, gwerr.NotImplemented), "%v", err)
				assert.Empty(t, sent)
				return
			}
			require.NoError(t, err)
			want := fmt.Sprintf(`{%s,%s}`, member, c.sent)
			if c.column == "Name" {
				want = fmt.Sprintf(`{"name":"new","id":%q,%s}`, userID(1), c.sent)
			}
			assert.JSONEq(t, want, string(sent))
		})
	}
}
