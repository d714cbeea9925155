package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// wireSocket is the name that PostgreSQL's clients look for in a folder.
const wireSocket = ".s.PGSQL.5433"

// privateCommand is the gateway of one program, such as a Python process. Who may
// enter the folder of its socket may use it; there is no other authentication.
func privateCommand() *cobra.Command {
	var f configFlags
	var folder string
	c := &cobra.Command{
		Use:   "private",
		Short: "Serve one program on a socket in a folder of its own, until standard input ends",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.private(folder)
			if err != nil {
				return err
			}
			tell := func(line string) { fmt.Fprintln(cmd.OutOrStdout(), line) }
			ctx, stop := untilEOF(cmd.Context(), cmd.InOrStdin())
			defer stop()
			if err := signInOnce(ctx, cfg, tell); err != nil {
				return err
			}
			return withApp(ctx, cfg, cmd.ErrOrStderr(), func(a *app) error {
				if err := a.server.Listen(ctx); err != nil {
					return err
				}
				tell("ready")
				return a.Run(ctx)
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&folder, "socket", "", "folder for the socket, which nobody else may enter")
	_ = c.MarkFlagRequired("socket")
	return c
}

// untilEOF ends the context with the input: the program that started this one has
// ended, in whatever way.
func untilEOF(ctx context.Context, in io.Reader) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, in)
	}()
	return ctx, cancel
}

// private is the configuration of a gateway that listens on a socket alone, and
// keeps sign-ins with the user.
func (f *configFlags) private(folder string) (*config.Config, error) {
	if err := ownFolder(folder); err != nil {
		return nil, err
	}
	s, err := f.sources()
	if err != nil {
		return nil, err
	}
	for option, value := range map[string]string{
		"auth.mode": "none", "auth.anonymous_roles": service.AdminRole, "listen.drain_delay": "0s", "listen.grace_time": "2s",
		"listen.address": "unix:" + filepath.Join(folder, "http"), "admin.address": "off", "postgres.address": "unix:" + filepath.Join(folder, wireSocket),
		"log.format": "text", "log.level": "warn",
	} {
		if _, given := s.Flags[option]; !given {
			s.Flags[option] = value
		}
	}
	s.Complete = keepSignIns
	return config.Load(s)
}

// ownFolder refuses a folder that others may enter.
func ownFolder(folder string) error {
	info, err := os.Stat(folder)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return gwerr.Wrap(gwerr.Config, err, "The folder of --socket must be there, and nobody else may enter it.", "Make one with: mktemp -d").On("--socket")
	}
	return nil
}

// keepSignIns gives the store of a connection that a person signs in to a key, so
// that the next program finds its tokens.
func keepSignIns(cfg *config.Config) error {
	c := cfg.Connections[cfg.DefaultConnection]
	if c == nil || !byPerson(c) || len(cfg.Tokens.EncryptionKeys) > 0 {
		return nil
	}
	home, err := os.UserConfigDir()
	if err != nil {
		return gwerr.Wrap(gwerr.Config, err, "There is no folder for the user's sign-ins.", "Set HOME, or tokens.encryption_keys.")
	}
	home = filepath.Join(home, "pingone-gateway")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return gwerr.Wrap(gwerr.Config, err, "The folder of the user's sign-ins can't be made.", "Set tokens.encryption_keys and OAuthSettingsLocation.")
	}
	key, err := userKey(filepath.Join(home, "seal.key"))
	if err != nil {
		return err
	}
	cfg.Tokens.EncryptionKeys = append(cfg.Tokens.EncryptionKeys, key)
	if c.OAuthSettingsLocation.IsZero() {
		c.OAuthSettingsLocation = tokens.NewSecret("file://" + filepath.Join(home, "tokens"))
	}
	return nil
}

func byPerson(c *config.Connection) bool {
	return c.AuthScheme == config.SchemeOAuth || c.AuthScheme == config.SchemeOAuthDevice
}

// userKey reads the key of the user's sign-ins, and makes it the first time. Of two
// programs that begin at once, both use the key of the one that was first.
func userKey(path string) (key tokens.Secret, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		fresh := seal.GenerateKey("user").Reveal()
		temporary := path + "." + rand.Text()
		if err := os.WriteFile(temporary, []byte(fresh), 0o600); err != nil {
			return key, gwerr.Wrap(gwerr.Config, err, "The key of the user's sign-ins can't be written.", "")
		}
		_ = os.Link(temporary, path) // fails where another one was first
		_ = os.Remove(temporary)
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return key, gwerr.Wrap(gwerr.Config, err, "The key of the user's sign-ins can't be read.", "")
	}
	return tokens.NewSecret(strings.TrimSpace(string(text))), nil
}

// signInOnce asks a person to sign in, where the connection wants that and the
// store has no sign-in that holds.
func signInOnce(ctx context.Context, cfg *config.Config, tell func(string)) error {
	c := cfg.Connections[cfg.DefaultConnection]
	if c == nil || !byPerson(c) || c.InitiateOAuth != "GETANDREFRESH" {
		return nil
	}
	return login(ctx, cfg, cfg.DefaultConnection, tell, loginOptions{ifNeeded: true})
}
