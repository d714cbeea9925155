package pingone

import (
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Directory is one PingOne organization, as a source of rows and a provider
// of schemas. Its methods are safe for concurrent use.
type Directory struct {
	cfg    Config
	client *client
	// declared holds the tables as their files declare them.
	declared []*catalog.Table
	learnt   *experience
	schemas  *schemas
}

var (
	_ scan.Source      = (*Directory)(nil)
	_ catalog.Provider = (*Directory)(nil)
)

// New returns a directory; it makes no call. Errors are gwerr.Config for a
// configuration that can't work, and those of tables.All.
func New(cfg Config) (*Directory, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cl, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	c := &Directory{cfg: cfg, client: cl, declared: cfg.Tables, learnt: newExperience()}
	c.schemas = newSchemas(c)
	return c, nil
}

// Close stops what the directory reads for itself and frees idle connections.
// Scans that still run end with their contexts.
func (c *Directory) Close() error {
	c.schemas.close()
	c.client.close()
	return nil
}
