package catalog

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// mostChoices is how many schemas an error lists.
const mostChoices = 8

// NoSchema is gwerr.UnknownSchema for a name that is none of the schemas, which
// are those that the caller may see: the hint is the nearest name, or lists them.
func NoSchema(name string, schemas []SchemaName) *gwerr.Error {
	var names []string
	for _, s := range schemas {
		if !s.System {
			names = append(names, s.Name)
		}
	}
	return gwerr.New(gwerr.UnknownSchema, "There is no schema "+name+" that you may see.",
		gwerr.DidYouMean(name, names, choices(names))).On(name)
}

func choices(names []string) string {
	switch {
	case len(names) == 0:
		return "You may see none; ask the administrator for a role."
	case len(names) > mostChoices:
		return "You may see " + strings.Join(names[:mostChoices], ", ") + " and " + strconv.Itoa(len(names)-mostChoices) + " more; Information.Environments lists them."
	default:
		return "You may see " + strings.Join(names, ", ") + "."
	}
}
