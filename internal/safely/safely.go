// Package safely runs the work of a caller so that a defect in it fails that
// work alone.
//
// A panic in a goroutine ends the process, and with it the queries of everybody
// else. Work that one caller asked for runs through Do or a Group instead: its
// panic becomes an error of package gwerr, and an event with the stack for the
// log and the metrics. Package errgroup is used here and nowhere else below cmd.
package safely

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Do runs f and returns its error, or gwerr.Internal where it panics; the sink
// gets an observe.PanicRecovered then. where is one of observe's places.
//
// A panic with http.ErrAbortHandler is no defect: it becomes a gwerr.Canceled
// that wraps it. runtime.Goexit ends the goroutine as ever.
func Do(ctx context.Context, sink observe.Sink, where observe.Place, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Caught(ctx, sink, where, v)
		}
	}()
	return f()
}

// Caught reports a panic's value, as recover returned it in a deferred function,
// and returns the error that stands for it. Where Do can't be used.
func Caught(ctx context.Context, sink observe.Sink, where observe.Place, value any) error {
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return gwerr.Wrap(gwerr.Canceled, http.ErrAbortHandler, "The answer was broken off.", "")
	}
	sink.Observe(ctx, observe.PanicRecovered{Where: where, Value: describe(value), Stack: string(debug.Stack())})
	return gwerr.Wrap(gwerr.Internal, fmt.Errorf("panic in %s: %s", where, describe(value)),
		"The gateway failed unexpectedly.", "Report the request id to the administrator; the log has the cause.")
}

// describe is the text of errors of the runtime. The text of other values may
// hold what a caller sent, so of those it is the type.
func describe(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("value of type %T", value)
}
