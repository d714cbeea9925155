package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// priority is facility 13, log audit, and severity 6, informational (RFC 5424
// section 6.2.1).
const priority = 13*8 + 6

// SyslogConfig configures a syslog receiver.
type SyslogConfig struct {
	// Network is "unixgram", "unix", "udp", "tcp" or "tls".
	Network string
	// Address is a path for the unix networks, such as /dev/log, and host:port
	// for the others.
	Address string
	// App is the application's name in messages ("pingone-gateway").
	App string
	// TLS is for "tls"; nil trusts the system's roots.
	TLS *tls.Config
	// Timeout bounds a connect and a write (5 s).
	Timeout time.Duration
	// Now is the clock (time.Now).
	Now func() time.Time
}

// Syslog returns a sink that sends messages of RFC 5424; over streams they are
// framed by their length (RFC 6587 section 3.4.1). It connects on the first
// message, and again after a failure. The error is gwerr.Config.
func Syslog(cfg SyslogConfig) (Sink, error) {
	switch cfg.Network {
	case "unixgram", "unix", "udp", "tcp", "tls":
	default:
		return nil, gwerr.Newf(gwerr.Config, "Syslog network %q is not possible; use unixgram, unix, udp, tcp or tls.", cfg.Network)
	}
	if cfg.Address == "" {
		return nil, gwerr.New(gwerr.Config, "The syslog address is missing.", "")
	}
	cfg.App = cmp.Or(cfg.App, "pingone-gateway")
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	return &syslog{cfg: cfg, host: field(host, 255), app: field(cfg.App, 48)}, nil
}

type syslog struct {
	cfg       SyslogConfig
	host, app string
	conn      net.Conn
}

// field gives a header field: printable ASCII of bounded length.
func field(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	return s[:min(len(s), n)]
}

// Write sends the line as one message. A connection that failed is made anew
// once, as a receiver may have been restarted since the last message.
func (s *syslog) Write(line []byte) error {
	msg := s.message(line)
	fresh := s.conn == nil
	err := s.send(msg)
	if err != nil && !fresh {
		err = s.send(msg)
	}
	return err
}

func (s *syslog) message(line []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%d>1 %s %s %s %d audit - ", priority,
		s.cfg.Now().UTC().Format("2006-01-02T15:04:05.000Z"), s.host, s.app, os.Getpid())
	b.Write(bytes.TrimRight(line, "\n"))
	if s.cfg.Network == "udp" || s.cfg.Network == "unixgram" {
		return b.Bytes()
	}
	return append(fmt.Appendf(nil, "%d ", b.Len()), b.Bytes()...)
}

func (s *syslog) send(msg []byte) error {
	if s.conn == nil {
		conn, err := s.dial()
		if err != nil {
			return err
		}
		s.conn = conn
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(s.cfg.Timeout))
	if err == nil {
		_, err = s.conn.Write(msg)
	}
	if err != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
	return err
}

func (s *syslog) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
	defer cancel()
	if s.cfg.Network == "tls" {
		return (&tls.Dialer{Config: s.cfg.TLS}).DialContext(ctx, "tcp", s.cfg.Address)
	}
	return (&net.Dialer{}).DialContext(ctx, s.cfg.Network, s.cfg.Address)
}

// Close closes the connection.
func (s *syslog) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}
