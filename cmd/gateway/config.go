package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// configFlags say where the configuration comes from.
type configFlags struct {
	path string
	set  []string
}

func (f *configFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.path, "config", "", "configuration file (default: $"+config.EnvFile+")")
	c.Flags().StringArrayVar(&f.set, "set", nil, "one option as key=value, such as log.level=debug; may be repeated")
}

// sources collects file, environment and flags.
func (f *configFlags) sources() (config.Sources, error) {
	s := config.Sources{File: f.path, Env: os.Environ(), Flags: map[string]string{}}
	for _, kv := range f.set {
		key, value, ok := strings.Cut(kv, "=")
		if !ok {
			return s, gwerr.New(gwerr.Config, fmt.Sprintf("--set %s has no value.", kv), "Write it as key=value.")
		}
		s.Flags[key] = value
	}
	return s, nil
}

func (f *configFlags) load() (*config.Config, error) {
	s, err := f.sources()
	if err != nil {
		return nil, err
	}
	return config.Load(s)
}

func configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Check, show and explain the configuration"}
	c.AddCommand(configCheckCommand(), configShowCommand(), configExampleCommand(), configSchemaCommand())
	return c
}

func configCheckCommand() *cobra.Command {
	var f configFlags
	c := &cobra.Command{
		Use:   "check",
		Short: "Say everything that is wrong with the configuration, and how to mend it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, w := range cfg.Warnings {
				fmt.Fprintln(out, "warning:", w)
			}
			fmt.Fprintf(out, "The configuration is right: %d connection(s), default %s, listening on %s.\n",
				len(cfg.Connections), cfg.DefaultConnection, cfg.Listen.Address)
			return nil
		},
	}
	f.register(c)
	return c
}

func configShowCommand() *cobra.Command {
	var f configFlags
	c := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration in force, with the origin of every value; secrets are ***",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			return cfg.Dump(cmd.OutOrStdout())
		},
	}
	f.register(c)
	return c
}

func configExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print a commented configuration file with every option",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return config.WriteExample(cmd.OutOrStdout()) },
	}
}

func configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration file, for editors",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return config.WriteSchema(cmd.OutOrStdout()) },
	}
}
