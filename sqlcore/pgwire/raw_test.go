package pgwire_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// raw is a client that sends messages and reads the answers as a text: a
// letter for each, with what matters of it.
type raw struct {
	t     *testing.T
	conn  net.Conn
	front *pgproto3.Frontend
}

// open signs in.
func open(t *testing.T, address string) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	p := &raw{t, conn, pgproto3.NewFrontend(conn, conn)}
	p.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "anna", "database": "library"}})
	p.until('Z')
	return p
}

func (p *raw) send(messages ...pgproto3.FrontendMessage) {
	p.t.Helper()
	for _, m := range messages {
		p.front.Send(m)
	}
	require.NoError(p.t, p.front.Flush())
}

// until reads up to a message of that letter, or to the end of the connection.
func (p *raw) until(last byte) string {
	p.t.Helper()
	var out []string
	rows := 0
	add := func(s string) {
		if rows > 0 {
			out = append(out, fmt.Sprintf("D*%d", rows))
			rows = 0
		}
		out = append(out, s)
	}
	for {
		m, err := p.front.Receive()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			add("EOF")
			return strings.Join(out, " ")
		}
		require.NoError(p.t, err)
		switch m := m.(type) {
		case *pgproto3.DataRow:
			rows++
		case *pgproto3.RowDescription:
			add("T")
		case *pgproto3.CommandComplete:
			add("C:" + string(m.CommandTag))
		case *pgproto3.ErrorResponse:
			add("E:" + m.Code)
		case *pgproto3.NoticeResponse:
			add("N")
		case *pgproto3.ParseComplete:
			add("1")
		case *pgproto3.BindComplete:
			add("2")
		case *pgproto3.PortalSuspended:
			add("s")
		case *pgproto3.EmptyQueryResponse:
			add("I")
		case *pgproto3.ReadyForQuery:
			add("Z:" + string(m.TxStatus))
			if last == 'Z' {
				return strings.Join(out, " ")
			}
		}
	}
}

func simpleQuery(sql string) pgproto3.FrontendMessage { return &pgproto3.Query{String: sql} }
func parse(name, sql string) pgproto3.FrontendMessage {
	return &pgproto3.Parse{Name: name, Query: sql}
}

func bind(portal, statement string) pgproto3.FrontendMessage {
	return &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: statement}
}

func execute(portal string, rows uint32) pgproto3.FrontendMessage {
	return &pgproto3.Execute{Portal: portal, MaxRows: rows}
}
func syncs() pgproto3.FrontendMessage { return &pgproto3.Sync{} }
