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

// FuzzParse: a verifier that is read is written as it was read.
func FuzzParse(f *testing.F) {
	v, err := New("pencil")
	require.NoError(f, err)
	for _, seed := range []string{v.String(), "", "SCRAM-SHA-256$4096:x$y:z", "SCRAM-SHA-256$-1:AA==$AA==:AA==", strings.ReplaceAll(v.String(), ":", "$")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(v.String()); err != nil || again.String() != v.String() {
			t.Fatalf("%q is written %q and read %q: %v", text, v, again, err)
		}
	})
}

// FuzzExchange: without the password no exchange succeeds, whatever is sent.
func FuzzExchange(f *testing.F) {
	v, err := New("pencil")
	require.NoError(f, err)
	for _, seed := range [][3]string{
		{Mechanism, "n,,n=user,r=abc", "c=biws,r=NONCE,p=AAAA"},
		{Plus, "p=tls-server-end-point,,n=,r=abc", ",p="},
		{Mechanism, "y,,n=,r=", "c=,r="},
		{Mechanism, ",,", ""},
		{"", "n,a=b,n=,r=1,r=2,x", ",p=" + strings.Repeat("A", 43) + "="},
	} {
		f.Add(seed[0], seed[1], seed[2], false)
		f.Add(seed[0], seed[1], seed[2], true)
	}
	f.Fuzz(func(t *testing.T, mechanism, first, final string, bound bool) {
		var binding []byte
		if bound {
			binding = []byte("certificate")
		}
		e, reply, err := Begin(v, mechanism, []byte(first), binding)
		if err != nil {
			return
		}
		if !strings.HasPrefix(string(reply), "r="+e.nonce+",s=") {
			t.Fatalf("%q", reply)
		}
		final = strings.Replace(final, "NONCE", e.nonce, 1)
		if reply, err := e.Finish([]byte(final)); err == nil {
			t.Fatalf("%q, %q: accepted with %q", first, final, reply)
		}
	})
}
