package authserver

import (
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed pages.html
var pageText string

// pages are those that users see: signin, device and message.
var pages = template.Must(template.New("pages").Parse(pageText))

// page shows a page. It answers a browser, so nothing can be refused any more.
func (x *exchange) page(status int, name string, values any) *refusal {
	h := x.w.Header()
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	x.w.WriteHeader(status)
	_ = pages.ExecuteTemplate(x.w, name, values) // fails only when the client is gone
	return nil
}

// message shows a sentence.
func (x *exchange) message(status int, title, text string) *refusal {
	return x.page(status, "message", map[string]string{"Title": title, "Message": text})
}

// problem shows an error to the user: the client cannot be told.
func (x *exchange) problem(text string) *refusal {
	return x.message(http.StatusBadRequest, "Sign-on failed", text)
}

// wrongCredentials does not tell which of them is wrong.
const wrongCredentials = "The username or the password is wrong, or the account cannot be used."
