package pingone

import (
	"context"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// informationSchema is the schema of what stands above environments.
const informationSchema = "Information"

// reservedNames can't be a schema's name; an environment called so is reached
// by its id.
var reservedNames = []string{informationSchema, "AllEnvironments", "information_schema", "sys"}

// schemas keeps the schemas of a connection for a while. What is due is read
// again once for all callers; where that fails the old one still serves.
type schemas struct {
	c           *Connection
	information *catalog.Schema
	names       kept[[]catalog.SchemaName]

	mu     sync.Mutex
	byID   map[string]*kept[*catalog.Schema]
	closed bool

	// lasting gives contexts that end with the connection.
	lasting func(time.Duration) (context.Context, context.CancelFunc)
	cancel  context.CancelFunc
	wait    sync.WaitGroup
}

func newSchemas(c *Connection) *schemas {
	s := &schemas{c: c, byID: map[string]*kept[*catalog.Schema]{}}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.lasting = func(d time.Duration) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
	s.information = &catalog.Schema{Name: informationSchema}
	for _, t := range c.declared {
		if t.Scope == catalog.Global {
			s.information.Tables = append(s.information.Tables, t.In(s.information, nil, nil))
		}
	}
	return s
}

func (s *schemas) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wait.Wait()
}

// start runs f in a goroutine that close waits for; it is false after close.
func (s *schemas) start(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wait.Go(f)
	return true
}

// Names lists Information and the environments that the worker application
// can see. Environments that share a name, or have a reserved one, are listed
// by id.
func (c *Connection) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	return c.schemas.names.get(ctx, c.schemas, c.schemas.readNames)
}

// Schema returns the schema of that name or id.
func (c *Connection) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	if strings.EqualFold(name, informationSchema) {
		return c.schemas.information, nil
	}
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names[1:] {
		if strings.EqualFold(n.Name, name) || strings.EqualFold(n.ID, name) {
			return c.schemas.environment(ctx, n)
		}
	}
	return nil, gwerr.New(gwerr.UnknownSchema, "There is no schema of that name.",
		"Information.Environments lists the environments; each is a schema by its name or id.").On(name)
}

// Default names the schema of unqualified tables.
func (c *Connection) Default() string {
	if c.cfg.DefaultSchema != "" {
		return c.cfg.DefaultSchema
	}
	return c.cfg.WorkerAppEnvironmentID
}

// readNames lists the environments.
func (s *schemas) readNames(ctx context.Context) ([]catalog.SchemaName, error) {
	found, err := s.c.collect(ctx, listing{address: address{path: "environments"}, items: "environments", endpoint: "environments", group: groupConfiguration})
	if gwerr.Is(err, gwerr.UpstreamForbidden) && s.c.cfg.WorkerAppEnvironmentID != "" {
		id := strings.ToLower(s.c.cfg.WorkerAppEnvironmentID)
		return []catalog.SchemaName{{Name: informationSchema}, {Name: id, ID: id}}, nil
	}
	if err != nil {
		return nil, err
	}
	var all []struct{ ID, Name string }
	if err := unmarshalEach(found, &all); err != nil {
		return nil, err
	}
	uses := map[string]int{}
	for _, e := range all {
		uses[strings.ToLower(e.Name)]++
	}
	for _, r := range reservedNames {
		uses[strings.ToLower(r)] = 2
	}
	out := make([]catalog.SchemaName, 0, len(all))
	for _, e := range all {
		n := catalog.SchemaName{Name: e.Name, ID: strings.ToLower(e.ID)}
		if e.Name == "" || uses[strings.ToLower(e.Name)] > 1 {
			n.Name = n.ID
		}
		out = append(out, n)
	}
	sort.SliceStable(out, func(a, b int) bool { return strings.ToLower(out[a].Name) < strings.ToLower(out[b].Name) })
	return append([]catalog.SchemaName{{Name: informationSchema}}, out...), nil
}

// environment gives an environment's schema, with its own attributes.
func (s *schemas) environment(ctx context.Context, n catalog.SchemaName) (*catalog.Schema, error) {
	s.mu.Lock()
	k := s.byID[n.ID]
	if k == nil {
		k = &kept[*catalog.Schema]{}
		s.byID[n.ID] = k
	}
	s.mu.Unlock()
	return k.get(ctx, s, func(ctx context.Context) (*catalog.Schema, error) { return s.readSchema(ctx, n) })
}

func (s *schemas) readSchema(ctx context.Context, n catalog.SchemaName) (*catalog.Schema, error) {
	out := &catalog.Schema{Name: n.Name, ID: n.ID}
	for _, t := range s.c.declared {
		if t.Scope != catalog.PerEnvironment {
			continue
		}
		var more []catalog.Column
		var filters map[string]catalog.Filter
		if t.Discover != "" {
			discover, ok := discoveries[t.Discover]
			if !ok {
				return nil, gwerr.Newf(gwerr.Internal, "Table %s names the discovery %q, which does not exist.", t.Name, t.Discover)
			}
			var err error
			more, filters, err = discover(ctx, s.c, t, n.ID)
			if gwerr.Is(err, gwerr.UpstreamForbidden) {
				out.Notes = append(out.Notes, "Columns of the environment's own attributes are missing from "+t.Name+
					": the worker application may not read the environment's schemas.")
			} else if err != nil {
				return nil, err
			}
		}
		out.Tables = append(out.Tables, t.In(out, more, filters))
	}
	return out, nil
}

// kept is a value that is read again when it is old.
type kept[T any] struct {
	mu    sync.Mutex
	value T
	until time.Time // zero if there is no value
	calls singleflight.Group
}

const (
	// staleFor is how long an old value serves before a failed reading is
	// tried again.
	staleFor = 15 * time.Second
	// readTimeout bounds a reading, which no single caller owns.
	readTimeout = 2 * time.Minute
)

// get returns the value, reading it if it is due.
func (k *kept[T]) get(ctx context.Context, s *schemas, read func(context.Context) (T, error)) (T, error) {
	k.mu.Lock()
	value, until := k.value, k.until
	k.mu.Unlock()
	if now := s.c.cfg.Clock.Now(); !until.IsZero() && now.Before(until) {
		return value, nil
	}
	type result struct {
		value any
		err   error
	}
	done := make(chan result, 1)
	started := s.start(func() {
		v, err, _ := k.calls.Do("", func() (any, error) {
			inner, cancel := s.lasting(readTimeout)
			defer cancel()
			fresh, err := read(inner)
			return k.store(s, fresh, err)
		})
		done <- result{v, err}
	})
	if !started {
		return value, gwerr.New(gwerr.Canceled, "The connection is closed.", "")
	}
	select {
	case r := <-done:
		if r.err != nil {
			return value, gwerr.From(r.err)
		}
		return r.value.(T), nil
	case <-ctx.Done():
		return value, gwerr.From(ctx.Err())
	}
}

// store keeps a fresh value; after an error an old one serves on.
func (k *kept[T]) store(s *schemas, fresh T, err error) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := s.c.cfg.Clock.Now()
	if err == nil {
		k.value, k.until = fresh, now.Add(s.c.cfg.SchemaTTL)
		return fresh, nil
	}
	if k.until.IsZero() {
		return fresh, err
	}
	k.until = now.Add(staleFor)
	return k.value, nil
}
