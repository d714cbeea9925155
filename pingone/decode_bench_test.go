package pingone

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// halPage is a page of users as the API writes it.
func halPage(rows int) []byte {
	const env = "https://api.pingone.eu/v1/environments/0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"
	var b strings.Builder
	fmt.Fprintf(&b, `{"_links":{"self":{"href":"%s/users?limit=200"},"next":{"href":"%s/users?cursor=abc&limit=200"}},"_embedded":{"users":[`, env, env)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		id := fmt.Sprintf("57de9478-0000-4383-ab62-4e086c74%04d", i)
		fmt.Fprintf(&b, `{"_links":{"self":{"href":"%[1]s/users/%[2]s"},"environment":{"href":"%[1]s"},"population":{"href":"%[1]s/populations/5e5cf2d4-2e11-4efc-89f1-73110c277ded"},"password":{"href":"%[1]s/users/%[2]s/password"},"password.set":{"href":"%[1]s/users/%[2]s/password"},"password.reset":{"href":"%[1]s/users/%[2]s/password"},"linkedAccounts":{"href":"%[1]s/users/%[2]s/linkedAccounts"}},"id":"%[2]s","environment":{"id":"0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"},"account":{"canAuthenticate":true,"status":"OK"},"createdAt":"2024-04-26T16:42:05.051Z","email":"ada%[3]d@example.com","enabled":true,"identityProvider":{"type":"PING_ONE"},"lastSignOn":{"at":"2024-04-27T12:24:40.823Z","remoteIp":"198.51.100.7"},"lifecycle":{"status":"ACCOUNT_OK"},"mfaEnabled":false,"name":{"given":"Ada \u00e9 \"A\"","family":"Byron"},"population":{"id":"5e5cf2d4-2e11-4efc-89f1-73110c277ded"},"updatedAt":"2024-04-27T13:04:46.704Z","username":"ada%[3]d@example.com","verifyStatus":"NOT_INITIATED"}`, env, id, i)
	}
	fmt.Fprintf(&b, `]},"count":%d,"size":%d}`, rows*7, rows)
	return []byte(b.String())
}

func usersTable(t testing.TB) *catalog.Table {
	t.Helper()
	found, err := tables.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range found {
		if table.Name == "Users" {
			return table
		}
	}
	t.Fatal("no table Users")
	return nil
}

func positions(t testing.TB, table *catalog.Table, names ...string) []int {
	t.Helper()
	out := make([]int, len(names))
	for i, n := range names {
		if out[i] = table.Index(n); out[i] < 0 {
			t.Fatalf("no column %s", n)
		}
	}
	return out
}

var tenColumns = []string{"Id", "Username", "FirstName", "LastName", "Email", "IsEnabled", "PopulationId", "CreatedAt", "UpdatedAt", "AccountStatus"}

func BenchmarkDecodeTenColumns(b *testing.B) {
	table, body := usersTable(b), halPage(200)
	d := newDecoder(newLayout(table, "users", nil, positions(b, table, tenColumns...)), memory.DefaultAllocator)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := d.decode(body)
		if err != nil || p.rows != 200 {
			b.Fatal(p.rows, err)
		}
		p.release()
	}
}

func BenchmarkDecodeAllColumns(b *testing.B) {
	table, body := usersTable(b), halPage(200)
	all := make([]int, len(table.Columns))
	for i := range all {
		all[i] = i
	}
	d := newDecoder(newLayout(table, "users", nil, all), memory.DefaultAllocator)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		p, err := d.decode(body)
		if err != nil {
			b.Fatal(err)
		}
		p.release()
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	body := halPage(200)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			b.Fatal(err)
		}
	}
}
