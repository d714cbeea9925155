package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// keysFlags say which file of keys is meant.
type keysFlags struct {
	config configFlags
	file   string
}

func (f *keysFlags) register(c *cobra.Command) {
	f.config.register(c)
	c.Flags().StringVar(&f.file, "file", "", "file of keys (default: auth.keys_file of the configuration)")
}

func (f *keysFlags) open() (*apikey.File, error) {
	path := f.file
	if path == "" {
		cfg, err := f.config.load()
		if err != nil {
			return nil, err
		}
		path = cfg.Auth.KeysFile
	}
	if path == "" {
		return nil, gwerr.New(gwerr.Config, "No file of keys is named.", "Give --file, or set auth.keys_file.")
	}
	return &apikey.File{Path: path}, nil
}

func keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "Create, list and revoke API keys; make sealing keys"}
	c.AddCommand(keysCreateCommand(), keysListCommand(), keysRevokeCommand(), keysSealCommand())
	return c
}

func keysSealCommand() *cobra.Command {
	var id string
	c := &cobra.Command{
		Use:   "seal",
		Short: "Print a new key for tokens.encryption_keys or odata.link_keys",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := seal.GenerateKey(id).Reveal()
			if _, err := seal.ParseKey(text); err != nil {
				return err // an id that no configuration could hold
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
	c.Flags().StringVar(&id, "id", time.Now().UTC().Format("2006-01-02"), "the key's name, which tells it from others")
	return c
}

func keysCreateCommand() *cobra.Command {
	var f keysFlags
	var n apikey.NewKey
	var attributes []string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a key and print it; it can't be shown again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := f.open()
			if err != nil {
				return err
			}
			n.Name = args[0]
			if n.Attributes, err = attributesOf(attributes); err != nil {
				return err
			}
			key, record, err := file.Create(cmd.Context(), n)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Key %s (%s) was created. Keep it now: only its hash is stored.\n", record.ID, record.Name)
			_, err = fmt.Fprintln(cmd.OutOrStdout(), key.Reveal())
			return err
		},
	}
	f.register(c)
	c.Flags().StringSliceVar(&n.Roles, "role", nil, "role of the policy file; may be repeated")
	c.Flags().DurationVar(&n.TTL, "expires-in", 0, "time until the key ends, such as 2160h; 0 for no end")
	c.Flags().StringArrayVar(&attributes, "attribute", nil, "name=value for caller.name in row filters; may be repeated")
	return c
}

func attributesOf(pairs []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, p := range pairs {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, gwerr.New(gwerr.BadRequest, fmt.Sprintf("--attribute %s is not name=value.", p), "")
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}

func keysListCommand() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "List the keys, without their secrets",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := f.open()
			if err != nil {
				return err
			}
			records, err := file.List(cmd.Context())
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tROLES\tSTATE\tCREATED\tEXPIRES\tLAST USED")
			for _, r := range records {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Name, strings.Join(r.Roles, ","), r.State(time.Now()),
					r.Created.Format(time.DateOnly), date(r.Expires), date(r.LastUsed))
			}
			return w.Flush()
		},
	}
	f.register(c)
	return c
}

func date(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.DateOnly)
}

func keysRevokeCommand() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use:   "revoke ID|NAME",
		Short: "End a key at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := f.open()
			if err != nil {
				return err
			}
			r, err := file.Revoke(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Key %s (%s) is revoked.\n", r.ID, r.Name)
			return err
		},
	}
	f.register(c)
	return c
}
