package uri

import (
	"encoding/json"
	"net/url"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// abnfCase is one case of the OASIS suite: an input for a grammar rule.
type abnfCase struct {
	Suite  string `json:"suite"`
	Name   string `json:"name"`
	Rule   string `json:"rule"`
	Input  string `json:"input"`
	FailAt *int   `json:"failAt"`
}

func (c abnfCase) valid() bool { return c.FailAt == nil }

func readABNFCases(t testing.TB) []abnfCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/odata-abnf-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []abnfCase }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

func defaultWork() *work { return &work{limits: DefaultLimits()} }

// parseRule parses text as one rule of the ABNF; applicable is false for the
// rules of headers, payloads and context URLs, which no request address has.
func parseRule(rule, text string) (err error, applicable bool) {
	w := defaultWork()
	switch rule {
	case "filter", "orderby", "orderBy", "select", "expand", "compute", "search", "skiptoken",
		"systemQueryOption", "customQueryOption", "queryOptions":
		return w.parseQuery(text, &Options{}), true
	case "odataRelativeUri":
		if strings.Contains(text, "#") {
			return nil, false // a fragment stays in the client
		}
		path, query, _ := strings.Cut(text, "?")
		_, err = Parse(path, query, Limits{})
		return err, true
	case "odataUri":
		return parseAbsolute(text), true
	case "resourcePath":
		_, err = Parse(text, "", Limits{})
		return err, true
	case "commonExpr", "boolCommonExpr", "firstMemberExpr", "notExpr", "isofExpr", "propertyPathExpr":
		_, err = decodeAndParse(w, text)
		return err, true
	case "anyExpr":
		_, err = decodeAndParse(w, "Collection/"+text)
		return err, true
	case "functionParameter":
		_, err = Parse("Function("+text+")", "", Limits{})
		return err, true
	}
	return parseLiteralRule(w, rule, text)
}

func decodeAndParse(w *work, text string) (Expr, error) {
	text, err := url.QueryUnescape(text)
	if err != nil {
		return nil, err
	}
	return parseExpression(w, text)
}

func parseExpression(w *work, text string) (Expr, error) {
	var o Options
	err := w.parseOption(optFilter, text, &o)
	return o.Filter, err
}

// serviceRoots are those of the suite's absolute addresses, longer ones first. A root
// may have any path of its own (ABNF rule serviceRoot).
var serviceRoots = []string{
	"http://host/service/", "http://services.odata.org/OData/OData.svc/", "http://My.Org:80/",
	"http://serviceRoot/Model.Container/", "http://serviceRoot/",
}

// parseAbsolute does what a router does before it calls Parse.
func parseAbsolute(text string) error {
	for _, root := range serviceRoots {
		if rest, ok := strings.CutPrefix(text, root); ok {
			path, query, _ := strings.Cut(rest, "?")
			_, err := Parse(path, query, Limits{})
			return err
		}
	}
	return gwerr.New(gwerr.NotFound, "No service has this root.", "")
}

// literalRules are the rules of values, with the text of a literal for a
// value and the kinds that it may have.
var literalRules = map[string]struct {
	prefix, suffix string
	encoded        bool
	kinds          []LiteralKind
}{
	"binaryLiteral":            {"", "", true, []LiteralKind{BinaryLiteral}},
	"boolean":                  {"", "", true, []LiteralKind{BoolLiteral}},
	"date":                     {"", "", true, []LiteralKind{DateLiteral}},
	"dateTimeOffsetValue":      {"", "", false, []LiteralKind{DateTimeLiteral}},
	"decimalValue":             {"", "", false, []LiteralKind{IntLiteral, DecimalLiteral, DoubleLiteral}},
	"decimalLiteral":           {"", "", true, []LiteralKind{DecimalLiteral}},
	"doubleValue":              {"", "", false, []LiteralKind{DoubleLiteral}},
	"durationValue":            {"duration'", "'", false, []LiteralKind{DurationLiteral}},
	"durationLiteral":          {"", "", true, []LiteralKind{DurationLiteral, StringLiteral}},
	"primitiveLiteral":         {"", "", true, []LiteralKind{IntLiteral, StringLiteral}},
	"sbyteLiteral":             {"", "", true, []LiteralKind{IntLiteral}},
	"sbyteValue":               {"", "", false, []LiteralKind{IntLiteral}},
	"int16Literal":             {"", "", true, []LiteralKind{IntLiteral}},
	"int16Value":               {"", "", false, []LiteralKind{IntLiteral}},
	"int32Value":               {"", "", false, []LiteralKind{IntLiteral}},
	"int64Value":               {"", "", false, []LiteralKind{IntLiteral}},
	"stringLiteral":            {"", "", true, []LiteralKind{StringLiteral}},
	"guid":                     {"", "", true, []LiteralKind{GUIDLiteral}},
	"timeOfDayValue":           {"", "", false, []LiteralKind{TimeLiteral}},
	"enumLiteral":              {"", "", true, []LiteralKind{EnumLiteral, StringLiteral}},
	"enumValue":                {"Model.Type'", "'", false, []LiteralKind{EnumLiteral}},
	"geographyLineString":      {"", "", true, []LiteralKind{GeographyLiteral}},
	"geographyMultiLineString": {"", "", true, []LiteralKind{GeographyLiteral}},
	"geographyMultiPoint":      {"", "", true, []LiteralKind{GeographyLiteral}},
	"geographyPoint":           {"", "", true, []LiteralKind{GeographyLiteral}},
	"geometryLineString":       {"", "", true, []LiteralKind{GeometryLiteral}},
	"geometryPoint":            {"", "", true, []LiteralKind{GeometryLiteral}},
}

func parseLiteralRule(w *work, rule, text string) (err error, applicable bool) {
	as, known := literalRules[rule]
	if !known {
		return nil, false
	}
	if as.encoded {
		// The suite writes a literal plus in these rules only as %2B.
		if text, err = url.QueryUnescape(text); err != nil {
			return err, true
		}
	}
	x, err := parseExpression(w, as.prefix+text+as.suffix)
	if err != nil {
		return err, true
	}
	if literal, ok := x.(*Literal); ok {
		for _, kind := range as.kinds {
			if literal.Kind == kind {
				return nil, true
			}
		}
	}
	return gwerr.New(gwerr.TypeMismatch, "It is another kind of expression.", ""), true
}

// abnfDifferences are the cases that the grammar alone accepts because only a model
// tells them from valid ones. TestABNFOverHTTP in package odata has them refused.
var abnfDifferences = map[string]string{
	"odataRelativeUri: Categories/TheBestProduct()":                                       "a function import is told from a bound function",
	"odataRelativeUri: Categories(1)/Address/$value":                                      "Address is complex",
	"odataRelativeUri: Products(1)/Model.BestSellingProduct/Model.BestSellingProduct":     "a type is told from a function",
	"queryOptions: $apply=aggregate(Sales/Amount sub Sales/Cost with sum as TotalAmount)": "Sales is a collection",
	"queryOptions: $apply=aggregate(Amount as Total)":                                     "Amount is no custom aggregate",
	"queryOptions: $apply=aggregate(Amount)":                                              "Amount is no custom aggregate",
	"queryOptions: $apply=groupby((Product/Price/Quantity))":                              "Price is primitive",
	"queryOptions: $apply=groupby((Country/@Core.GeometryFeature))":                       "the annotation is complex",
	"queryOptions: $apply=join(ShipTo as Detail,identity)":                                "ShipTo is not a collection",
}

// leastPercent is the share of the suite's cases that each option reaches.
const leastPercent = 99

type rate struct{ right, total int }

func TestABNFCases(t *testing.T) {
	t.Parallel()
	rates := map[string]*rate{}
	skipped := map[string]int{}
	used := map[string]bool{}
	for _, c := range readABNFCases(t) {
		err, applicable := parseRule(c.Rule, c.Input)
		if !applicable {
			skipped[c.Rule]++
			continue
		}
		if rates[c.Rule] == nil {
			rates[c.Rule] = &rate{}
		}
		rates[c.Rule].total++
		reason, listed := abnfDifferences[c.Rule+": "+c.Input]
		switch right := (err == nil) == c.valid(); {
		case right:
			rates[c.Rule].right++
		case listed:
			used[c.Rule+": "+c.Input] = true
			t.Logf("%s %q differs: %s", c.Rule, c.Input, reason)
		default:
			t.Errorf("%s %q (%s): valid is %v, but parsing says %v", c.Rule, c.Input, c.Name, c.valid(), err)
		}
	}
	for key := range abnfDifferences {
		if !used[key] {
			t.Errorf("%q is listed as a difference and is none", key)
		}
	}
	reportRates(t, rates, skipped)
}

// TestABNFRatesByOption counts the cases that have an option, whatever their
// rule.
func TestABNFRatesByOption(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"filter", "orderby", "select", "expand", "compute"} {
		var r rate
		for _, c := range readABNFCases(t) {
			if !strings.Contains(strings.ToLower(c.Input), option+"=") {
				continue
			}
			if err, applicable := parseRule(c.Rule, c.Input); applicable {
				r.total++
				if (err == nil) == c.valid() {
					r.right++
				}
			}
		}
		t.Logf("$%-8s %3d of %3d", option, r.right, r.total)
		if r.total == 0 || r.right*100 < leastPercent*r.total {
			t.Errorf("$%s: only %d of %d cases are accepted or rejected as they should be", option, r.right, r.total)
		}
	}
}

func reportRates(t *testing.T, rates map[string]*rate, skipped map[string]int) {
	var rules []string
	var all rate
	for rule, r := range rates {
		rules = append(rules, rule)
		all.right += r.right
		all.total += r.total
	}
	sort.Strings(rules)
	for _, rule := range rules {
		t.Logf("%-26s %3d of %3d", rule, rates[rule].right, rates[rule].total)
	}
	t.Logf("%-26s %3d of %3d; not of request addresses: %v", "all", all.right, all.total, skipped)
}
