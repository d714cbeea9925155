//go:build duckdb_arrow

package reliability

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// everyColumn reads all users with all their plain columns.
const everyColumn = "SELECT * FROM Users"

// ceilingMiB bounds what a gateway may have resident with an engine of 256
// MiB, however long a feed is.
const ceilingMiB = 512

// TestLongFeedsNeedLittleMemory reads every user of a large directory, as
// OData and by SQL, and looks at the most memory that the gateway took.
func TestLongFeedsNeedLittleMemory(t *testing.T) {
	logLoad(t)
	users := pick(20_000, 200_000)
	s := startSimulator(t, "--users", strconv.Itoa(users))
	feed := "/odata/pingone/Administrators/Users"
	cases := []struct {
		name    string
		request func(base string) *http.Request
		count   func(io.Reader) (int, error)
	}{
		{"OData, all columns, one page", func(base string) *http.Request {
			r, _ := http.NewRequest(http.MethodGet, base+feed, nil)
			r.Header.Set("Prefer", "odata.maxpagesize=1000000")
			return r
		}, countText(`"Id":"`)},
		{"OData, two columns, one page", func(base string) *http.Request {
			r, _ := http.NewRequest(http.MethodGet, base+feed+"?$select=Id,Username", nil)
			r.Header.Set("Prefer", "odata.maxpagesize=1000000")
			return r
		}, countText(`"Id":"`)},
		{"SQL, all columns, lines of JSON", func(base string) *http.Request {
			return sqlRequest(t, base, everyColumn, "application/x-ndjson")
		}, countText("\n")},
		{"SQL, sorted, lines of JSON", func(base string) *http.Request {
			return sqlRequest(t, base, "SELECT Id, Username, Email FROM Users ORDER BY Username", "application/x-ndjson")
		}, countText("\n")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGateway(t, "gateway", s, settings{"log.level": "warn"}).run()
			idle := g.residentMiB()
			start := time.Now()
			resp, err := http.DefaultClient.Do(c.request(g.url))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			sized := &counter{r: resp.Body}
			rows, err := c.count(sized)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("%s: %v", resp.Status, err)
			}
			if rows != users {
				t.Errorf("%d rows, want %d", rows, users)
			}
			t.Logf("%d users, %d MiB of answer in %.1f s: resident %d MiB before, at most %d MiB",
				rows, sized.n>>20, time.Since(start).Seconds(), idle, g.peakMiB())
			if g.peakMiB() > ceilingMiB {
				t.Errorf("the gateway took %d MiB, more than %d", g.peakMiB(), ceilingMiB)
			}
		})
	}
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// countText counts a text in what it reads, to the orderly end.
func countText(text string) func(io.Reader) (int, error) {
	return func(r io.Reader) (int, error) {
		n, keep := 0, []byte(nil)
		buf := make([]byte, 256<<10)
		for {
			got, err := r.Read(buf)
			piece := append(keep, buf[:got]...)
			n += bytes.Count(piece, []byte(text))
			// What may be the beginning of another one is looked at again.
			keep = append([]byte(nil), piece[max(0, len(piece)-len(text)+1):]...)
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
		}
	}
}

// TestSlowClientHoldsTheReadBack reads a long feed at 64 KB/s. PingOne must
// not be read ahead of the client, and memory must stay as it is.
func TestSlowClientHoldsTheReadBack(t *testing.T) {
	users := pick(20_000, 200_000)
	s := startSimulator(t, "--users", strconv.Itoa(users))
	cases := map[string]func(base string) *http.Request{
		"OData": func(base string) *http.Request {
			r, _ := http.NewRequest(http.MethodGet, base+"/odata/pingone/Administrators/Users", nil)
			r.Header.Set("Prefer", "odata.maxpagesize=1000000")
			return r
		},
		"SQL": func(base string) *http.Request { return sqlRequest(t, base, everyColumn, "application/x-ndjson") },
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, "gateway", s, settings{"log.level": "warn"}).run()
			s.control(http.MethodDelete, "requests", "")
			conn := narrow(t, g)
			if err := request(g.url).Write(conn); err != nil {
				t.Fatal(err)
			}
			first, last := readSlowly(t, conn, s, pick(2*time.Second, 20*time.Second))
			t.Logf("%d of about %d pages had been read at half time, %d at the end; at most %d MiB resident", first, users/200, last, g.peakMiB())
			if last > users/200/2 {
				t.Errorf("%d pages were read for a client that has hardly taken anything", last)
			}
			if g.peakMiB() > ceilingMiB {
				t.Errorf("the gateway took %d MiB, more than %d", g.peakMiB(), ceilingMiB)
			}
			_ = conn.Close()
			eventually(t, "the query ends with its client", func() bool { return g.atWork() == 0 })
		})
	}
}

// narrow opens a connection that buffers little.
func narrow(t *testing.T, g *gateway) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	tcp := conn.(*net.TCPConn)
	if err := tcp.SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return tcp
}

// readSlowly takes 64 KB a second and returns how many pages PingOne was asked
// for by half of the time, and in all.
func readSlowly(t *testing.T, conn net.Conn, s *simulator, most time.Duration) (half, all int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	in := bufio.NewReaderSize(conn, 8<<10)
	start := time.Now()
	for {
		select {
		case <-ctx.Done():
			return half, len(s.requests())
		case <-tick.C:
		}
		if _, err := io.CopyN(io.Discard, in, 6400); err != nil {
			t.Fatalf("the feed ended: %v", err)
		}
		if half == 0 && time.Since(start) > most/2 {
			half = len(s.requests())
		}
	}
}
