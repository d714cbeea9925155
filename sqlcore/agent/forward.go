package agent

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Remote is a gateway that runs elsewhere.
type Remote struct {
	// Server is its address, such as http://127.0.0.1:8080.
	Server string
	// HTTP reaches it with the caller's credentials.
	HTTP *http.Client
	// Version of this program.
	Version string

	mu      sync.Mutex
	session *mcp.ClientSession // nil while there is none
}

// Serve hands on what a client of the protocol asks for over a pair of streams to
// the gateway, until the input or ctx ends. The error is the gateway's own, or
// gwerr.UpstreamFailed where none answers.
func (r *Remote) Serve(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	var local *mcp.Server
	client := mcp.NewClient(&mcp.Implementation{Name: "pingone-gateway", Version: r.Version}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(ctx context.Context, p *mcp.ProgressNotificationClientRequest) {
			for s := range local.Sessions() { // one
				_ = s.NotifyProgress(ctx, p.Params) // one that is gone needs no news
			}
		},
	})
	session, err := r.connect(ctx, client)
	if err != nil {
		return err
	}
	defer r.drop(nil)
	tools, err := session.ListTools(ctx, nil)
	if err != nil {
		return r.unreachable(err)
	}
	about := session.InitializeResult()
	local = mcp.NewServer(about.ServerInfo, &mcp.ServerOptions{Instructions: about.Instructions, Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}}})
	local.AddReceivingMiddleware(withoutSubscriptions)
	for _, t := range tools.Tools {
		local.AddTool(t, func(ctx context.Context, call *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return r.call(ctx, client, call), nil
		})
	}
	return serve(ctx, local, in, out)
}

// connect returns the session with the gateway, which it begins if there is none.
func (r *Remote) connect(ctx context.Context, client *mcp.Client) (*mcp.ClientSession, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session != nil {
		return r.session, nil
	}
	session, err := client.Connect(context.WithoutCancel(ctx), &mcp.StreamableClientTransport{
		Endpoint: r.Server + "/mcp", HTTPClient: r.HTTP, MaxRetries: -1, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		return nil, r.unreachable(err)
	}
	r.session = session
	return session, nil
}

// drop ends a session, nil for the present one; the next call begins another.
func (r *Remote) drop(failed *mcp.ClientSession) {
	r.mu.Lock()
	session := r.session
	if failed != nil && failed != session {
		session = nil // another call has done it
	} else {
		r.session = nil
	}
	r.mu.Unlock()
	if session != nil {
		_ = session.Close() // nothing waits for an answer
	}
}

// call hands on a call of a tool.
func (r *Remote) call(ctx context.Context, client *mcp.Client, call *mcp.CallToolRequest) *mcp.CallToolResult {
	session, err := r.connect(ctx, client)
	if err == nil {
		p := &mcp.CallToolParams{Meta: call.Params.Meta, Name: call.Params.Name}
		if len(call.Params.Arguments) > 0 {
			p.Arguments = call.Params.Arguments
		}
		var answer *mcp.CallToolResult
		if answer, err = session.CallTool(ctx, p); err == nil {
			return answer
		}
		if ctx.Err() == nil {
			r.drop(session)
		}
		err = r.unreachable(err)
	}
	out := textOf(failure(ctx, gwerr.From(err), ""))
	out.IsError = true
	return out
}

// unreachable is the gateway's own error, or that there is none.
func (r *Remote) unreachable(err error) error {
	var known *gwerr.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return gwerr.Wrap(gwerr.UpstreamFailed, err, "The service at "+r.Server+" can't be reached, or has no /mcp.", "Check the address, that it runs, and mcp.enabled there.")
}
