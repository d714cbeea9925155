package pingone

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// informationSchema is the schema of what stands above environments.
const informationSchema = "Information"

// reservedNames can't be a schema's name; an environment called so is reached
// by its id.
var reservedNames = []string{informationSchema, catalog.AllEnvironments, "information_schema", "pg_catalog", "sys"}

// schemas keeps the schemas of a connection for a while. What is due is read
// again once for all callers; where that fails the old one still serves.
type schemas struct {
	c           *Directory
	information *catalog.Schema
	names       kept[nameList]

	mu     sync.Mutex
	byID   map[string]*keptSchema
	closed bool

	// lasting gives contexts that end with the connection.
	lasting func(time.Duration) (context.Context, context.CancelFunc)
	cancel  context.CancelCauseFunc
	wait    sync.WaitGroup
}

// keptSchema is an environment's schema under the name that it has.
type keptSchema struct {
	name string
	kept[*catalog.Schema]
}

func newSchemas(c *Directory) *schemas {
	s := &schemas{c: c, byID: map[string]*keptSchema{}}
	ctx, cancel := context.WithCancelCause(context.Background())
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
	s.cancel(errClosed())
	s.wait.Wait()
}

func errClosed() error {
	return gwerr.New(gwerr.Busy, "The connection to PingOne was closed.", "Send the request again.").After(time.Second)
}

// forget makes what is known of schemas due to be read again. It serves on where
// that fails.
func (s *schemas) forget() {
	s.names.forget(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.byID {
		k.forget(s)
	}
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
func (c *Directory) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	list, err := c.schemas.names.get(ctx, c.schemas, c.schemas.readNames)
	return list.names, err
}

// nameList is the schemas' names, Information first.
type nameList struct {
	names []catalog.SchemaName
	// refused is why the environments could not be listed; the names are then
	// those that are known without. nil for the whole list.
	refused error
}

// Schema returns the schema of that name or id.
func (c *Directory) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	if strings.EqualFold(name, informationSchema) {
		return c.schemas.information, nil
	}
	list, err := c.schemas.names.get(ctx, c.schemas, c.schemas.readNames)
	if err != nil {
		return nil, err
	}
	for _, n := range list.names[1:] {
		if strings.EqualFold(n.Name, name) || strings.EqualFold(n.ID, name) {
			return c.schemas.environment(ctx, n)
		}
	}
	if list.refused != nil {
		return nil, list.refused
	}
	return nil, catalog.NoSchema(name, list.names)
}

// Default names the schema of unqualified tables.
func (c *Directory) Default() string {
	return cmp.Or(c.cfg.DefaultSchema, c.cfg.WorkerAppEnvironmentID)
}

// readNames lists the environments. Where that is refused, the application's
// own environment is known by its id.
func (s *schemas) readNames(ctx context.Context, patient bool) (list nameList, whole bool, err error) {
	var found []json.RawMessage
	err = s.insist(ctx, patient, func() (err error) {
		found, err = s.c.collect(ctx, listing{address: address{path: "environments"}, items: "environments", endpoint: "environments", group: groupConfiguration, permission: "orgmgt:read:environment"})
		return err
	})
	if id := strings.ToLower(s.c.cfg.WorkerAppEnvironmentID); id != "" && refusedForNow(err) {
		return nameList{names: []catalog.SchemaName{{Name: informationSchema}, {Name: id, ID: id}}, refused: err}, false, nil
	}
	if err != nil {
		return nameList{}, false, err
	}
	names, err := namesOf(found)
	return nameList{names: names}, true, err
}

// namesOf names schemas after environments.
func namesOf(found []json.RawMessage) ([]catalog.SchemaName, error) {
	var all []struct{ ID, Name, Status string }
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
		n := catalog.SchemaName{Name: e.Name, ID: strings.ToLower(e.ID), Leaving: e.Status == "DELETE_PENDING"}
		if e.Name == "" || uses[strings.ToLower(e.Name)] > 1 || isID(e.Name) {
			n.Name, n.Label = n.ID, e.Name
		}
		out = append(out, n)
	}
	sort.SliceStable(out, func(a, b int) bool { return strings.ToLower(out[a].Name) < strings.ToLower(out[b].Name) })
	return append([]catalog.SchemaName{{Name: informationSchema}}, out...), nil
}

// isID is true of names that could be an environment's id: who asks for an id, or
// is granted one, means the environment that has it.
func isID(name string) bool {
	_, err := uuid.Parse(name)
	return err == nil && len(name) == 36
}

// environment gives an environment's schema, with its own attributes.
func (s *schemas) environment(ctx context.Context, n catalog.SchemaName) (*catalog.Schema, error) {
	s.mu.Lock()
	k := s.byID[n.ID]
	if k == nil || k.name != n.Name { // of another name now, and another may have its old one
		k = &keptSchema{name: n.Name}
		s.byID[n.ID] = k
	}
	s.mu.Unlock()
	return k.get(ctx, s, func(ctx context.Context, patient bool) (*catalog.Schema, bool, error) {
		return s.readSchema(ctx, n, patient)
	})
}

// readSchema reads an environment's schema. Where its own attributes are
// refused, it has the declared columns and a note.
func (s *schemas) readSchema(ctx context.Context, n catalog.SchemaName, patient bool) (out *catalog.Schema, whole bool, err error) {
	out, whole = &catalog.Schema{Name: n.Name, ID: n.ID, Label: n.Label}, true
	for _, t := range s.c.declared {
		if t.Scope != catalog.PerEnvironment {
			continue
		}
		var more []catalog.Column
		var filters map[string]catalog.Filter
		if t.Discover != "" {
			discover, ok := discoveries[t.Discover]
			if !ok {
				return nil, false, gwerr.Newf(gwerr.Internal, "Table %s names the discovery %q, which does not exist.", t.Name, t.Discover)
			}
			err := s.insist(ctx, patient, func() (err error) {
				more, filters, err = discover(ctx, s.c, t, n.ID)
				return err
			})
			switch {
			case refusedForNow(err):
				whole = false
				out.Notes = append(out.Notes, "Columns of the environment's own attributes are missing from "+t.Name+
					": PingOne refuses to tell them to the worker application, or does not know the environment yet. It is asked again.")
			case err != nil:
				return nil, false, err
			}
		}
		out.Tables = append(out.Tables, t.In(out, more, filters))
	}
	return out, whole, nil
}

// refusedForNow is true of answers that PingOne also gives for up to a minute
// about environments that were just created.
func refusedForNow(err error) bool {
	return gwerr.Is(err, gwerr.UpstreamForbidden) || refusedWith(err, http.StatusNotFound)
}

// insist makes calls that may be refused for now, several times where patient
// says so: nothing serves meanwhile.
func (s *schemas) insist(ctx context.Context, patient bool, calls func() error) error {
	err := calls()
	for _, wait := range insistence {
		if !patient || !refusedForNow(err) {
			break
		}
		if s.c.cfg.Clock.Sleep(ctx, wait) != nil {
			break
		}
		err = calls()
	}
	return err
}

// insistence are the waits between the tries of insist.
var insistence = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}

// kept is a value that is read again when it is old.
type kept[T any] struct {
	mu    sync.Mutex
	value T
	// whole is false of a value that lacks what PingOne refused to tell; it
	// serves until there is a better one, and never takes a whole one's place.
	whole bool
	until time.Time // zero if there is no value
	calls singleflight.Group
}

// reader reads a value. patient readings may take their time over what is
// refused: there is no value yet.
type reader[T any] func(ctx context.Context, patient bool) (value T, whole bool, err error)

const (
	// staleFor is how long an old value, or one that is not whole, serves
	// before it is read again.
	staleFor = 15 * time.Second
	// readTimeout bounds a reading, which no single caller owns.
	readTimeout = 2 * time.Minute
)

// get returns the value, reading it if it is due.
func (k *kept[T]) get(ctx context.Context, s *schemas, read reader[T]) (T, error) {
	k.mu.Lock()
	value, until := k.value, k.until
	k.mu.Unlock()
	if now := s.c.cfg.Clock.Now(); !until.IsZero() && now.Before(until) {
		return value, nil
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	started := s.start(func() {
		var r result
		_, r.err, _ = k.calls.Do("", func() (any, error) { return nil, k.read(s, read, until.IsZero()) })
		k.mu.Lock()
		r.value = k.value
		k.mu.Unlock()
		done <- r
	})
	if !started {
		return value, errClosed()
	}
	select {
	case r := <-done:
		if r.err != nil {
			return value, gwerr.From(r.err)
		}
		return r.value, nil
	case <-ctx.Done():
		return value, gwerr.From(ctx.Err())
	}
}

// forget makes the value due.
func (k *kept[T]) forget(s *schemas) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.until.IsZero() {
		k.until = s.c.cfg.Clock.Now()
	}
}

// read reads the value for everybody who waits for it.
func (k *kept[T]) read(s *schemas, read reader[T], patient bool) error {
	ctx, cancel := s.lasting(readTimeout)
	defer cancel()
	var fresh T
	var whole bool
	err := safely.Do(ctx, s.c.cfg.Sink, observe.InSchema, func() (err error) {
		fresh, whole, err = read(ctx, patient)
		return err
	})
	return k.store(s, fresh, whole, gwerr.Because(ctx, err))
}

// store keeps a fresh value. After an error, or in place of one that is less
// whole, an old one serves on.
func (k *kept[T]) store(s *schemas, fresh T, whole bool, err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := s.c.cfg.Clock.Now()
	switch {
	case err == nil && whole:
		k.value, k.whole, k.until = fresh, true, now.Add(s.c.cfg.SchemaTTL)
	case err == nil && !k.whole:
		k.value, k.until = fresh, now.Add(staleFor)
	case k.until.IsZero():
		return err
	default:
		k.until = now.Add(staleFor)
	}
	return nil
}
