package config

import (
	"fmt"
	"io"
	"strings"
)

const docHead = `# Configuration

<!-- Generated from the option declarations by "make docs". Don't edit. -->

The gateway reads one YAML file, environment variables and ` + "`--set`" + ` flags. A later source wins: defaults, file, environment, flags. Unknown keys, unknown variables that start with ` + "`GATEWAY_`" + ` and impossible values stop the start, with the nearest right name.

* ` + "`--set listen.address=127.0.0.1:8080`" + ` sets one key on the command line; it may be repeated.
* The file is named by ` + "`--config`" + ` or ` + "`GATEWAY_CONFIG`" + `.
* Every key is also an environment variable: ` + "`listen.address`" + ` is ` + "`GATEWAY_LISTEN_ADDRESS`" + `. Empty variables count as not set. Lists are separated by commas; an item that holds a comma stands in double quotes.
* A secret can stand in a file of its own: ` + "`redis.password_file`" + ` or ` + "`GATEWAY_REDIS_PASSWORD_FILE`" + `.
* Durations have a unit (` + "`30s`, `5m`, `1h`" + `), sizes too (` + "`512KiB`, `2GiB`" + `).
* ↻ marks what a running gateway takes over on SIGHUP; where the value is a file, its new content. Everything else needs a restart.

` + "`gateway config check`" + ` explains what is wrong, ` + "`gateway config show`" + ` shows what is in force and where each value came from, ` + "`gateway config example`" + ` prints a commented file, ` + "`gateway config schema`" + ` prints a JSON Schema for editors.

The least that works:

` + "```yaml" + `
auth:
  mode: keys
  keys_file: /etc/gateway/keys.json
connections:
  pingone:
    region: EU
    worker_app_environment_id: 7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11
    oauth_client_id: 2d6c9e61-3b1e-4a35-9a36-5bb3fb1f0c53
    oauth_client_secret_file: /run/secrets/pingone_client_secret
` + "```" + `
`

// WriteMarkdown writes docs/configuration.md.
func WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(docHead)
	for _, s := range chapters() {
		fmt.Fprintf(&b, "\n## %s\n", s.title)
		if s.intro != "" {
			fmt.Fprintf(&b, "\n%s\n", s.intro)
		}
		for _, o := range s.options {
			writeOption(&b, o)
		}
		if s.title == "Connections" {
			writeForeignProperties(&b)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeOption(b *strings.Builder, o Option) {
	fmt.Fprintf(b, "\n### `%s`", o.Path)
	if o.Property != "" {
		fmt.Fprintf(b, " (%s)", o.Property)
	}
	if o.Reload {
		b.WriteString(" ↻")
	}
	fmt.Fprintf(b, "\n\n%s\n\n", o.Help)
	fmt.Fprintf(b, "* value: %s%s\n", o.Kind, o.domain())
	if o.Default != "" {
		fmt.Fprintf(b, "* default: `%s`\n", o.Default)
	}
	fmt.Fprintf(b, "* environment: `%s`", o.Env())
	if o.Secret {
		fmt.Fprintf(b, ", `%s_FILE`; in the file also `%s_file`", o.Env(), o.Path[strings.LastIndexByte(o.Path, '.')+1:])
	}
	b.WriteString("\n")
	if o.Example != "" && !o.Secret {
		fmt.Fprintf(b, "* example: `%s`\n", o.Example)
	}
}

func (o Option) domain() string {
	switch {
	case len(o.Values) > 0:
		return ": `" + strings.Join(o.Values, "`, `") + "`"
	case o.Min != nil && o.Max != nil:
		return fmt.Sprintf(", %s to %s", number(*o.Min), number(*o.Max))
	case o.Min != nil && (o.jsonType == "integer" || o.jsonType == "number"):
		return fmt.Sprintf(", %s or more", number(*o.Min))
	}
	return ""
}

func writeForeignProperties(b *strings.Builder) {
	b.WriteString("\n### Properties of the commercial connector without effect\n\n")
	b.WriteString("Accepted with a warning: `" + strings.Join(ignoredProperties, "`, `") + "`.\n\n")
	b.WriteString("Refused, because leaving them out silently would surprise:\n\n| property | instead |\n| --- | --- |\n")
	for _, p := range refusedProperties {
		fmt.Fprintf(b, "| `%s` | %s |\n", p.name, p.hint)
	}
}
