package odata_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/async"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// laterBy keeps the answers of a caller in a store.
func laterBy(caller string, store *async.Store) func(*odata.Config, *odatatest.Executor) {
	return func(c *odata.Config, _ *odatatest.Executor) {
		c.Async, c.Caller = store, func(context.Context) string { return caller }
	}
}

// await asks for an answer until it is there.
func (s *service) await(monitor string, header ...string) reply {
	s.t.Helper()
	for {
		if r := s.get(monitor, header...); r.Status != http.StatusAccepted {
			return r
		}
	}
}

func TestAnswersThatWait(t *testing.T) {
	t.Parallel()
	store := async.NewStore(async.Options{Dir: t.TempDir(), PerCaller: 2})
	t.Cleanup(store.Close)
	s, other := start(t, 25, laterBy("ada", store)), start(t, 25, laterBy("eve", store))
	direct := s.get("Books?$top=2")
	asked := s.get("Books?$top=2", "Prefer", "respond-async, odata.maxpagesize=1")
	monitor := asked.Header.Get("Location")
	if asked.Status != http.StatusAccepted || asked.Header.Get("Preference-Applied") != "respond-async" || !strings.HasPrefix(monitor, s.server.URL+"/odata/lib/$requests/") {
		t.Fatalf("%d %v", asked.Status, asked.Header)
	}
	got := s.await(monitor)
	head, body, _ := strings.Cut(got.Body, "\r\n\r\n")
	if got.Status != http.StatusOK || got.Header.Get("Content-Type") != "application/http" || got.Header.Get("AsyncResult") != "200" ||
		!strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.Contains(head, "Preference-Applied: odata.maxpagesize=1") || !strings.Contains(body, "nextLink") {
		t.Errorf("%d %v %s", got.Status, got.Header, got.Body)
	}
	if r := other.get(strings.Replace(monitor, s.server.URL, other.server.URL, 1)); r.Status != http.StatusNotFound {
		t.Errorf("somebody else's answer: %d %s", r.Status, r.Body)
	}
	if r := s.do(http.MethodHead, monitor, http.Header{}, ""); r.Status != http.StatusOK || r.Body != "" {
		t.Errorf("HEAD: %d %q", r.Status, r.Body)
	}
	second := s.get("Books?$top=2", "Prefer", "respond-async", "OData-MaxVersion", "4.01").Header.Get("Location")
	if r := s.await(second, "OData-MaxVersion", "4.01"); r.Header.Get("AsyncResult") != "200" || r.Header.Get("OData-Version") != "4.01" || !strings.HasPrefix(r.Body, `{"@context":`) {
		t.Errorf("by 4.01: %v %s", r.Header, r.Body)
	}
	if r := s.await(monitor, "OData-MaxVersion", "4.01"); r.Header.Get("AsyncResult") != "200" || r.Header.Get("OData-Version") != "4.0" || !strings.HasPrefix(r.Body, `{"@odata.context":`) {
		t.Errorf("of 4.0, fetched by 4.01: %v %s", r.Header, r.Body)
	}
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodPut} {
		if r := s.do(method, monitor, http.Header{}, ""); r.Status != http.StatusMethodNotAllowed || !strings.HasSuffix(r.Header.Get("Allow"), ", DELETE") {
			t.Errorf("%s: %d %v %s", method, r.Status, r.Header, r.Body)
		}
	}
	if full := s.get("Books?$top=2", "Prefer", "respond-async"); full.Status != http.StatusOK || full.Body != direct.Body || full.Header.Get("Preference-Applied") != "" {
		t.Errorf("without room: %d %v", full.Status, full.Header)
	}
	if r := s.do(http.MethodDelete, monitor, http.Header{}, ""); r.Status != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", r.Status, r.Body)
	}
	if r := s.get(monitor); r.Status != http.StatusNotFound || !strings.Contains(r.Body, "Ask again.") {
		t.Errorf("after DELETE: %d %s", r.Status, r.Body)
	}
}

// A replica that has not begun the request answers as one that has no answer yet, for as
// long as another one may have it.
func TestAnswersThatWaitElsewhere(t *testing.T) {
	t.Parallel()
	stores := [2]*async.Store{async.NewStore(async.Options{Dir: t.TempDir()}), async.NewStore(async.Options{Dir: t.TempDir()})}
	t.Cleanup(stores[0].Close)
	t.Cleanup(stores[1].Close)
	one, other := start(t, 25, laterBy("ada", stores[0])), start(t, 25, laterBy("ada", stores[1]))
	monitor := one.get("Books?$top=2", "Prefer", "respond-async").Header.Get("Location")
	there := strings.Replace(monitor, one.server.URL, other.server.URL, 1)
	if r := other.get(there); r.Status != http.StatusAccepted || r.Header.Get("Location") != there || r.Header.Get("Retry-After") == "" || !r.Closed {
		t.Errorf("by the other one: %d %v %s", r.Status, r.Header, r.Body)
	}
	if r := one.await(monitor); r.Status != http.StatusOK || r.Closed {
		t.Errorf("by the one that was asked: %d %v", r.Status, r.Header)
	}
	if r := other.do(http.MethodDelete, there, http.Header{}, ""); r.Status != http.StatusNotFound {
		t.Errorf("DELETE of what is elsewhere: %d %s", r.Status, r.Body)
	}
	at := strings.LastIndexByte(monitor, '/') + 1 // of a token, whose first letter is that of the time
	for name, address := range map[string]string{"made up": one.server.URL + "/odata/lib/$requests/x", "changed": monitor[:at] + "A" + monitor[at+1:]} {
		if r := one.get(address); r.Status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	other.advance(stores[1].Lifetime() + time.Second)
	if r := other.get(there); r.Status != http.StatusGone || !strings.Contains(r.Body, "15m0s") || !strings.Contains(r.Body, "Ask again.") {
		t.Errorf("too late: %d %s", r.Status, r.Body)
	}
}

// An answer that breaks off is none, and what is no read is answered at once.
func TestAnswersThatDoNotWait(t *testing.T) {
	t.Parallel()
	store := async.NewStore(async.Options{Dir: t.TempDir()})
	t.Cleanup(store.Close)
	s := start(t, 2000, laterBy("ada", store), func(_ *odata.Config, e *odatatest.Executor) { e.FailAfter, e.Err = 250, errors.New("the source broke") })
	if r := s.await(s.get("Books", "Prefer", "respond-async").Header.Get("Location")); r.Status != http.StatusBadGateway || !strings.Contains(r.Body, "broke off") {
		t.Errorf("%d %.300s", r.Status, r.Body)
	}
	if r := s.get("Books?$top=1", "Prefer", "respond-async=false"); r.Status != http.StatusOK {
		t.Errorf("not preferred: %d", r.Status)
	}
	batch := `{"requests":[{"id":"1","method":"GET","url":"Books?$top=1","headers":{"Prefer":"respond-async"}}]}`
	if r := s.do(http.MethodPost, "$batch", http.Header{"Content-Type": {"application/json"}}, batch); !strings.Contains(r.Body, `"status":200`) {
		t.Errorf("in a batch: %s", r.Body)
	}
	if r := start(t, 2).get("Books?$top=1", "Prefer", "respond-async"); r.Status != http.StatusOK {
		t.Errorf("where none wait: %d", r.Status)
	}
	if r := start(t, 2).get(s.server.URL + "/odata/lib/$requests/x"); r.Status != http.StatusNotFound {
		t.Errorf("no such request: %d", r.Status)
	}
}

func TestAllEntities(t *testing.T) {
	t.Parallel()
	s := start(t, 5, paged(2)) // 5 books, 3 shelves, 6 loans
	for path, want := range map[string]int{
		"$all": 14, "$all?$top=7": 7, "$all?$skip=4": 10, "$all?$skip=4&$top=3": 3, "$all?$top=0": 0, "$all?$skip=20": 0, "$all/Library.Shelf?$top=2": 2,
	} {
		if r := s.get(path, "Prefer", "odata.maxpagesize=100"); r.Status != http.StatusOK || strings.Count(r.Body, `"Id":`)+strings.Count(r.Body, `"Number":`) != want || strings.Contains(r.Body, "nextLink") {
			t.Errorf("%s: %d, want %d: %s", path, r.Status, want, r.Body)
		}
	}
	counted := s.get("$all?$count=true&$skip=4&$top=3", "OData-MaxVersion", "4.01").Body
	if !strings.HasPrefix(counted, `{"@context":"`+s.URL+`$metadata#Collection(Edm.EntityType)","@count":14,"value":[{"@type":"#Library.Book","@id":"`) || strings.Count(counted, `"@type":"#Library.Shelf"`) != 2 {
		t.Error(counted)
	}
	if r := s.do(http.MethodHead, "$all", http.Header{}, ""); r.Status != http.StatusOK || r.Body != "" {
		t.Errorf("HEAD: %d %q", r.Status, r.Body)
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		for _, path := range []string{"$all", "$crossjoin(Books,Shelves)"} {
			if r := s.do(method, path, http.Header{"Content-Type": {"application/json"}}, "{}"); r.Status != http.StatusMethodNotAllowed || r.Header.Get("Allow") == "" {
				t.Errorf("%s %s: %d %s", method, path, r.Status, r.Body)
			}
		}
	}
}

// Where a set breaks off, so does the answer: it never ends as if it were whole.
func TestAllEntitiesBreakOff(t *testing.T) {
	t.Parallel()
	s := start(t, 3000, func(_ *odata.Config, e *odatatest.Executor) {
		e.BatchRows, e.FailAfter, e.Err = 100, 20, errors.New("the source broke")
	})
	if r := s.get("$all"); r.Err == nil || r.Status != http.StatusOK || json.Valid([]byte(r.Body)) {
		t.Errorf("%d, ends well: %v %.80s", r.Status, r.Err, r.Body)
	}
	if r := s.get("$all?$top=5"); r.Err != nil || r.Status != http.StatusOK || !json.Valid([]byte(r.Body)) {
		t.Errorf("%d %v %.80s: what is asked for is there", r.Status, r.Err, r.Body)
	}
}
