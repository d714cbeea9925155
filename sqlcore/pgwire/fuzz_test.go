package pgwire_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// FuzzMessages sends anything behind the start of a session, or in its place: the server
// answers with messages of the protocol and ends the connection, and no request stays open.
func FuzzMessages(f *testing.F) {
	start, err := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "anna", "database": "library"}}).Encode(nil)
	require.NoError(f, err)
	for _, messages := range [][]pgproto3.FrontendMessage{
		{&pgproto3.Query{String: "SELECT 1"}, &pgproto3.Terminate{}},
		{&pgproto3.Parse{Name: "a", Query: "SELECT 1", ParameterOIDs: []uint32{23}}, &pgproto3.Describe{ObjectType: 'S', Name: "a"}, &pgproto3.Sync{}},
		{&pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Bind{}, &pgproto3.Execute{MaxRows: 5}, &pgproto3.Execute{}, &pgproto3.Close{ObjectType: 'P'}, &pgproto3.Flush{}, &pgproto3.Sync{}},
		{&pgproto3.Query{String: "COPY (SELECT 1) TO STDOUT; BEGIN; SHOW x; DECLARE c CURSOR FOR SELECT 1; FETCH 2 c; nope"}},
		{&pgproto3.CopyData{Data: []byte("a")}, &pgproto3.CopyDone{}, &pgproto3.CopyFail{}, &pgproto3.FunctionCall{Function: 1}, &pgproto3.PasswordMessage{Password: "x"}},
	} {
		sent := start
		for _, m := range messages {
			sent, err = m.Encode(sent)
			require.NoError(f, err)
		}
		f.Add(sent)
	}
	f.Add(start[:len(start)-1])
	f.Add(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), 80877103))
	f.Add(append(start, 'Q', 0xff, 0xff, 0xff, 0xff))
	_, address := serve(f, &desk{answers: answers{"SELECT 1": count(10)}}, nil)
	f.Fuzz(func(t *testing.T, sent []byte) {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		_, _ = conn.Write(sent) // the server may have hung up
		_ = conn.(*net.TCPConn).CloseWrite()
		front := pgproto3.NewFrontend(conn, conn)
		for err == nil {
			_, err = front.Receive()
		}
		var broken *net.OpError
		plain := len(sent) >= 8 && binary.BigEndian.Uint32(sent[4:]) == 80877103 // its answer is no message
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &broken) && !plain {
			t.Fatalf("%q: %v", sent, err)
		}
	})
}
