package authserver

import "html/template"

const style = `<style>body{font:16px/1.5 system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}
label,button,input{display:block;width:100%;box-sizing:border-box}input,button{font:inherit;padding:.5rem;margin:.2rem 0 1rem}
.problem{color:#a00}</style>`

// signInPage posts what it was asked with back, together with who the user is.
var signInPage = template.Must(template.New("signin").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign on</title>` + style + `
<h1>Sign on</h1><p>to application {{.App}}</p>{{with .Problem}}<p class="problem" role="alert">{{.}}</p>{{end}}
<form method="post" action="{{.Action}}">{{range $name, $values := .Params}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<label for="username">Username</label><input id="username" name="username" autocomplete="username" value="{{.Username}}" autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password">
<button type="submit">Sign on</button></form></html>`))

// devicePage asks for the code that the device shows.
var devicePage = template.Must(template.New("device").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Connect a device</title>` + style + `
<h1>Connect a device</h1>{{with .Problem}}<p class="problem" role="alert">{{.}}</p>{{end}}
<form method="post" action="{{.Action}}"><label for="user_code">Code on the device</label><input id="user_code" name="user_code" value="{{.UserCode}}">
<label for="username">Username</label><input id="username" name="username" autocomplete="username">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password">
<button type="submit" name="decision" value="allow">Connect</button><button type="submit" name="decision" value="deny">Refuse</button></form></html>`))

var messagePage = template.Must(template.New("message").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>{{.Title}}</title>` + style + `
<h1>{{.Title}}</h1><p>{{.Message}}</p></html>`))
