package pgwire

// PasswordAllowed is passwordAllowed.
func PasswordAllowed(c *Config, l Login) error { return c.passwordAllowed(l) }
