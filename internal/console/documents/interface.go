package documents

import (
	"net/http"

	"github.com/pingone-gateway/gateway/internal/console"
)

type interfaceView struct {
	console.Page
	API *description
}

// interfaces shows the description of the HTTP interface.
func (h *Handler) interfaces(w http.ResponseWriter, r *http.Request) error {
	v := interfaceView{Page: h.cfg.Site.Page(r, "HTTP interface", console.Docs), API: h.api}
	v.Way = []console.Link{{Name: "Docs", Address: v.Base + console.DocsPath + "/"}}
	v.Scripts = []string{"api.js"}
	return h.cfg.Site.Render(w, r, http.StatusOK, "api", v)
}
