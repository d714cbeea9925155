package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// input is the arguments of a tool: which connection they are about, and the
// statement that the audit trail has of them.
type input interface {
	about() (connection, statement string)
}

func (s *Server) addTools() {
	add(s, "list_tables", "List tables", "Lists the environments (schemas) that the caller may see, and the tables of one of them with what their rows are.", listTables)
	add(s, "describe_table", "Describe a table", "Describes a table: its columns with types and meaning, its relations, how it is read, which conditions PingOne itself evaluates, the permission it needs, and what reading it costs in calls.", describeTable)
	add(s, "explain_sql", "Explain SQL", "Tells how a SELECT would be read, without running it: the calls to PingOne, which conditions PingOne evaluates, and an estimate of calls and rows.", explainSQL)
	add(s, "run_sql", "Run SQL", "Runs a SELECT in DuckDB's dialect and returns rows as JSON arrays in the order of the columns. The answer is bounded in rows and bytes; it says whether there is more, and at which offset to go on. Write ORDER BY where rows are read in several parts.", runSQL)
}

// add adds a tool. Each call is one request of the caller.
func add[In input](s *Server, name, title, description string, do func(context.Context, Request, In) (any, error)) {
	no, yes := false, true
	tool := &mcp.Tool{Name: name, Title: title, Description: description, Annotations: &mcp.ToolAnnotations{
		Title: title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &yes,
	}}
	mcp.AddTool(s.mcp, tool, func(ctx context.Context, call *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		ctx, end := lasting(ctx)
		defer end()
		observe.RequestOf(ctx).SetRoute(name)
		defer s.tell(ctx, call)()
		var answer any
		err := safely.Do(ctx, s.config.Sink, observe.InRequest, func() (err error) {
			answer, err = s.account(ctx, in, func(ctx context.Context, r Request) (any, error) { return do(ctx, r, in) })
			return err
		})
		if err == nil {
			return textOf(answer), nil, nil
		}
		err = gwerr.Because(ctx, err)
		e := gwerr.From(err)
		_, statement := in.about()
		s.config.Sink.Observe(ctx, observe.RequestFailed{FrontEnd: FrontEnd, Code: string(e.Code), Err: err})
		failed := textOf(failure(ctx, e, statement))
		failed.IsError = true
		return failed, nil, nil
	})
}

// account lets a request work between its admission and its end.
func (s *Server) account(ctx context.Context, in input, do func(context.Context, Request) (any, error)) (answer any, err error) {
	connection, statement := in.about()
	ctx, request, err := s.config.Begin(ctx, connection, statement)
	if err != nil {
		return nil, err
	}
	err = gwerr.New(gwerr.Internal, "The request ended in a defect.", "") // unless another one comes
	defer func() { request.End(err) }()
	answer, err = do(ctx, request)
	return answer, err
}

// textOf is an answer as JSON in a text, which every client shows its model.
func textOf(answer any) *mcp.CallToolResult {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(answer); err != nil {
		b.Reset()
		b.WriteString(`{"error":{"code":"internal","message":"The answer can't be written as JSON."}}`)
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(bytes.TrimSpace(b.Bytes()))}}}
}

// failed is an error as a model reads it.
type failed struct {
	Error struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		Hint      string `json:"hint,omitempty"`
		Position  int    `json:"position,omitempty"` // of a character, from 1
		RequestID string `json:"requestId,omitempty"`
	} `json:"error"`
}

func failure(ctx context.Context, e *gwerr.Error, statement string) (f failed) {
	f.Error.Code, f.Error.Message, f.Error.Hint = string(e.Code), e.Message, e.Hint
	f.Error.Position, f.Error.RequestID = e.Character(statement), observe.RequestID(ctx)
	return f
}

// tell tells a client that asked for it, until it is stopped, that its call goes
// on: many give up otherwise.
func (s *Server) tell(ctx context.Context, call *mcp.CallToolRequest) (stop func()) {
	token := call.Params.GetProgressToken()
	if token == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(s.config.Tell)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			seconds := (time.Duration(n) * s.config.Tell).Seconds()
			// A client that is gone ends the call itself.
			_ = call.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
				ProgressToken: token, Progress: seconds, Message: "PingOne is being read, for " + strconv.FormatFloat(seconds, 'f', -1, 64) + " s so far.",
			})
		}
	}()
	return func() { cancel(); <-done }
}
