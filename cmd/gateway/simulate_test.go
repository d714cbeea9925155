//go:build duckdb_arrow

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestSimulateOverTLS(t *testing.T) {
	t.Parallel()
	cert, err := sim.SelfSigned()
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return file
	}
	tests := map[string]struct {
		flags  tlsFlags
		scheme string
		major  int // of the protocol
		fails  bool
	}{
		"none":        {tlsFlags{}, "http", 1, false},
		"self-signed": {tlsFlags{selfSigned: true}, "https", 2, false},
		"files":       {tlsFlags{cert: write("cert.pem", "CERTIFICATE", cert.Certificate[0]), key: write("key.pem", "PRIVATE KEY", key)}, "https", 2, false},
		"half":        {tlsFlags{cert: filepath.Join(dir, "cert.pem")}, "", 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, l, err := (&simulateFlags{listen: "127.0.0.1:0", users: 10}).begin(t.Context())
			require.NoError(t, err)
			secured, scheme, err := tt.flags.wrap(l)
			if tt.fails {
				require.ErrorContains(t, err, "--tls-key")
				require.NoError(t, l.Close())
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.scheme, scheme)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- serveUntil(ctx, secured, s) }()
			transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // #nosec G402 -- a certificate made just now
			resp, err := (&http.Client{Transport: transport}).Get(scheme + "://" + l.Addr().String() + "/v1/environments")
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
			require.Equal(t, tt.major, resp.ProtoMajor)
			transport.CloseIdleConnections()
			cancel()
			require.NoError(t, <-done)
		})
	}
}
