package odata

import (
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// version is an OData version of an answer.
type version uint8

const (
	version40 version = iota
	version401
)

// String gives the value of the OData-Version header.
func (v version) String() string { return [...]string{"4.0", "4.01"}[v] }

// prefix is that of control information in JSON.
func (v version) prefix() string { return [...]string{"@odata.", "@"}[v] }

// headerVersion is written in this spelling, which is not Go's canonical one,
// so it must be set and never added.
const headerVersion = "OData-Version"

// OData's headers in the spelling of Go, which need not be worked out in each request.
const (
	canonicalVersion    = "Odata-Version"
	canonicalMaxVersion = "Odata-Maxversion"
	canonicalIsolation  = "Odata-Isolation"
)

// negotiateVersion obeys OData-MaxVersion. Without it answers are of version
// 4.0, which every client reads.
//
// Source: OData 4.01 Part 1, section 8.2.7.
func negotiateVersion(h http.Header) (version, error) {
	// Old .NET clients append their name behind a semicolon.
	highest, _, _ := strings.Cut(h.Get(canonicalMaxVersion), ";")
	highest = strings.TrimSpace(highest)
	switch {
	case highest == "" || highest == "4.0" || highest == "4":
		return version40, nil
	case strings.HasPrefix(highest, "4.") || laterMajor(highest):
		return version401, nil
	default:
		return version40, gwerr.Newf(gwerr.NotAcceptable, "OData-MaxVersion %.20q is below 4.0.", highest).
			On("OData-MaxVersion").WithHint("Ask for 4.0 or 4.01.")
	}
}

// written checks the version of a request's body.
//
// Source: OData 4.01 Part 1, section 8.1.5.
func written(h http.Header) error {
	v, _, _ := strings.Cut(h.Get(headerVersion), ";")
	switch strings.TrimSpace(v) {
	case "", "4", "4.0", "4.01":
		return nil
	default:
		return gwerr.Newf(gwerr.BadRequest, "A body of OData-Version %.20q can't be read.", v).On(headerVersion).WithHint("Send 4.0 or 4.01.")
	}
}

func laterMajor(v string) bool {
	major, _, _ := strings.Cut(v, ".")
	return len(major) == 1 && major[0] > '4' && major[0] <= '9'
}
