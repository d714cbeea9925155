package pingone

import (
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Connection is one PingOne organization, as a source of rows and a provider
// of schemas. Its methods are safe for concurrent use.
type Connection struct {
	cfg    Config
	client *client
	// declared holds the tables as their files declare them.
	declared []*catalog.Table
	learnt   *experience
	schemas  *schemas
}

var (
	_ scan.Source      = (*Connection)(nil)
	_ catalog.Provider = (*Connection)(nil)
)

// New returns a connection; it makes no call. Errors are gwerr.Config for a
// configuration that can't work, and those of tables.All.
func New(cfg Config) (*Connection, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cl, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	c := &Connection{cfg: cfg, client: cl, declared: cfg.Tables, learnt: newExperience()}
	c.schemas = newSchemas(c)
	return c, nil
}

// Close stops what the connection reads for itself and frees idle connections.
// Scans that still run end with their contexts.
func (c *Connection) Close() error {
	c.schemas.close()
	c.client.close()
	return nil
}
