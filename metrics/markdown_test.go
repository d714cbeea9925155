package metrics

import (
	"fmt"
	"io"
	"strings"
)

const docHead = `# Metrics

<!-- Generated from package metrics by "make docs". Don't edit. -->

` + "`GET /metrics`" + ` on the admin listener, in Prometheus' text format or as OpenMetrics, which carries exemplars with trace ids. Histograms have classic buckets and, for scrapers that ask, native ones. Go's (` + "`go_*`" + `) and the process's (` + "`process_*`" + `) metrics are there too.

Labels come from closed sets or from the table declarations. Names, addresses, query texts and ids of the directory never become labels: what does not look like a declared name is counted as ` + "`other`" + `.

The Grafana dashboard and the alert rules in ` + "`deploy/`" + ` are built on these names.
`

var subsystems = []struct{ prefix, title string }{
	{"frontend", "Front ends: rate, errors, duration"},
	{"query", "Queries and plan quality"},
	{"engine", "Embedded engine"},
	{"upstream", "Calls to PingOne"},
	{"token", "Access tokens"},
	{"auth", "Callers"},
	{"audit", "Audit trail"},
	{"service", "Service"},
	{"panics", "Defects"},
	{"build", "Build"},
}

// WriteMarkdown writes docs/metrics.md.
func WriteMarkdown(w io.Writer) error {
	all := New(Config{}).Definitions()
	var b strings.Builder
	b.WriteString(docHead)
	for _, s := range subsystems {
		fmt.Fprintf(&b, "\n## %s\n\n| name | type | labels | meaning |\n| --- | --- | --- | --- |\n", s.title)
		for _, d := range all {
			if strings.HasPrefix(d.Name, Namespace+"_"+s.prefix+"_") {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, labelList(d.Labels), d.Help)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func labelList(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return "`" + strings.Join(labels, "`, `") + "`"
}
