//go:build duckdb_arrow

// Package worker is what runs inside an engine process: DuckDB, behind walls,
// for one statement at a time.
//
// A program that uses the engine calls Main first, which turns it into an
// engine process when it was started as one: with wire.Argument alone, and a
// socket as its standard input. The package trusts nothing but that socket; what
// a statement left behind is gone before the next one is taken.
package worker

import (
	"fmt"
	"net"
	"os"

	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// asked is true in a program that was started as an engine process.
var asked = len(os.Args) == 2 && os.Args[1] == wire.Argument

func init() {
	if asked {
		// A program that forgets to call Main must not do its own work over and
		// over: it ends with this in its error message.
		os.Args[1] = "-main-does-not-call-duck.Worker"
	}
}

// Main serves the program's standard input and ends the program, if it was
// started as an engine process; else it does nothing. It can't be done in init:
// threads of the engine's can't call Go before that is over.
func Main() {
	if asked {
		os.Exit(runAs(os.Stdin, os.NewFile(wire.GiveUp, "give up")))
	}
}

// runAs serves the socket until the service closes it.
func runAs(socket, giveUp *os.File) int {
	c, err := net.FileConn(socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateway: the gateway itself starts", wire.Argument)
		return 2
	}
	_ = socket.Close()
	if err := serve(wire.NewConn(c), giveUp); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		return 1
	}
	return 0
}
