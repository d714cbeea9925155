// Package config reads what an operator decides: one YAML file, environment
// variables and a few flags.
//
// Every option is declared once, with its address, default, help and example
// (options.go, options_connection.go). From the declarations come the strict
// reader of the file, the names of the environment variables, the messages for
// misspelt keys, the effective dump, the example file, the JSON Schema and
// docs/configuration.md. Validation is pure: it opens nothing, and it returns
// every problem at once. The package knows nothing of the packages that it
// configures.
package config
