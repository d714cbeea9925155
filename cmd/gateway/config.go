package main

import (
	"fmt"
	"io"
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

// configured is a command that reads the configuration first.
func configured(use, short string, run func(cmd *cobra.Command, cfg *config.Config) error) *cobra.Command {
	var f configFlags
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		cfg, err := f.load()
		if err != nil {
			return err
		}
		return run(cmd, cfg)
	}}
	f.register(c)
	return c
}

// printed is a command without flags that prints something.
func printed(use, short string, write func(io.Writer) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return write(cmd.OutOrStdout())
	}}
}

func configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Check, show and explain the configuration"}
	c.AddCommand(
		configured("check", "Say everything that is wrong with the configuration, and how to correct it", func(cmd *cobra.Command, cfg *config.Config) error {
			out := cmd.OutOrStdout()
			for _, w := range cfg.Warnings {
				fmt.Fprintln(out, "warning:", w)
			}
			_, err := fmt.Fprintf(out, "The configuration is right: %d connection(s), default %s, listening on %s.\n",
				len(cfg.Connections), cfg.DefaultConnection, cfg.Listen.Address)
			return err
		}),
		configured("show", "Print the configuration in force, with the origin of every value; secrets are ***", func(cmd *cobra.Command, cfg *config.Config) error {
			return cfg.Dump(cmd.OutOrStdout())
		}),
		printed("example", "Print a commented configuration file with every option", config.WriteExample),
		printed("schema", "Print the JSON Schema of the configuration file, for editors", config.WriteSchema),
	)
	return c
}
