package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
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

// overFile is a command over a file of keys.
func overFile(use, short string, args cobra.PositionalArgs, run func(cmd *cobra.Command, file *apikey.File, args []string) error) *cobra.Command {
	var f keysFlags
	c := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		file, err := f.open()
		if err != nil {
			return err
		}
		return run(cmd, file, args)
	}}
	f.register(c)
	return c
}

func keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "Create, list and revoke API keys; make sealing keys"}
	c.AddCommand(keysCreateCommand(), keysListCommand(), keysRevokeCommand(), keysSealCommand())
	return c
}

func keysSealCommand() *cobra.Command {
	var id string
	c := printed("seal", "Print a new key for tokens.encryption_keys or odata.link_keys", func(w io.Writer) error {
		text := seal.GenerateKey(id).Reveal()
		if _, err := seal.ParseKey(text); err != nil {
			return err // an id that no configuration could hold
		}
		_, err := fmt.Fprintln(w, text)
		return err
	})
	c.Flags().StringVar(&id, "id", time.Now().UTC().Format("2006-01-02-")+strings.ToLower(rand.Text()[:6]), "the key's name, which tells it from others; the day and a few letters unless given")
	return c
}

func keysCreateCommand() *cobra.Command {
	var n apikey.NewKey
	var attributes []string
	var ifMissing bool
	c := overFile("create NAME", "Create a key and print it; it can't be shown again", cobra.ExactArgs(1), func(cmd *cobra.Command, file *apikey.File, args []string) (err error) {
		n.Name = args[0]
		if n.Attributes, err = attributesOf(attributes); err != nil {
			return err
		}
		key, record, err := file.Create(cmd.Context(), n)
		if ifMissing && errors.Is(err, apikey.ErrTaken) {
			fmt.Fprintf(cmd.ErrOrStderr(), "There is a key named %s. It was shown when it was made; make another one by: gateway keys create NAME\n", n.Name)
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "Key %s (%s) was created. Keep it now: only its hash is stored.\n", record.ID, record.Name)
		_, err = fmt.Fprintln(cmd.OutOrStdout(), key.Reveal())
		return err
	})
	c.Flags().BoolVar(&ifMissing, "if-missing", false, "do nothing if there is an active key of that name")
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
	return overFile("list", "List the keys, without their secrets", cobra.NoArgs, func(cmd *cobra.Command, file *apikey.File, _ []string) error {
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
	})
}

func date(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.DateOnly)
}

func keysRevokeCommand() *cobra.Command {
	return overFile("revoke ID|NAME", "End a key at once", cobra.ExactArgs(1), func(cmd *cobra.Command, file *apikey.File, args []string) error {
		r, err := file.Revoke(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "Key %s (%s) is revoked.\n", r.ID, r.Name)
		return err
	})
}
