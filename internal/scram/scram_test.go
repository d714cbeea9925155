package scram

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerifierIsPostgreSQLs(t *testing.T) {
	t.Parallel()
	v, err := New("pencil")
	require.NoError(t, err)
	again, err := Parse(v.String())
	require.NoError(t, err)
	assert.Equal(t, v, again)
	other, err := New("pencil")
	require.NoError(t, err)
	assert.NotEqual(t, v.String(), other.String(), "each has a salt of its own")
	for _, bad := range []string{"", "md5abc", "SCRAM-SHA-256$4096:x$y:z", "SCRAM-SHA-256$0:AA==$AA==:AA==", strings.Replace(v.String(), "256$", "1$", 1)} {
		_, err := Parse(bad)
		assert.Error(t, err, bad)
	}
}

// RFC 7677, section 3, gives an exchange; its server's nonce is fixed here.
func TestExchangeOfTheStandard(t *testing.T) {
	t.Parallel()
	salt, err := encoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	require.NoError(t, err)
	salted, err := pbkdf2.Key(sha256.New, "pencil", salt, 4096, sha256.Size)
	require.NoError(t, err)
	key := sha256.Sum256(mac(salted, "Client Key"))
	v := Verifier{iterations: 4096, salt: salt, storedKey: key[:], serverKey: mac(salted, "Server Key")}
	e, _, err := Begin(v, Mechanism, []byte("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), nil)
	require.NoError(t, err)
	e.nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	e.said = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=" + e.nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	reply, err := e.Finish([]byte("c=biws,r=" + e.nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
	require.NoError(t, err)
	assert.Equal(t, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", string(reply))
}

// proof is what a client that knows the password sends at the end.
func proof(t *testing.T, password, first, header, reply string) []byte {
	t.Helper()
	fields := map[string]string{}
	for _, f := range strings.Split(reply, ",") {
		fields[f[:1]] = f[2:]
	}
	salt, err := encoding.DecodeString(fields["s"])
	require.NoError(t, err)
	salted, err := pbkdf2.Key(sha256.New, password, salt, Iterations, sha256.Size)
	require.NoError(t, err)
	clientKey := mac(salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	without := "c=" + encoding.EncodeToString([]byte(header)) + ",r=" + fields["r"]
	bare := strings.SplitN(first, ",", 3)[2]
	subtle.XORBytes(clientKey, clientKey, mac(stored[:], bare+","+reply+","+without))
	return []byte(without + ",p=" + encoding.EncodeToString(clientKey))
}

func TestExchange(t *testing.T) {
	t.Parallel()
	v, err := New("right")
	require.NoError(t, err)
	binding := []byte("certificate")
	for _, c := range []struct {
		name, mechanism, first, header, password string
		binding                                  []byte
		want                                     error
	}{
		{"right", Mechanism, "n,,n=,r=abc", "n,,", "right", nil, nil},
		{"wrong", Mechanism, "n,,n=,r=abc", "n,,", "wrong", nil, ErrRefused},
		{"bound", Plus, "p=tls-server-end-point,,n=,r=abc", "p=tls-server-end-point,,certificate", "right", binding, nil},
		{"bound to another connection", Plus, "p=tls-server-end-point,,n=,r=abc", "p=tls-server-end-point,,another", "right", binding, ErrProtocol},
		{"bound without TLS", Plus, "p=tls-server-end-point,,n=,r=abc", "", "right", nil, ErrProtocol},
		{"a client that could bind, without TLS", Mechanism, "y,,n=,r=abc", "y,,", "right", nil, nil},
		{"a client that was told it can't bind", Mechanism, "y,,n=,r=abc", "", "right", binding, ErrProtocol},
		{"without a nonce", Mechanism, "n,,n=", "", "right", nil, ErrProtocol},
		{"nothing", Mechanism, "", "", "right", nil, ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, reply, err := Begin(v, c.mechanism, []byte(c.first), c.binding)
			if err == nil {
				_, err = e.Finish(proof(t, c.password, c.first, c.header, string(reply)))
			}
			require.ErrorIs(t, err, c.want)
		})
	}
}
