package sim

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// BenchmarkUsers writes pages of 200 users; users/s is the throughput of one core.
func BenchmarkUsers(b *testing.B) {
	for _, gzip := range []bool{false, true} {
		b.Run("gzip="+strconv.FormatBool(gzip), func(b *testing.B) {
			s, err := New(Options{Users: 100_000})
			if err != nil {
				b.Fatal(err)
			}
			token := s.auth.Grant(AppWorker.ID, s.environments()[0].id)
			users := 0
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/v1/environments/"+s.environments()[0].id+"/users?limit=200", nil)
				r.Header.Set("Authorization", "Bearer "+token)
				if gzip {
					r.Header.Set("Accept-Encoding", "gzip")
				}
				w := &discard{header: make(http.Header)}
				s.ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
				users += 200
			}
			b.ReportMetric(float64(users)/b.Elapsed().Seconds(), "users/s")
		})
	}
}

// discard is a response that goes nowhere.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
