package auth_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var home = netip.MustParseAddr("192.0.2.1")

func TestDamperDoublesTheWait(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := auth.NewDamper(auth.DamperConfig{Free: 3, Base: time.Second, Max: 10 * time.Second, Halve: time.Hour, Now: c.now})
	want := []time.Duration{0, 0, 0, 1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second}
	for i, w := range want {
		d.Failed(home, "")
		if got := d.Wait(home, ""); got != w {
			t.Errorf("after %d failures: %v, want %v", i+1, got, w)
		}
		c.advance(w)
		if got := d.Wait(home, ""); got != 0 {
			t.Errorf("after waiting %v: still %v", w, got)
		}
	}
	if got := d.Wait(netip.MustParseAddr("192.0.2.2"), ""); got != 0 {
		t.Errorf("another address waits %v", got)
	}
}

func TestDamperNeverOverflows(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := auth.NewDamper(auth.DamperConfig{Free: 1, Max: time.Minute, Now: c.now})
	for range 500 {
		d.Failed(home, "anna")
		if got := d.Wait(home, "anna"); got < 0 || got > time.Minute {
			t.Fatalf("wait %v", got)
		}
	}
}

func TestDamperForgetsSlowly(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := auth.NewDamper(auth.DamperConfig{Free: 4, Halve: time.Minute, Now: c.now})
	for range 4 {
		d.Failed(home, "")
	}
	c.advance(time.Minute) // four count as two
	d.Failed(home, "")
	d.Failed(home, "")
	if got := d.Wait(home, ""); got != 0 {
		t.Errorf("wait %v, want none", got)
	}
	d.Failed(home, "")
	if got := d.Wait(home, ""); got != time.Second {
		t.Errorf("wait %v, want 1s", got)
	}
}

func TestDamperByUser(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := auth.NewDamper(auth.DamperConfig{FreeUser: 2, MaxUser: 2 * time.Second, Now: c.now})
	for i := range 10 {
		d.Failed(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), "anna")
	}
	other := netip.MustParseAddr("10.9.9.9")
	if got := d.Wait(other, "anna"); got != 2*time.Second {
		t.Errorf("anna waits %v, want 2s at most", got)
	}
	if got := d.Wait(other, "bert"); got != 0 {
		t.Errorf("bert waits %v", got)
	}
	d.Succeeded("anna")
	if got := d.Wait(other, "anna"); got != 0 {
		t.Errorf("after success anna waits %v", got)
	}
}

func TestDamperKeepsTheAddressAfterSuccess(t *testing.T) {
	t.Parallel()
	d := auth.NewDamper(auth.DamperConfig{Free: 1, Now: newClock().now})
	d.Failed(home, "anna")
	d.Failed(home, "anna")
	d.Succeeded("anna")
	if d.Wait(home, "bert") == 0 {
		t.Error("one valid key lets its holder guess others without end")
	}
}

func TestDamperCountsNetworksOfIPv6(t *testing.T) {
	t.Parallel()
	d := auth.NewDamper(auth.DamperConfig{Free: 1, Now: newClock().now})
	d.Failed(netip.MustParseAddr("2001:db8::1"), "")
	d.Failed(netip.MustParseAddr("2001:db8::2"), "")
	for address, want := range map[string]bool{
		"2001:db8::ffff": true, "2001:db8:0:1::1": false, "::1": false,
	} {
		if got := d.Wait(netip.MustParseAddr(address), "") > 0; got != want {
			t.Errorf("%s waits: %v, want %v", address, got, want)
		}
	}
	d.Failed(netip.MustParseAddr("::ffff:192.0.2.1"), "")
	d.Failed(home, "")
	if d.Wait(home, "") == 0 {
		t.Error("an IPv4 address in IPv6 form is another address")
	}
}

func TestDamperMemoryIsBounded(t *testing.T) {
	t.Parallel()
	d := auth.NewDamper(auth.DamperConfig{Free: 1, FreeUser: 1, Size: 10, Now: newClock().now})
	for i := range 1000 {
		a := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		d.Failed(a, fmt.Sprint("user", i))
		d.Failed(a, fmt.Sprint("user", i))
	}
	waiting := 0
	for i := range 1000 {
		if d.Wait(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), "") > 0 {
			waiting++
		}
	}
	if waiting != 10 {
		t.Errorf("%d addresses are remembered, want 10", waiting)
	}
}

func TestNoDamperAndNoAddress(t *testing.T) {
	t.Parallel()
	var none *auth.Damper
	none.Failed(home, "anna")
	none.Succeeded("anna")
	if none.Wait(home, "anna") != 0 {
		t.Error("a nil damper damps")
	}
	d := auth.NewDamper(auth.DamperConfig{Free: 1, Now: newClock().now})
	d.Failed(netip.Addr{}, "")
	d.Failed(netip.Addr{}, "")
	if d.Wait(netip.Addr{}, "") != 0 {
		t.Error("callers without address or name share a wait")
	}
}
