package fair

import "context"

type callerKey struct{}

// WithCaller names the caller that the work under the context is for.
func WithCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// Caller is the caller's name, "" for the gateway's own work.
func Caller(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}
