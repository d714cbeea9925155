package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served is our server of the comparison in this process.
func served(t *testing.T, rows []person) (root string) {
	t.Helper()
	h, err := peopleHandler(rows)
	require.NoError(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/odata/Main/"
}

func TestPeopleAreServedAsTheyAre(t *testing.T) {
	t.Parallel()
	made := madePeople(1500)
	root := served(t, made)
	for _, c := range []struct {
		name, address string
		want          []person
	}{
		{"some", "Users?$top=7", made[:7]},
		{"a feed", "Users?$top=1000", made[:1000]},
		{"all", "Users", made},
		{"more than there are", "Users?$top=2000", made},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got struct{ Value []person }
			require.Equal(t, http.StatusOK, get(t, root+c.address, &got))
			assert.Equal(t, c.want, got.Value)
		})
	}
	var one person
	require.Equal(t, http.StatusOK, get(t, root+"Users("+personID(42)+")", &one))
	assert.Equal(t, made[42], one)
	assert.Equal(t, http.StatusNotFound, get(t, root+"Users("+personID(1500)+")", &one))
	assert.Equal(t, http.StatusNotImplemented, get(t, root+"Users?$filter=SignOns%20gt%201", &one), "no rows where the condition wasn't looked at")
}

func get(t *testing.T, address string, into any) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.StatusCode == http.StatusOK {
		require.NoError(t, json.Unmarshal(text, into), "%s", text)
	}
	return resp.StatusCode
}

func TestWhatPeersAreAsked(t *testing.T) {
	t.Parallel()
	root := served(t, madePeople(peopleRows))
	peers, err := peersOf("peers", "rows.json")
	require.NoError(t, err)
	require.Len(t, peers, 3)
	ctx := context.Background()
	for _, work := range works {
		require.NoError(t, peers[0].ask(ctx, http.DefaultClient, root+work.path(peers[0], 3*peopleRows+5), work.rows), work.name)
		require.ErrorContains(t, peers[0].ask(ctx, http.DefaultClient, root+work.path(peers[0], 0), work.rows+1), "instead of", work.name)
	}
	require.ErrorContains(t, peers[0].ask(ctx, http.DefaultClient, root+"Nothing", 1), "404")
	assert.Equal(t, "Users('"+personID(2)+"')", works[1].path(peers[2], 2))
}

func TestPace(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "2,000,000 rows/s", pace(1000, 500_000))
	assert.Equal(t, "20,000/s", pace(1, 50_000))
}

// dropped is an answer that nobody reads.
type dropped struct {
	header http.Header
	status int
}

func (d *dropped) Header() http.Header         { return d.header }
func (d *dropped) WriteHeader(status int)      { d.status = status }
func (d *dropped) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkPeople is what a request costs without HTTP.
func BenchmarkPeople(b *testing.B) {
	h, err := peopleHandler(madePeople(peopleRows))
	require.NoError(b, err)
	for name, address := range map[string]string{"feed": "Users?$top=1000", "one": "Users(" + personID(7) + ")"} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/odata/Main/"+address, nil)
			b.ReportAllocs()
			for b.Loop() {
				w := dropped{header: http.Header{}}
				h.ServeHTTP(&w, r)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}
