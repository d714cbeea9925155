package connections

import (
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/pool"
)

// TestAConnectionClosesWhenItIsReleased although the context that it was asked for
// under goes on.
func TestAConnectionClosesWhenItIsReleased(t *testing.T) {
	t.Parallel()
	closed := 0
	p := &Pool{
		Config: Config{Config: &config.Config{DefaultConnection: "a", Connections: map[string]*config.Connection{"a": {Name: "a"}}}},
		shared: pool.New[*Opened](1),
	}
	put := func() {
		if err := p.shared.Put("a", &Opened{}, func() { closed++ }); err != nil {
			t.Fatal(err)
		}
	}
	put()
	used, err := p.Database(t.Context(), "", auth.NewAnonymous())
	if err != nil {
		t.Fatal(err)
	}
	put()
	if closed != 0 {
		t.Error("it was closed under its user")
	}
	rows := used.Hold()
	used.Release()
	used.Release()
	if closed != 0 {
		t.Error("it was closed under rows that outlive the request")
	}
	rows()
	if closed != 1 {
		t.Errorf("it was closed %d times", closed)
	}
}
