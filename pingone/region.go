package pingone

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// regionHosts maps the region codes of the API to the domain they live under.
var regionHosts = map[string]string{
	"NA": "pingone.com",
	"US": "pingone.com",
	"CA": "pingone.ca",
	"EU": "pingone.eu",
	"AU": "pingone.com.au",
	"SG": "pingone.sg",
	"AP": "pingone.asia",
}

// Regions lists the region codes that Config.Region takes.
func Regions() []string {
	return slices.Sorted(maps.Keys(regionHosts))
}

// Endpoints gives the API's base, with /v1, and the authorization server's
// base, without an environment, of a region. An empty region is NA. The error
// is gwerr.Config for an unknown one.
func Endpoints(region string) (api, auth string, err error) {
	region = cmp.Or(region, "NA")
	host, ok := regionHosts[strings.ToUpper(region)]
	if !ok {
		return "", "", gwerr.New(gwerr.Config, "Region "+strconv.Quote(region)+" is not known.",
			"Use one of "+strings.Join(Regions(), ", ")+".").On("Region")
	}
	return "https://api." + host + "/v1", "https://auth." + host, nil
}

// baseURL gives the API's base from the configuration, ending in a slash.
func baseURL(cfg Config) (*url.URL, error) {
	text := cfg.APIURL
	if text == "" {
		var err error
		if text, _, err = Endpoints(cfg.Region); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, gwerr.New(gwerr.Config, "ApiUrl is not an absolute http or https address without user, query and fragment.",
			"Give the API's base, such as https://api.pingone.eu/v1.").On("ApiUrl")
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	u.RawPath = ""
	return u, nil
}
