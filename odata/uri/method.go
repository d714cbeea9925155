package uri

// method is the signature of one of OData's own functions: the least and the
// greatest number of arguments.
type method struct{ low, high int }

// Source: OData 4.01 Part 2, sections 5.1.1.5 to 5.1.1.12, and the data
// aggregation extension for isdefined.
var methods = map[string]method{
	"concat":             {2, 2},
	"contains":           {2, 2},
	"endswith":           {2, 2},
	"indexof":            {2, 2},
	"length":             {1, 1},
	"startswith":         {2, 2},
	"substring":          {2, 3},
	"hassubset":          {2, 2},
	"hassubsequence":     {2, 2},
	"matchespattern":     {2, 3},
	"tolower":            {1, 1},
	"toupper":            {1, 1},
	"trim":               {1, 1},
	"date":               {1, 1},
	"day":                {1, 1},
	"fractionalseconds":  {1, 1},
	"hour":               {1, 1},
	"maxdatetime":        {0, 0},
	"mindatetime":        {0, 0},
	"minute":             {1, 1},
	"month":              {1, 1},
	"now":                {0, 0},
	"second":             {1, 1},
	"time":               {1, 1},
	"totaloffsetminutes": {1, 1},
	"totalseconds":       {1, 1},
	"year":               {1, 1},
	"ceiling":            {1, 1},
	"floor":              {1, 1},
	"round":              {1, 1},
	"geo.distance":       {2, 2},
	"geo.intersects":     {2, 2},
	"geo.length":         {1, 1},
	"isdefined":          {1, 1},
}
