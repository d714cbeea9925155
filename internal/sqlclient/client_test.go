package sqlclient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/sqlclient"
)

// run asks a handler as a client of these settings.
func run(t *testing.T, c sqlclient.Client, h http.HandlerFunc) (string, error) {
	t.Helper()
	c.Server = "http://gateway/"
	c.HTTP = &http.Client{Transport: sqlclient.InProcess{Handler: h, Sink: observe.Discard}}
	var out strings.Builder
	err := c.Run(t.Context(), "SELECT 'ü'", &out)
	return out.String(), err
}

func TestRequestsAreOfTheFormatAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client       sqlclient.Client
		path, format string
	}{
		"table":  {sqlclient.Client{Format: "table"}, "/sql", "json"},
		"json":   {sqlclient.Client{Format: "json"}, "/sql", "json"},
		"csv":    {sqlclient.Client{Format: "csv", Key: "pgk_1"}, "/sql", "csv"},
		"xlsx":   {sqlclient.Client{Format: "xlsx"}, "/sql", "xlsx"},
		"a plan": {sqlclient.Client{Format: "table", Explain: true}, "/sql/explain", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := run(t, c.client, func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, c.path, r.URL.Path)
				assert.Equal(t, c.format, r.URL.Query().Get("format"))
				assert.Len(t, r.Header.Get("X-Query-Id"), 26)
				assert.Equal(t, c.client.Key, r.Header.Get("X-API-Key"))
				raw, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				assert.JSONEq(t, `{"query": "SELECT 'ü'"}`, string(raw))
				_, _ = io.WriteString(w, `{"columns": [], "rows": []}`)
			})
			require.NoError(t, err)
			if name == "table" {
				assert.Contains(t, out, "(0 rows)")
			} else {
				assert.JSONEq(t, `{"columns": [], "rows": []}`, out, "the answer as it is")
			}
		})
	}
}

func TestErrorsSayWhatTheServiceSaid(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		format  string
		handler http.HandlerFunc
		code    gwerr.Code
		says    string
	}{
		"an error of ours":  {"csv", answer(400, `{"error": {"code": "unknown_table", "message": "No such table.", "hint": "Use Users.", "position": 15}}`), gwerr.UnknownTable, "No such table."},
		"somebody else":     {"csv", answer(502, "<html>"), gwerr.UpstreamFailed, "no answer that can be read"},
		"no such format":    {"xml", nil, gwerr.BadRequest, `Format "xml" is not known.`},
		"a table cut short": {"table", answer(200, `{"columns": [{"name": "A"}], "rows": [["x"`), gwerr.UpstreamCutShort, "rows are missing"},
		"a broken answer": {"csv", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a,b\n")
			panic(http.ErrAbortHandler)
		}, gwerr.UpstreamCutShort, "rows are missing"},
		"a defect":             {"csv", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a,b\n"); panic("secret") }, gwerr.Internal, "failed unexpectedly"},
		"broken before a byte": {"csv", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, gwerr.UpstreamCutShort, "rows are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, sqlclient.Client{Format: c.format}, c.handler)
			require.ErrorContains(t, err, c.says)
			assert.True(t, gwerr.Is(err, c.code), "%v", err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
	_, err := run(t, sqlclient.Client{Format: "csv"}, answer(400, `{"error": {"code": "syntax", "message": "m", "position": 15}}`))
	assert.Equal(t, 14, gwerr.From(err).Position, "positions count from 1 in an answer, from 0 here")
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	c := sqlclient.Client{Server: "http://127.0.0.1:1", Format: "csv"}
	err := c.Run(t.Context(), "SELECT 1", io.Discard)
	require.ErrorContains(t, err, "http://127.0.0.1:1 can't be reached")
	assert.True(t, gwerr.Is(err, gwerr.UpstreamFailed))
}

func TestTables(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 10_002 {
		many = append(many, fmt.Sprintf("[%d]", i))
	}
	long, err := json.Marshal(strings.Repeat("ü", 61))
	require.NoError(t, err)
	for name, c := range map[string]struct{ answer, want string }{
		"widths count letters": {
			`{"columns": [{"name": "Name"}, {"name": "N"}], "rows": [["Zoë", 10], ["Müller-Lüdenscheidt", 1.5]]}`,
			"Name                 N\n-------------------  ---\nZoë                  10\nMüller-Lüdenscheidt  1.5\n(2 rows)\n",
		},
		"values of every kind": {
			`{"columns": [{"name": "A"}], "rows": [[null], ["null"], [true], [["a", 1]], ["a\tb\nc"], [""]]}`,
			"A\n--------\n\nnull\ntrue\n[\"a\", 1]\na b c\n\n(6 rows)\n",
		},
		"long texts are cut": {
			`{"columns": [{"name": "A"}], "rows": [[` + string(long) + `]]}`,
			"A\n" + strings.Repeat("-", 60) + "\n" + strings.Repeat("ü", 59) + "…\n(1 rows)\n",
		},
		"no rows": {`{"columns": [{"name": "A"}, {"name": "Long"}], "rows": []}`, "A  Long\n-  ----\n(0 rows)\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := run(t, sqlclient.Client{Format: "table"}, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.answer) })
			require.NoError(t, err)
			assert.Equal(t, c.want, out)
		})
	}
	out, err := run(t, sqlclient.Client{Format: "table"}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"columns": [{"name": "A"}], "rows": [`+strings.Join(many, ",")+`]}`)
	})
	require.NoError(t, err)
	assert.Equal(t, 10_000+4, strings.Count(out, "\n"), "a bounded number of rows")
	assert.Contains(t, out, "… and 2 more rows; use --format csv for all.\n(10002 rows)\n")
}

// A query whose context ends is cancelled at the gateway, which may still answer.
func TestTheEndOfTheContextCancelsTheQuery(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	var id, cancelled string
	ended := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sql", func(w http.ResponseWriter, r *http.Request) {
		id = r.Header.Get("X-Query-Id")
		interrupt()
		<-ended
		w.WriteHeader(499)
		_, _ = io.WriteString(w, `{"error": {"code": "canceled", "message": "The query was cancelled by its caller."}}`)
	})
	mux.HandleFunc("DELETE /sql/{id}", func(w http.ResponseWriter, r *http.Request) {
		cancelled = r.PathValue("id")
		w.WriteHeader(http.StatusNoContent)
		close(ended)
	})
	c := sqlclient.Client{Server: "http://gateway", Format: "csv", HTTP: &http.Client{Transport: sqlclient.InProcess{Handler: mux, Sink: observe.Discard}}}
	err := c.Run(ctx, "SELECT 1", io.Discard)
	assert.True(t, gwerr.Is(err, gwerr.Canceled), "%v", err)
	assert.Equal(t, id, cancelled)
	assert.NotEmpty(t, id)
}

func TestProgressInWords(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]sqlclient.Progress{
		"2s, waiting for a turn":                                    {State: "queued", ElapsedSeconds: 2.5},
		"1m4s, 120 of about 441 calls, 16000 rows read, 15800 sent": {State: "sending", ElapsedSeconds: 64, Calls: 120, ExpectedCalls: 441, RowsRead: 16000, RowsSent: 15800},
		"4s, 3 calls": {State: "running", ElapsedSeconds: 4, Calls: 3},
		"4s":          {State: "running", ElapsedSeconds: 4},
	} {
		assert.Equal(t, want, p.String())
	}
}
