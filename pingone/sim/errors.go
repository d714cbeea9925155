package sim

import (
	"encoding/json"
	"net/http"
)

// apiError is an answer that refuses a call, in the shape of the API's error model.
type apiError struct {
	status     int
	code       string
	message    string
	details    []detail
	retryAfter *int // seconds in Retry-After; nil sends none
}

type detail struct {
	Code       string      `json:"code,omitempty"`
	Target     string      `json:"target,omitempty"`
	Message    string      `json:"message,omitempty"`
	InnerError *innerError `json:"innerError,omitempty"`
}

type innerError struct {
	SupportedAttributes []string `json:"supportedAttributes,omitempty"`
	SupportedOperators  []string `json:"supportedOperators,omitempty"`
	AllowedValues       []string `json:"allowedValues,omitempty"`
	ExistingID          string   `json:"existingId,omitempty"`
	RangeMinimumValue   *int     `json:"rangeMinimumValue,omitempty"`
	RangeMaximumValue   *int     `json:"rangeMaximumValue,omitempty"`
	QuotaLimit          int      `json:"quotaLimit,omitempty"`
	RetryAfter          int      `json:"retryAfter,omitempty"`
}

// Error implements error.
func (e *apiError) Error() string { return e.code + ": " + e.message }

// body is the error as JSON; id makes it traceable.
func (e *apiError) body(id string) []byte {
	b, err := json.Marshal(struct {
		ID      string   `json:"id"`
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Details []detail `json:"details,omitempty"`
	}{id, e.code, e.message, e.details})
	if err != nil {
		panic(err) // strings only: cannot fail
	}
	return b
}

const (
	messageInvalidData    = "The request could not be completed. One or more validation errors were in the request."
	messageInvalidRequest = "The request could not be completed. The request was malformed or invalid."
	messageNoAccess       = "The request could not be completed. You do not have access to this resource."
	messageNotFound       = "The request could not be completed. The requested resource was not found."
)

// invalidData refuses values in a body.
func invalidData(details ...detail) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "INVALID_DATA", message: messageInvalidData, details: details}
}

// invalidRequest refuses a malformed request.
func invalidRequest(details ...detail) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "INVALID_REQUEST", message: messageInvalidRequest, details: details}
}

func invalidParameter(name, message string) *apiError {
	return invalidRequest(detail{Code: "INVALID_PARAMETER", Target: name, Message: message})
}

// refusedCursor is the answer to a cursor that is not good, or no longer. What
// the service answers is not documented: this is the only place that decides.
func refusedCursor(message string) *apiError {
	return invalidRequest(detail{Code: "INVALID_VALUE", Target: "cursor", Message: message})
}

func invalidValue(target, message string) *apiError {
	return invalidData(detail{Code: "INVALID_VALUE", Target: target, Message: message})
}

func required(target string) *apiError {
	return invalidData(detail{Code: "REQUIRED_VALUE", Target: target, Message: "must not be null"})
}

func notUnique(target, existing string) *apiError {
	return invalidData(detail{
		Code: "UNIQUENESS_VIOLATION", Target: target, Message: "is unique but a non-unique value was specified",
		InnerError: &innerError{ExistingID: existing},
	})
}

func unauthorized(message string) *apiError {
	return &apiError{
		status: http.StatusUnauthorized, code: "ACCESS_FAILED", message: messageNoAccess,
		details: []detail{{Code: "INVALID_TOKEN", Message: message}},
	}
}

func forbidden() *apiError {
	return &apiError{
		status: http.StatusForbidden, code: "ACCESS_FAILED", message: messageNoAccess,
		details: []detail{{Code: "INSUFFICIENT_PERMISSIONS", Message: "The actor attempting to perform the request is not authorized."}},
	}
}

func notFound(message string) *apiError {
	return &apiError{
		status: http.StatusNotFound, code: "NOT_FOUND", message: messageNotFound,
		details: []detail{{Code: "INVALID_VALUE", Message: message}},
	}
}

func methodNotAllowed() *apiError {
	return &apiError{
		status: http.StatusMethodNotAllowed, code: "INVALID_REQUEST",
		message: "The request could not be completed. The method is not supported by this resource.",
	}
}

func unsupportedMedia(got string) *apiError {
	return &apiError{
		status: http.StatusUnsupportedMediaType, code: "INVALID_REQUEST", message: messageInvalidRequest,
		details: []detail{{Code: "INVALID_VALUE", Target: "Content-Type", Message: "Content type '" + got + "' is not supported."}},
	}
}
