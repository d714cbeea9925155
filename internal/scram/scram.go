// Package scram is the server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677): it
// proves that a client knows a password of which only a verifier is kept, so
// that neither the password nor what proves it again crosses the network.
package scram

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The mechanisms; Plus binds the exchange to the TLS connection.
const (
	Mechanism = "SCRAM-SHA-256"
	Plus      = "SCRAM-SHA-256-PLUS"
)

// Why an exchange fails.
var (
	// ErrRefused: the client doesn't know the password.
	ErrRefused = errors.New("scram: the proof is wrong")
	// ErrProtocol: a message is not one of SCRAM's, or not for this connection.
	ErrProtocol = errors.New("scram: a message that doesn't belong here")
)

// Iterations is PostgreSQL's count. It slows down who guesses passwords that
// people chose; for keys of 256 random bits any would do.
const Iterations = 4096

const saltBytes = 16

var encoding = base64.StdEncoding

// Verifier proves a password without holding it.
type Verifier struct {
	iterations           int
	salt                 []byte
	storedKey, serverKey []byte
}

// New makes a verifier with a new salt.
func New(password string) (Verifier, error) {
	v := Verifier{iterations: Iterations, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(v.salt) // it never fails
	salted, err := pbkdf2.Key(sha256.New, password, v.salt, v.iterations, sha256.Size)
	if err != nil {
		return Verifier{}, err
	}
	key := sha256.Sum256(mac(salted, "Client Key"))
	v.storedKey, v.serverKey = key[:], mac(salted, "Server Key")
	return v, nil
}

// String is the form in which PostgreSQL keeps verifiers:
// SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey.
func (v Verifier) String() string {
	return fmt.Sprintf("%s$%d:%s$%s:%s", Mechanism, v.iterations, encoding.EncodeToString(v.salt), encoding.EncodeToString(v.storedKey), encoding.EncodeToString(v.serverKey))
}

// Parse reads what String wrote.
func Parse(text string) (v Verifier, err error) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '$' || r == ':' })
	if len(parts) != 5 || parts[0] != Mechanism {
		return Verifier{}, errors.New("not a verifier of SCRAM-SHA-256")
	}
	var errs [4]error
	v.iterations, errs[0] = strconv.Atoi(parts[1])
	v.salt, errs[1] = encoding.DecodeString(parts[2])
	v.storedKey, errs[2] = encoding.DecodeString(parts[3])
	v.serverKey, errs[3] = encoding.DecodeString(parts[4])
	if err := errors.Join(errs[:]...); err != nil {
		return Verifier{}, err
	}
	if v.iterations < 1 || len(v.storedKey) != sha256.Size || len(v.serverKey) != sha256.Size {
		return Verifier{}, errors.New("not a verifier of SCRAM-SHA-256")
	}
	return v, nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Exchange is one sign-in.
type Exchange struct {
	verifier Verifier
	// header is the client's, with the binding that it must repeat.
	header []byte
	// said is what both said so far.
	said, nonce string
}

// Begin answers the client's first message. binding is the connection's data for
// tls-server-end-point (RFC 5929), nil where Plus was not offered.
func Begin(v Verifier, mechanism string, first, binding []byte) (e *Exchange, reply []byte, err error) {
	parts := strings.SplitN(string(first), ",", 3) // binding, identity, message
	if len(parts) != 3 {
		return nil, nil, ErrProtocol
	}
	e = &Exchange{verifier: v, header: []byte(parts[0] + "," + parts[1] + ",")}
	switch {
	case parts[0] == "n" && mechanism == Mechanism:
	case parts[0] == "y" && mechanism == Mechanism && binding == nil: // else somebody hid Plus from the client
	case parts[0] == "p=tls-server-end-point" && mechanism == Plus && binding != nil:
		e.header = append(e.header, binding...)
	default:
		return nil, nil, ErrProtocol
	}
	_, nonce, found := strings.Cut(parts[2], ",r=")
	nonce, _, _ = strings.Cut(nonce, ",")
	if !found || nonce == "" || !strings.HasPrefix(parts[2], "n=") {
		return nil, nil, ErrProtocol
	}
	e.nonce = nonce + rand.Text()
	answer := fmt.Sprintf("r=%s,s=%s,i=%d", e.nonce, encoding.EncodeToString(v.salt), v.iterations)
	e.said = parts[2] + "," + answer
	return e, []byte(answer), nil
}

// Finish checks the client's proof, and answers with the server's own.
func (e *Exchange) Finish(final []byte) (reply []byte, err error) {
	at := bytes.LastIndex(final, []byte(",p="))
	if at < 0 {
		return nil, ErrProtocol
	}
	without := string(final[:at])
	want := "c=" + encoding.EncodeToString(e.header) + ",r=" + e.nonce
	if subtle.ConstantTimeCompare([]byte(without), []byte(want)) != 1 {
		return nil, ErrProtocol
	}
	key, err := encoding.DecodeString(string(final[at+len(",p="):]))
	if err != nil || len(key) != sha256.Size {
		return nil, ErrProtocol
	}
	e.said += "," + without
	subtle.XORBytes(key, key, mac(e.verifier.storedKey, e.said))
	sum := sha256.Sum256(key)
	if subtle.ConstantTimeCompare(sum[:], e.verifier.storedKey) != 1 {
		return nil, ErrRefused
	}
	return []byte("v=" + encoding.EncodeToString(mac(e.verifier.serverKey, e.said))), nil
}
