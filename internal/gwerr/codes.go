package gwerr

import (
	"context"
	"errors"
	"net/http"
)

// Code names a kind of error. It is stable: clients and the documentation
// refer to it.
type Code string

// The codes, in the order of the registry.
const (
	Internal          Code = "internal"
	Canceled          Code = "canceled"
	Timeout           Code = "timeout"
	BadRequest        Code = "bad_request"
	Syntax            Code = "syntax"
	UnknownSchema     Code = "unknown_schema"
	UnknownTable      Code = "unknown_table"
	UnknownColumn     Code = "unknown_column"
	UnknownFunction   Code = "unknown_function"
	TypeMismatch      Code = "type_mismatch"
	BadParameter      Code = "bad_parameter"
	NotFound          Code = "not_found"
	MethodNotAllowed  Code = "method_not_allowed"
	NotAcceptable     Code = "not_acceptable"
	UnsupportedMedia  Code = "unsupported_media_type"
	NotImplemented    Code = "not_implemented"
	TooLarge          Code = "too_large"
	LimitExceeded     Code = "limit_exceeded"
	FanoutExceeded    Code = "fanout_exceeded"
	OutOfMemory       Code = "out_of_memory"
	Busy              Code = "busy"
	TooManyRequests   Code = "too_many_requests"
	Unauthenticated   Code = "unauthenticated"
	Forbidden         Code = "forbidden"
	ReadOnly          Code = "read_only"
	Config            Code = "config"
	UpstreamAuth      Code = "upstream_auth"
	UpstreamForbidden Code = "upstream_forbidden"
	UpstreamRejected  Code = "upstream_rejected"
	UpstreamLimited   Code = "upstream_limited"
	UpstreamFailed    Code = "upstream_failed"
	UpstreamCutShort  Code = "upstream_cut_short"
	BadContinuation   Code = "bad_continuation"
	InvalidValue      Code = "invalid_value"
	Conflict          Code = "conflict"
	OutcomeUnknown    Code = "outcome_unknown"
	Precondition      Code = "precondition_failed"
)

// Kind is a code's row in the registry.
type Kind struct {
	Code Code
	// HTTP is the status of an answer that fails with this code.
	HTTP int
	// OData is the code member of an OData error body.
	OData string
	// SQLState is the five characters that the PostgreSQL wire sends.
	SQLState string
	// Meaning is the documentation's sentence.
	Meaning string
}

var registry = []Kind{
	{Internal, http.StatusInternalServerError, "InternalError", "XX000", "A defect of the gateway. The log has the cause under the request id."},
	{Canceled, 499, "RequestCanceled", "57014", "The client went away or cancelled the query."},
	{Timeout, http.StatusGatewayTimeout, "Timeout", "57014", "The query took longer than the configured limit."},
	{BadRequest, http.StatusBadRequest, "BadRequest", "22023", "The request is malformed."},
	{Syntax, http.StatusBadRequest, "SyntaxError", "42601", "The query or the OData option does not follow its grammar."},
	{UnknownSchema, http.StatusNotFound, "UnknownSchema", "3F000", "No environment or schema of that name is visible to the caller."},
	{UnknownTable, http.StatusNotFound, "UnknownEntitySet", "42P01", "No table or entity set of that name is visible to the caller."},
	{UnknownColumn, http.StatusBadRequest, "UnknownProperty", "42703", "The table has no column of that name that the caller may see."},
	{UnknownFunction, http.StatusBadRequest, "UnknownFunction", "42883", "The function does not exist or takes other arguments."},
	{TypeMismatch, http.StatusBadRequest, "TypeMismatch", "42804", "A value has a type that does not fit its place."},
	{BadParameter, http.StatusBadRequest, "BadParameter", "22023", "A query parameter is missing, surplus or of the wrong type."},
	{NotFound, http.StatusNotFound, "NotFound", "02000", "The entity, property or address does not exist."},
	{MethodNotAllowed, http.StatusMethodNotAllowed, "MethodNotAllowed", "0A000", "The address does not take this HTTP method."},
	{NotAcceptable, http.StatusNotAcceptable, "NotAcceptable", "0A000", "None of the media types or versions asked for can be produced."},
	{UnsupportedMedia, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "0A000", "The request body has a media type that is not understood."},
	{NotImplemented, http.StatusNotImplemented, "NotImplemented", "0A000", "A valid request for something the gateway does not do."},
	{TooLarge, http.StatusRequestEntityTooLarge, "RequestTooLarge", "54000", "The request, its address or its nesting exceeds a limit."},
	{LimitExceeded, http.StatusBadRequest, "LimitExceeded", "54000", "The query would pass a configured limit of rows or size."},
	{FanoutExceeded, http.StatusBadRequest, "FanoutExceeded", "54000", "The query would need more API calls than the connection allows."},
	{OutOfMemory, http.StatusInsufficientStorage, "OutOfMemory", "53200", "The engine's memory limit was reached."},
	{Busy, http.StatusServiceUnavailable, "ServiceBusy", "53300", "Too many queries are running; try again after the stated time."},
	{TooManyRequests, http.StatusTooManyRequests, "TooManyRequests", "53400", "The caller passed its own rate limit."},
	{Unauthenticated, http.StatusUnauthorized, "Unauthenticated", "28P01", "No valid credentials were given."},
	{Forbidden, http.StatusForbidden, "Forbidden", "42501", "The caller's role does not allow this."},
	{ReadOnly, http.StatusForbidden, "ReadOnly", "25006", "Writes are not allowed on this connection or for this caller."},
	{Config, http.StatusInternalServerError, "Configuration", "F0000", "The configuration is wrong."},
	{UpstreamAuth, http.StatusBadGateway, "UpstreamAuthentication", "28000", "PingOne rejected the gateway's own credentials."},
	{UpstreamForbidden, http.StatusForbidden, "UpstreamForbidden", "42501", "PingOne refused: the environment is unknown or the worker application lacks a role."},
	{UpstreamRejected, http.StatusBadGateway, "UpstreamRejected", "22023", "PingOne rejected a call as invalid."},
	{UpstreamLimited, http.StatusServiceUnavailable, "UpstreamLimited", "53400", "PingOne's rate limit stayed closed for longer than the gateway waits."},
	{UpstreamFailed, http.StatusBadGateway, "UpstreamFailed", "58030", "PingOne could not be reached or answered with an error."},
	{UpstreamCutShort, http.StatusBadGateway, "UpstreamCutShort", "58030", "PingOne's answer ended early or could not be read."},
	{BadContinuation, http.StatusGone, "BadContinuation", "24000", "A next link is forged or too old, or the last rows before it were deleted."},
	{InvalidValue, http.StatusBadRequest, "InvalidValue", "23514", "A value can't be written: by the table's declaration or by PingOne's own rules."},
	{Conflict, http.StatusConflict, "Conflict", "23505", "PingOne has such a row already, or its state does not allow the change."},
	{OutcomeUnknown, http.StatusBadGateway, "OutcomeUnknown", "08007", "A change was sent and no answer came: it may have been made or not."},
	{Precondition, http.StatusPreconditionFailed, "PreconditionFailed", "40001", "The entity is not, or no longer, the one that If-Match or If-None-Match asks for."},
}

var byCode = func() map[Code]Kind {
	m := make(map[Code]Kind, len(registry))
	for _, k := range registry {
		m[k.Code] = k
	}
	return m
}()

// Registry returns every kind of error, in the order of the documentation.
func Registry() []Kind { return append([]Kind(nil), registry...) }

// Kind returns the registry's row of the error's code, or that of Internal
// for a code that is not registered.
func (e *Error) Kind() Kind {
	if k, ok := byCode[e.Code]; ok {
		return k
	}
	return byCode[Internal]
}

// Because returns the error of work under a context. Where the gateway itself
// ended the context, for a reason of its own, that reason takes the place of an
// error which only says that there was an end: the caller is still there.
func Because(ctx context.Context, err error) error {
	var reason *Error
	if err == nil || ctx.Err() == nil || !errors.As(context.Cause(ctx), &reason) {
		return err
	}
	switch From(err).Code {
	case Canceled, Timeout, Internal:
		return reason
	default:
		return err
	}
}

func fromContext(err error) *Error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(Timeout, err, "The query took too long.", "Ask for fewer rows or columns, or raise the time limit.")
	case errors.Is(err, context.Canceled):
		return Wrap(Canceled, err, "The query was cancelled.", "")
	default:
		return Wrap(Internal, err, "The gateway failed unexpectedly.", "Report the request id to the administrator; the log has the cause.")
	}
}
