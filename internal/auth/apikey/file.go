package apikey

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/scram"
	"github.com/pingone-gateway/gateway/tokens"
)

// Record is what the file holds of one key. It has no secret.
type Record struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Hash is the SHA-256 of the secret, in hexadecimal digits.
	Hash string `json:"hash"`
	// SCRAM is what proves the whole key to SCRAM-SHA-256; "" in keys of before.
	SCRAM string   `json:"scram,omitempty"`
	Roles []string `json:"roles"`
	// Attributes are values of caller.<name> for row filters.
	Attributes map[string][]string `json:"attributes,omitempty"`
	Created    time.Time           `json:"created"`
	// Expires and Revoked are nil while they don't apply.
	Expires *time.Time `json:"expires,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`
	// LastUsed is kept beside the file, to the minute; nil if never.
	LastUsed *time.Time `json:"-"`
}

// State says whether the key works at the time: "active", "expired" or
// "revoked".
func (r Record) State(at time.Time) string {
	switch {
	case r.Revoked != nil:
		return "revoked"
	case r.Expires != nil && !at.Before(*r.Expires):
		return "expired"
	default:
		return "active"
	}
}

// maxFile bounds a file of keys, in bytes.
const maxFile = 16 << 20

type document struct {
	Version int      `json:"version"`
	Keys    []Record `json:"keys"`
}

// File is a file of keys, for commands that create, list and revoke. Changes
// are made under a lock and put in place at once, so that a reader sees the
// file before or after, never between.
type File struct {
	Path string
	// Now and Random are the clock and the source of randomness; nil for
	// time.Now and crypto/rand.
	Now    func() time.Time
	Random io.Reader
}

// NewKey describes a key to be created.
type NewKey struct {
	Name       string
	Roles      []string
	Attributes map[string][]string
	// TTL is how long the key works; 0 for no end.
	TTL time.Duration
}

// ErrTaken is in the error of Create where there is an active key of that name.
var ErrTaken = errors.New("the name is taken")

// Create adds a key and returns it whole. It can't be had again: the file
// holds its hash alone. The error is gwerr.BadRequest for a name that is empty
// or taken.
func (f *File) Create(ctx context.Context, n NewKey) (tokens.Secret, Record, error) {
	if n.Name = strings.TrimSpace(n.Name); n.Name == "" || len(n.Name) > 200 {
		return tokens.Secret{}, Record{}, gwerr.New(gwerr.BadRequest, "A key needs a name of at most 200 characters.", "")
	}
	if n.TTL < 0 {
		return tokens.Secret{}, Record{}, gwerr.New(gwerr.BadRequest, "The time to live is negative.", "")
	}
	random := cmp.Or(f.Random, rand.Reader)
	id, secret, err := generate(random)
	if err != nil {
		return tokens.Secret{}, Record{}, gwerr.Wrap(gwerr.Internal, err, "No randomness could be read.", "")
	}
	sum := hashOf(secret)
	verifier, err := scram.New(join(id, secret).Reveal())
	if err != nil {
		return tokens.Secret{}, Record{}, gwerr.Wrap(gwerr.Internal, err, "The key can't be made fit for SCRAM.", "")
	}
	r := Record{
		ID: id, Name: n.Name, Hash: hex.EncodeToString(sum[:]), SCRAM: verifier.String(), Roles: append([]string{}, n.Roles...),
		Attributes: n.Attributes, Created: f.now().UTC().Truncate(time.Second),
	}
	if n.TTL > 0 {
		end := r.Created.Add(n.TTL)
		r.Expires = &end
	}
	err = f.change(ctx, func(d *document) error {
		for _, k := range d.Keys {
			if k.Name == r.Name && k.State(f.now()) == "active" || k.ID == r.ID {
				return gwerr.Wrap(gwerr.BadRequest, ErrTaken, fmt.Sprintf("There is an active key named %q.", r.Name), "Choose another name, or revoke that key first.")
			}
		}
		d.Keys = append(d.Keys, r)
		return nil
	})
	if err != nil {
		return tokens.Secret{}, Record{}, err
	}
	return join(id, secret), r, nil
}

// List returns all keys, in the order of their creation.
func (f *File) List(context.Context) ([]Record, error) {
	d, err := read(f.Path)
	if err != nil {
		return nil, err
	}
	used := readUsed(f.Path)
	for i := range d.Keys {
		if at, ok := used[d.Keys[i].ID]; ok {
			d.Keys[i].LastUsed = &at
		}
	}
	return d.Keys, nil
}

// Revoke ends a key, named by its id or by its name if one active key has it.
// The error is gwerr.NotFound if there is none.
func (f *File) Revoke(ctx context.Context, idOrName string) (Record, error) {
	var out Record
	err := f.change(ctx, func(d *document) error {
		i := slices.IndexFunc(d.Keys, func(r Record) bool { return r.ID == idOrName })
		if i < 0 {
			i = slices.IndexFunc(d.Keys, func(r Record) bool { return r.Name == idOrName && r.Revoked == nil })
		}
		if i < 0 {
			return gwerr.Newf(gwerr.NotFound, "There is no key %q.", idOrName).WithHint("`gateway keys list` shows the keys.")
		}
		if d.Keys[i].Revoked == nil {
			now := f.now().UTC().Truncate(time.Second)
			d.Keys[i].Revoked = &now
		}
		out = d.Keys[i]
		return nil
	})
	return out, err
}

func (f *File) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// change reads the file, lets edit change it and writes it, under a lock.
func (f *File) change(ctx context.Context, edit func(*document) error) error {
	if err := ctx.Err(); err != nil {
		return gwerr.From(err)
	}
	unlock, err := lockedfile.MutexAt(f.Path + ".lock").Lock()
	if err != nil {
		return gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The file of keys %s can't be locked.", f.Path), "Check the folder and its permissions.")
	}
	defer unlock()
	d, err := read(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		d, err = &document{Version: 1}, nil
	}
	if err != nil {
		return err
	}
	if err := edit(d); err != nil {
		return err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return gwerr.From(err)
	}
	return replace(f.Path, append(text, '\n'))
}

// read reads and checks the file.
func read(path string) (*document, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The file of keys %s can't be read.", path), "Create a key with `gateway keys create`, or check the path and its permissions.")
	}
	d, err := decode(text)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The file of keys %s is damaged: %s.", path, err), "Restore it from a copy, or create it anew.")
	}
	return d, nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	return text, err
}

// decode reads a document strictly: half a key must not come to life.
func decode(text []byte) (*document, error) {
	var d document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, err
	}
	if dec.More() || d.Version != 1 {
		return nil, fmt.Errorf("version %d, or more than one document; version 1 is understood", d.Version)
	}
	seen := map[string]bool{}
	for i, k := range d.Keys {
		sum, err := hex.DecodeString(k.Hash)
		if err != nil || len(sum) != sha256.Size || len(k.ID) != idLength || !plain(k.ID) || k.Name == "" || seen[k.ID] {
			return nil, fmt.Errorf("key %d has no valid id, name or hash", i+1)
		}
		if _, err := scram.Parse(k.SCRAM); err != nil && k.SCRAM != "" {
			return nil, fmt.Errorf("key %d has no valid verifier for SCRAM", i+1)
		}
		seen[k.ID] = true
	}
	return &d, nil
}

// replace puts a file in place at once, for its owner alone.
func replace(path string, text []byte) (err error) {
	// CreateTemp makes files of mode 0600.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err == nil {
		defer func() { _ = os.Remove(tmp.Name()) }()
		_, err = tmp.Write(text)
		err = errors.Join(err, tmp.Sync(), tmp.Close())
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The file %s can't be written.", path), "Check the folder and its permissions.")
	}
	return nil
}
