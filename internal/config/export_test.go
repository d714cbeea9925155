package config

// Default returns the configuration without any source. It is not valid: it
// has no connection and no authentication.
func Default() *Config {
	l := newLoader(Sources{})
	l.defaults()
	return l.cfg
}

// Set gives the option at path a value. The error says what is wrong with it.
func (c *Config) Set(path, value string) error {
	l := newLoader(Sources{})
	l.cfg = c
	o, name, _ := l.index.find(path)
	if o == nil {
		return Problems{l.index.unknown(path)}.Err()
	}
	l.apply(o, name, value, "program")
	return l.problems.Err()
}
