package async_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/async"
)

// says answers a text.
func says(text string) func(context.Context, http.ResponseWriter) {
	return func(_ context.Context, w http.ResponseWriter) {
		w.Header().Set("Kind", "text")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, text)
	}
}

// waits runs until it is ended.
func waits(ctx context.Context, _ http.ResponseWriter) { <-ctx.Done() }

// hasCode reports whether the error is of that code.
func hasCode(err error, code gwerr.Code) bool {
	var e *gwerr.Error
	return errors.As(err, &e) && e.Code == code
}

func newStore(t *testing.T, o async.Options) *async.Store {
	t.Helper()
	o.Dir = t.TempDir()
	s := async.NewStore(o)
	t.Cleanup(func() {
		s.Close()
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
			t.Error(left, err)
		}
	})
	return s
}

func TestAnAnswerWaitsForItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, async.Options{Lifetime: time.Minute})
		type key struct{}
		asked, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		release := make(chan struct{})
		id, ok := s.Start(asked, "ada", func(ctx context.Context, w http.ResponseWriter) {
			<-release
			says(fmt.Sprint(ctx.Value(key{}), ctx.Err()))(ctx, w)
		})
		leave()
		if a, err := s.Find("ada", id); !ok || a != nil || err != nil {
			t.Fatal("an answer before there is one", a, err)
		}
		if other := newStore(t, async.Options{}); s.Elsewhere(id) || !other.Elsewhere(id) || other.Remove("ada", id) {
			t.Error("another store takes it for its own")
		}
		close(release)
		synctest.Wait()
		if _, err := s.Find("eve", id); !hasCode(err, gwerr.NotFound) || s.Remove("eve", id) {
			t.Error("somebody else's answer", err)
		}
		for range 2 { // it may be read again
			a, err := s.Find("ada", id)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(a.Body())
			if string(body) != "kept<nil>" || err != nil || a.Status != http.StatusTeapot || a.Header.Get("Kind") != "text" || a.Bytes != 9 {
				t.Errorf("%q %v %+v", body, err, a)
			}
		}
		time.Sleep(time.Minute + time.Second)
		if _, err := s.Find("ada", id); !hasCode(err, gwerr.NotFound) {
			t.Error("after its time:", err)
		}
	})
}

func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, async.Options{PerCaller: 2, Requests: 3, Bytes: 10})
		start := func(caller string, run func(context.Context, http.ResponseWriter)) string {
			id, ok := s.Start(t.Context(), caller, run)
			if !ok {
				return ""
			}
			synctest.Wait()
			return id
		}
		first, second := start("ada", says("12345678")), start("ada", says("123"))
		if _, err := s.Find("ada", second); !hasCode(err, gwerr.LimitExceeded) {
			t.Error("bytes:", err)
		}
		if first == "" || start("ada", waits) != "" {
			t.Error("a third request of a caller")
		}
		if start("bob", waits) == "" || start("eve", waits) != "" {
			t.Error("a fourth request of all")
		}
		if !s.Remove("ada", first) || s.Remove("ada", first) {
			t.Error("the first was not removed once")
		}
		again := start("ada", says("1234567"))
		if a, err := s.Find("ada", again); err != nil || a.Bytes != 7 {
			t.Error("after room was made:", a, err)
		}
	})
}

func TestARequestIsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, async.Options{})
		id, _ := s.Start(t.Context(), "ada", waits)
		broken, _ := s.Start(t.Context(), "ada", func(context.Context, http.ResponseWriter) { panic(http.ErrAbortHandler) })
		synctest.Wait()
		if _, err := s.Find("ada", broken); !hasCode(err, gwerr.UpstreamFailed) {
			t.Error("a broken answer:", err)
		}
		if !s.Remove("ada", id) {
			t.Error("it is not there")
		}
		left, _ := s.Start(t.Context(), "ada", waits)
		s.Close() // returns, so that it was ended
		if _, err := s.Find("ada", left); !hasCode(err, gwerr.NotFound) {
			t.Error("after the end:", err)
		}
		if _, ok := s.Start(t.Context(), "ada", says("x")); ok {
			t.Error("a request after the end")
		}
	})
}

func TestWithoutAPlaceForFiles(t *testing.T) {
	t.Parallel()
	s := async.NewStore(async.Options{Dir: t.TempDir() + "/nowhere"})
	defer s.Close()
	if _, ok := s.Start(t.Context(), "ada", says("x")); ok {
		t.Error("it was taken")
	}
}
