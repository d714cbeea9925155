package gwerr_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestErrorNamesPlaceAndHint(t *testing.T) {
	t.Parallel()
	err := gwerr.New(gwerr.Syntax, "Expected a value.", "Put the text in single quotes.").At(4).On("$filter")
	if got, want := err.Error(), "Expected a value. (at character 5) Put the text in single quotes."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCharacter(t *testing.T) {
	t.Parallel()
	const text = "SELECT 'ü', x"
	for at, want := range map[int]int{gwerr.NoPosition: 0, 0: 1, 7: 8, 13: 13, len(text): 14, len(text) + 1: 0} {
		if got := gwerr.New(gwerr.Syntax, "No.", "").At(at).Character(text); got != want {
			t.Errorf("byte %d is character %d, want %d", at, got, want)
		}
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	own := gwerr.New(gwerr.NotFound, "No such user.", "")
	cases := []struct {
		name string
		err  error
		want gwerr.Code
	}{
		{"own error in a chain", fmt.Errorf("reading: %w", own), gwerr.NotFound},
		{"deadline", fmt.Errorf("reading: %w", context.DeadlineExceeded), gwerr.Timeout},
		{"cancel", context.Canceled, gwerr.Canceled},
		{"anything else", errors.New("secret detail"), gwerr.Internal},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := gwerr.From(c.err)
			if got.Code != c.want {
				t.Errorf("code %q, want %q", got.Code, c.want)
			}
			if regexp.MustCompile("secret").MatchString(got.Error()) {
				t.Errorf("%q shows the cause to the user", got.Error())
			}
		})
	}
	if gwerr.From(nil) != nil {
		t.Error("From(nil) is not nil")
	}
}

// TestBecause ends work under a context: a reason of the gateway's own tells more
// than an error that there was an end, and less than any other.
func TestBecause(t *testing.T) {
	t.Parallel()
	stopping, refused := gwerr.New(gwerr.Busy, "Stopping.", ""), gwerr.New(gwerr.Forbidden, "No.", "")
	ended := func(cause error) context.Context {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		return ctx
	}
	cases := []struct {
		name string
		ctx  context.Context
		err  error
		want error
	}{
		{"no error", ended(stopping), nil, nil},
		{"the end as such", ended(stopping), context.Canceled, stopping},
		{"the end in words", ended(stopping), gwerr.From(context.Canceled), stopping},
		{"what broke by the end", ended(stopping), errors.New("use of a closed file"), stopping},
		{"another error", ended(stopping), refused, refused},
		{"a caller that left", ended(nil), context.Canceled, context.Canceled},
		{"a reason that is not for users", ended(errors.New("inner")), context.Canceled, context.Canceled},
		{"nothing has ended", t.Context(), context.Canceled, context.Canceled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := gwerr.Because(c.ctx, c.err); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRegistryIsComplete(t *testing.T) {
	t.Parallel()
	state := regexp.MustCompile(`^[0-9A-Z]{5}$`)
	seen := map[gwerr.Code]bool{}
	for _, k := range gwerr.Registry() {
		if seen[k.Code] {
			t.Errorf("%s is registered twice", k.Code)
		}
		seen[k.Code] = true
		if k.HTTP < 400 || k.HTTP > 599 || k.OData == "" || k.Meaning == "" || !state.MatchString(k.SQLState) {
			t.Errorf("%s: incomplete row %+v", k.Code, k)
		}
		if got := gwerr.New(k.Code, "x", "").Kind(); got != k {
			t.Errorf("%s: Kind() = %+v", k.Code, got)
		}
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	first := gwerr.New(gwerr.Busy, "Nobody is there.", "Wait.").On("x").At(3)
	placed := gwerr.In("In the hall", fmt.Errorf("wrapped: %w", first))
	if placed.Message != "In the hall: Nobody is there." || placed.Hint != "Wait." || placed.Target != "x" || placed.Position != 3 || placed.Code != gwerr.Busy {
		t.Errorf("got %+v", placed)
	}
	if first.Message != "Nobody is there." {
		t.Errorf("the error itself became %q", first.Message)
	}
}
