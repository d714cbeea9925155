package pgwire

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/scram"
)

// Proof tells what SCRAM has found out.
type Proof int

// The proofs.
const (
	NoProof Proof = iota // a password was sent, or none
	Proved               // the client knows the password of its user
	Refuted              // the client doesn't; nobody may sign in by this
)

// prove asks for proof of a password of which the verifier is known (section
// 55.3), and sets the login's. The error is one of the protocol.
func (d *dialog) prove(l *Login, verifier scram.Verifier) error {
	binding := d.conn.binding()
	offered := []string{scram.Mechanism}
	if binding != nil {
		offered = []string{scram.Plus, scram.Mechanism}
	}
	backend, out := d.conn.backend, &d.conn.out
	backend.SetMaxBodyLen(maxPassword)
	out.message(&pgproto3.AuthenticationSASL{AuthMechanisms: offered})
	m, err := d.answered(pgproto3.AuthTypeSASL)
	if err != nil {
		return err
	}
	first, ok := m.(*pgproto3.SASLInitialResponse)
	if !ok {
		return protocolError("A message of SASL was expected.")
	}
	exchange, reply, err := scram.Begin(verifier, first.AuthMechanism, first.Data, binding)
	if err != nil {
		return protocolError("The client's first message of SCRAM can't be read.")
	}
	out.message(&pgproto3.AuthenticationSASLContinue{Data: reply})
	if m, err = d.answered(pgproto3.AuthTypeSASLContinue); err != nil {
		return err
	}
	final, ok := m.(*pgproto3.SASLResponse)
	if !ok {
		return protocolError("A message of SASL was expected.")
	}
	l.Proof = Refuted
	switch reply, err = exchange.Finish(final.Data); {
	case err == nil:
		l.Proof = Proved
		out.message(&pgproto3.AuthenticationSASLFinal{Data: reply})
	case !errors.Is(err, scram.ErrRefused):
		return protocolError("The client's last message of SCRAM is not for this connection.")
	}
	return nil
}

// answered sends what was added and waits for the answer to it.
func (d *dialog) answered(kind uint32) (pgproto3.FrontendMessage, error) {
	if err := d.conn.out.flush(); err != nil {
		return nil, err
	}
	if err := d.conn.backend.SetAuthType(kind); err != nil {
		return nil, err
	}
	m, err := d.conn.backend.Receive()
	if err != nil {
		return nil, received(err)
	}
	return m, nil
}

// binding is what ties a proof to the TLS connection: the hash of the server's
// certificate (RFC 5929, section 4.1); nil without.
func (c *conn) binding() []byte {
	if c.certificate == nil || len(c.certificate.Certificate) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(c.certificate.Certificate[0])
	if err != nil {
		return nil
	}
	hash := crypto.SHA256
	switch leaf.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	case x509.PureEd25519: // names none, so that clients differ
		return nil
	default:
	}
	h := hash.New()
	h.Write(leaf.Raw)
	return h.Sum(nil)
}

// noting is a configuration that notes the certificate which is shown.
func (c *conn) noting(config *tls.Config) *tls.Config {
	config = config.Clone()
	switch choose, get := config.GetConfigForClient, config.GetCertificate; {
	case choose != nil:
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if err != nil || chosen == nil {
				return chosen, err
			}
			return c.noting(chosen), nil
		}
	case get != nil:
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			shown, err := get(hello)
			c.certificate = shown
			return shown, err
		}
	case len(config.Certificates) == 1:
		c.certificate = &config.Certificates[0]
	}
	return config
}
