package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

func (c *Config) validateCertificates(p *Problems) {
	a := c.Auth
	p.when(a.Has(AuthCertificate) && (len(a.Certificates) == 0 || c.Listen.TLSClientCAFile == ""), "auth.mode", "Set listen.tls.client_ca_file, and list the callers under auth.certificates.", "certificates needs both an authority and a list of callers.")
	for _, name := range sortedKeys(a.Certificates) {
		path, s := "auth.certificates."+name, a.Certificates[name]
		p.when(s.Subject == "" && s.DNSName == "" && s.Email == "" && s.URI == "", path, "Give subject, dns_name, email or uri.", "names nothing to compare.")
		checkPairs(p, path+".attributes", s.Attributes)
	}
}

// checkPairs checks a list of name=value.
func checkPairs(p *Problems, path string, pairs []string) {
	for _, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); !ok || strings.TrimSpace(name) == "" || strings.TrimSpace(value) == "" {
			p.add(path, "Write each entry as name=value.", "%q has no name or no value.", shorten(pair))
		}
	}
}

func (c *Config) validateAudit(p *Problems) {
	a := c.Audit
	p.when(a.File != "" && a.Syslog != "", "audit.syslog", "Keep one of them.", "can't stand beside audit.file.")
	p.when(a.Required && a.File == "" && a.Syslog == "", "audit.required", "Set audit.file or audit.syslog.", "is true, but there is no trail.")
	if a.Syslog == "" {
		return
	}
	checkNoCredentials(p, "audit.syslog", a.Syslog)
	u, err := url.Parse(a.Syslog)
	if err != nil {
		u = &url.URL{} // of no scheme
	}
	switch u.Scheme {
	case "tls", "tcp", "udp":
		p.when(u.Port() == "", "audit.syslog", "Write "+u.Scheme+"://host:port.", "has no port.")
	case "unix", "unixgram":
		p.when(u.Path == "" || u.Host != "", "audit.syslog", "Write "+u.Scheme+":///dev/log.", "has no path.")
	default:
		p.add("audit.syslog", "Write tls://host:6514, tcp://, udp:// or unixgram:///dev/log.", "is not a syslog receiver.")
	}
}

func (c *Config) validateRates(p *Problems) {
	if _, err := c.Limits.PingOneRates(); err != nil {
		p.add("limits.pingone", "Write group=calls, such as rlgDirAccessRps=100.", "%v.", err)
	}
}

// PingOneRates reads the limits by rate-limit group, in calls per second.
func (l Limits) PingOneRates() (map[string]float64, error) {
	out := map[string]float64{}
	for _, pair := range l.PingOne {
		group, text, _ := strings.Cut(pair, "=")
		calls, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		group = strings.TrimSpace(group)
		switch minute := strings.HasSuffix(group, "Rpm"); {
		case !minute && !strings.HasSuffix(group, "Rps"):
			return nil, fmt.Errorf("%q is not a group of PingOne's: their names end in Rps or Rpm", shorten(group))
		case err != nil || calls != calls || calls <= 0 || calls > 1e6:
			return nil, fmt.Errorf("%s has no number of calls", group)
		case minute:
			calls /= 60
		}
		out[group] = calls
	}
	return out, nil
}
