package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// connections are the open ones of a Listener, by the address of the client.
type connections struct {
	mu       sync.Mutex
	open     map[string]*connection
	accepted int // since the switches were set
}

// Listener wraps a listener so that connections can freeze: one that is frozen
// takes what it is sent, answers nothing and stays open, as behind a firewall
// that forgot it. Put TLS above it, so that HTTP/2 freezes too.
func (s *Server) Listener(l net.Listener) net.Listener { return &freezer{l, s} }

// FreezeConnections freezes the connections that are open now.
func (s *Server) FreezeConnections() {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()
	for _, c := range s.connections.open {
		c.frozen.Store(true)
	}
}

type freezer struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (f *freezer) Accept() (net.Conn, error) {
	inner, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	all, freeze := &f.server.connections, f.server.unkind.Load().of("freeze-connection")
	c := &connection{Conn: inner, all: all, after: -1}
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.accepted++; freeze.on && all.accepted == freeze.most {
		c.after = freeze.second
		c.frozen.Store(c.after == 0)
	}
	all.open[inner.RemoteAddr().String()] = c
	return c, nil
}

// restart counts connections from one again.
func (c *connections) restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = 0
}

// request notes a request of a connection, which may be the one that freezes it.
func (c *connections) request(remote string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn := c.open[remote]; conn != nil && conn.after >= 0 {
		if conn.after--; conn.after < 0 {
			conn.frozen.Store(true)
		}
	}
}

type connection struct {
	net.Conn
	all    *connections
	frozen atomic.Bool
	after  int // requests that it still answers; -1: all. Guarded by all.mu
}

// Read implements net.Conn. Of a frozen connection it ends when the client
// closes it.
func (c *connection) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if err != nil || !c.frozen.Load() {
			return n, err
		}
	}
}

// Write implements net.Conn.
func (c *connection) Write(b []byte) (int, error) {
	if c.frozen.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.all.mu.Lock()
	delete(c.all.open, c.RemoteAddr().String())
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// SelfSigned makes a certificate for loopback addresses and the name localhost,
// good for a year, that is its own authority.
func SelfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "PingOne simulator"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the certificate made: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
