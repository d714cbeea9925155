// Package connect turns connection properties into token sources: it chooses
// the grant, the endpoints and the store that the properties name.
package connect

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// Location is an opened OAuthSettingsLocation.
type Location struct {
	// Store keeps the tokens.
	Store store.Store
	// Redis is the connection behind the store, for the rate budget too; nil
	// where the store is none.
	Redis *redisconn.Conn
}

// OpenLocation opens memory:// (also for an empty text), file:///directory, the path of a directory, or
// an address of Redis as package redisconn reads it. required makes a Redis
// that cannot be reached an error. Errors are gwerr.Config.
func OpenLocation(ctx context.Context, location tokens.Secret, required bool, sink observe.Sink) (*Location, error) {
	text := tokens.StoreAddress(location.Reveal())
	scheme, _, _ := strings.Cut(text, ":")
	switch scheme = strings.ToLower(scheme); {
	case text == "" || scheme == "memory":
		return &Location{Store: store.NewMemory()}, nil
	case scheme == "file":
		u, err := url.Parse(text)
		if err != nil || u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
			return nil, gwerr.New(gwerr.Config, "OAuthSettingsLocation is not the address of a directory.",
				"Write it as file:///var/lib/gateway/tokens.").On("OAuthSettingsLocation")
		}
		s, err := store.NewFile(u.Path)
		if err != nil {
			return nil, err
		}
		return &Location{Store: s}, nil
	case strings.HasPrefix(scheme, "redis"):
		conn, err := redisconn.New(ctx, redisconn.Config{URL: text, Required: required, Sink: sink})
		if err != nil {
			return nil, err
		}
		return &Location{Store: store.NewRedis(conn), Redis: conn}, nil
	}
	return nil, gwerr.New(gwerr.Config, "OAuthSettingsLocation names no kind of store.",
		"Use memory://, file:///directory or redis://host:6379.").On("OAuthSettingsLocation")
}

// Close closes the store and its connection.
func (l *Location) Close() error {
	err := l.Store.Close()
	if l.Redis != nil {
		err = errors.Join(err, l.Redis.Close())
	}
	return err
}
