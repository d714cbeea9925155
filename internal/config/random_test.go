package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

// given is a value of an option as a test writes it: as text, and as JSON in the
// file.
type given struct {
	text string
	json any
}

// oddTexts mean something to YAML, to Go or to the lists of variables unless they
// are quoted.
var oddTexts = []string{
	"x", "a b", `say "hi"`, `back\slash`, "a: b # c", "it's", "tab\there", "two\nlines", "null", "true", "~", "0x1F", "1e3", "*a", "&a",
	"{x: 1}", "[x]", "- x", "%x", "@x", "!x", "|", ">", "?", "ä€😀", "\u00a0x", "a=b;c", "<&>", "a,b", `"quoted"`, "$HOME", "***", "\u2028",
}

// secretText is what no output shows.
const secretText = "s3cr3t-planted"

// randomly makes a value that an option takes. Its own knowledge of the kinds is
// all that it has of the package.
func randomly(r *rand.Rand, o config.Option) given {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	same := func(text string) given { return given{text, text} }
	list := func(make func() string) given {
		items := []string{}
		for range r.IntN(4) {
			items = append(items, make())
		}
		quoted := each(items, func(x string) string { return `"` + strings.ReplaceAll(x, `"`, `""`) + `"` })
		if r.IntN(3) == 0 { // as text in the file, too
			return same(strings.Join(quoted, pick(",", " , ", "\n")))
		}
		return given{strings.Join(quoted, ","), items}
	}
	low, high := 1.0, 60.0
	if o.Min != nil {
		low = max(1, *o.Min)
	}
	if o.Max != nil {
		high = *o.Max
	}
	number := low + r.Float64()*(high-low)
	whole := strconv.Itoa(max(int(low), int(number)))
	word := func() string { return recased(r, o.Values[r.IntN(len(o.Values))]) }
	switch {
	case o.Secret && o.Kind == "list of secrets":
		return given{secretText + "," + secretText, []string{secretText, secretText}}
	case o.Secret:
		return same(secretText)
	case len(o.Values) > 0 && o.Kind == "list":
		return list(word)
	case len(o.Values) > 0:
		return same(word())
	}
	switch o.Kind {
	case "text":
		return same(pick(oddTexts...))
	case "list":
		return list(func() string { return strings.TrimSpace(pick(oddTexts...)) })
	case "list of addresses":
		return list(func() string { return fmt.Sprintf("10.%d.0.0/%d", r.IntN(256), 8+r.IntN(25)) })
	case "file, or names and queries":
		return same("/views/" + whole)
	case "address or off":
		return same(pick("off", "OFF", "127.0.0.1:"+whole, ":0"))
	case "URL":
		return same("https://h" + whole + ".example/a")
	case "true or false":
		if yes := r.IntN(2) == 0; r.IntN(2) == 0 {
			return given{strconv.FormatBool(yes), yes}
		}
		return same(pick("yes", "no", "On", "OFF", "1", "0", "True"))
	case "duration":
		return same(whole + pick("s", "m", "h"))
	case "size", "size or auto":
		return same(whole + pick("", "B", "KiB", " MiB", "GiB", "kb", "Mi"))
	case "seconds":
		if r.IntN(2) == 0 {
			return same(whole + pick("s", "m", "ms"))
		}
		return given{whole, json.Number(whole)}
	case "number or auto":
		return same(pick("auto", "Auto", whole))
	case "number":
		if o.Max != nil && *o.Max <= 1 { // a share
			text := strconv.FormatFloat(0.5+r.Float64()/2, 'f', 3, 64)
			return given{text, json.Number(text)}
		}
		return given{whole, json.Number(whole)}
	}
	panic("no values of the kind " + o.Kind)
}

// each is what a function makes of items.
func each(items []string, f func(string) string) []string {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = f(x)
	}
	return out
}

// recased is a text with other letter case.
func recased(r *rand.Rand, s string) string {
	return strings.Map(func(c rune) rune {
		if r.IntN(2) == 0 {
			return []rune(strings.ToUpper(string(c)))[0]
		}
		return c
	}, s)
}

// meaning brings the text of a value to a form in which two that mean the same are
// the same.
func meaning(o config.Option, text string) string {
	items := func(of string) []string {
		var out []string
		for i := 0; i < len(of); {
			switch of[i] {
			case ',', '\n', ' ':
				i++
			case '"':
				end := i + 1
				for end < len(of) && (of[end] != '"' || strings.HasPrefix(of[end:], `""`)) {
					end += 1 + strings.Count(of[end:min(end+2, len(of))], `""`)
				}
				if item := strings.ReplaceAll(of[i+1:end], `""`, `"`); item != "" {
					out = append(out, item)
				}
				i = end + 1
			default:
				end := i
				for end < len(of) && of[end] != ',' && of[end] != '\n' {
					end++
				}
				out = append(out, strings.TrimSpace(of[i:end]))
				i = end
			}
		}
		return out
	}
	spelling := func(x string) string {
		for _, v := range o.Values {
			if strings.EqualFold(v, x) {
				return v
			}
		}
		return x
	}
	text = strings.TrimSpace(text)
	switch kind, _, _ := strings.Cut(o.Kind, " or "); {
	case o.Secret && text != "":
		return "***"
	case o.Kind == "list of addresses":
		return fmt.Sprintf("%q", each(items(text), func(x string) string { return netip.MustParsePrefix(x).Masked().String() }))
	case kind == "list":
		return fmt.Sprintf("%q", each(items(text), spelling))
	case kind == "true":
		return strconv.FormatBool(slices.Contains([]string{"true", "yes", "on", "1"}, strings.ToLower(text)))
	case strings.EqualFold(text, "auto") || strings.EqualFold(text, "off") && kind == "address":
		return strings.ToLower(text)
	case kind == "duration" || kind == "seconds":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return fmt.Sprint(n)
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return "no duration: " + text
		}
		return fmt.Sprint(d.Seconds())
	case kind == "size":
		digits := strings.TrimRight(text, "GgMmKkiIBb ")
		n, _ := strconv.ParseFloat(digits, 64)
		unit := strings.ToLower(strings.TrimSpace(text[len(digits):]))
		return fmt.Sprint(n * map[string]float64{"": 1, "b": 1, "kb": 1e3, "kib": 1 << 10, "mib": 1 << 20, "mi": 1 << 20, "gib": 1 << 30}[unit])
	case kind == "number":
		n, _ := strconv.ParseFloat(text, 64)
		return fmt.Sprint(n)
	}
	return spelling(text)
}

// sourcesOf writes values into the sources of a configuration.
type sourcesOf struct {
	file   map[string]any
	env    []string
	flags  map[string]string
	string []string // of the connection
}

func (s *sourcesOf) put(r *rand.Rand, o config.Option, source int, v given) (where string) {
	at := path(o)
	env := strings.Replace(o.Env(), "<NAME>", strings.ToUpper(nameOf), 1)
	switch source {
	case 0:
		in, keys := s.file, strings.Split(at, ".")
		for _, key := range keys[:len(keys)-1] {
			if in[key] == nil {
				in[key] = map[string]any{}
			}
			in = in[key].(map[string]any)
		}
		key := keys[len(keys)-1]
		if o.Property != "" && r.IntN(2) == 0 {
			key = recased(r, o.Property)
		}
		in[key] = v.json
		return "gateway.yaml:1"
	case 1:
		s.string = append(s.string, o.Property+`='`+strings.ReplaceAll(v.text, "'", "''")+`'`)
		return "GATEWAY_CONNECTION"
	case 2:
		s.env = append(s.env, env+"="+v.text)
		return env
	default:
		s.flags[at] = v.text
		return "--set " + at
	}
}

// load reads all of it; ok is false where some could not be read.
func (s *sourcesOf) load(t *testing.T) (c *config.Config, err error, ok bool) {
	t.Helper()
	text, jsonErr := json.Marshal(s.file)
	require.NoError(t, jsonErr)
	env := append(s.env, "GATEWAY_DEFAULT_CONNECTION="+nameOf)
	if len(s.string) > 0 {
		env = append(env, "GATEWAY_CONNECTION="+strings.Join(s.string, ";"))
	}
	c, err = config.Load(config.Sources{
		File: "gateway.yaml", Env: env, Flags: s.flags, ReadFile: files(map[string]string{"gateway.yaml": string(text)}),
		Complete: func(*config.Config) error { ok = true; return nil },
	})
	return c, err, ok
}

// TestRandomConfigurations sets some options by some sources: each has the value of
// the source that comes last, and says so; the others keep their defaults. What is
// dumped is read back as the same, and shows no secret.
func TestRandomConfigurations(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(seed.Of(t), 0))
	for range 30 {
		s := sourcesOf{file: map[string]any{"connections": map[string]any{nameOf: map[string]any{}}}, flags: map[string]string{}}
		want, from := map[string]string{}, map[string]string{}
		for _, o := range config.Options() {
			if strings.Contains(o.Path, "*") && o.Property == "" || o.Path == "default_connection" || r.IntN(3) > 0 {
				continue
			}
			for source := range 4 {
				if r.IntN(2) == 0 || source == 1 && o.Property == "" {
					continue
				}
				v := randomly(r, o)
				where := s.put(r, o, source, v)
				if v.text != "" || source != 2 { // an empty variable counts as not set
					want[path(o)], from[path(o)] = meaning(o, v.text), where
				}
			}
		}
		c, err, ok := s.load(t)
		require.True(t, ok, "%v", err)
		if err != nil {
			assert.NotContains(t, err.Error(), secretText)
		}
		var dump, again bytes.Buffer
		require.NoError(t, c.Dump(&dump))
		read, err := config.Load(config.Sources{File: "dump", ReadFile: files(map[string]string{"dump": dump.String()}), Complete: func(*config.Config) error { ok = true; return nil }})
		require.NotNil(t, read, err)
		require.NoError(t, read.Dump(&again))
		assert.NotContains(t, dump.String(), secretText)
		defaults := config.Default()
		require.NoError(t, defaults.Set("connections."+nameOf+".region", "NA"))
		got, back, usual := effective(c), effective(read), effective(defaults)
		for _, o := range config.Options() {
			at := path(o)
			if strings.Contains(o.Path, "*") && o.Property == "" || at == "default_connection" || at == "tokens.store" && want[at] == "" {
				continue
			}
			if want[at] == "" && from[at] == "" {
				want[at], from[at] = meaning(o, usual[at].Value), "default"
			}
			assert.Equal(t, want[at], meaning(o, got[at].Value), "%s by %s", at, from[at])
			assert.Equal(t, from[at], got[at].Origin, at)
			assert.Equal(t, got[at].Value, back[at].Value, "%s, dumped as\n%s", at, &dump)
		}
	}
}

// compiledSchema is the JSON Schema of the file.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, config.WriteSchema(&text))
	root, err := jsonschema.UnmarshalJSON(&text)
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("gateway.schema.json", root))
	s, err := c.Compile("gateway.schema.json")
	require.NoError(t, err)
	return s
}

// TestSchemaTakesWhatLoads: editors take what the service does, for each option, and
// nothing by another name.
func TestSchemaTakesWhatLoads(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	r := rand.New(rand.NewPCG(3, 3))
	valid := func(s sourcesOf) error {
		text, err := json.Marshal(s.file)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		return schema.Validate(value)
	}
	for _, o := range config.Options() {
		for range 10 {
			v := randomly(r, o)
			switch { // of these it knows one spelling, which editors propose
			case len(o.Values) > 0 && o.Kind == "list":
				v.json = o.Values[:1+r.IntN(len(o.Values))]
			case len(o.Values) > 0:
				v.json = o.Values[r.IntN(len(o.Values))]
			case o.Kind == "true or false":
				v.json = r.IntN(2) == 0
			}
			s := sourcesOf{file: map[string]any{}}
			s.put(r, o, 0, v)
			require.NoError(t, valid(s), "%s: %v", o.Path, v.json)
		}
		wrong := sourcesOf{file: map[string]any{}}
		o.Path += "x"
		wrong.put(r, o, 0, given{json: "x"})
		if o.Property == "" { // properties of connections have any spelling
			require.Error(t, valid(wrong), o.Path)
		}
	}
	for text, right := range map[string]bool{
		`{"auth": "none"}`: true, `{"auth": ["keys", "oidc"]}`: true, `{"auth": "nobody"}`: true, // a list as text
		`{"connections": {"a": "Region=EU"}}`: true, `{"connections": {"a b": "Region=EU"}}`: false, `{"connections": {"a": ["x"]}}`: false,
		`{"connections": {"a": {"views": {"Staff": "SELECT 1"}}}}`: true, `{"connections": {"a": {"user_defined_views": {"Staff": "SELECT 1"}}}}`: true,
		`{"limits": {"queries": 0}}`: false, `{"limits": {"queries": "many"}}`: false, `{"log": {"level": "loud"}}`: false,
		`{"redis": {"password_file": "/s"}}`: true, `{"redis": {"prefix_file": "/s"}}`: false,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		assert.Equal(t, right, schema.Validate(value) == nil, text)
	}
}

// TestEveryOptionRefusesWhatIsNone gives each option a text that it can't have, by
// each source: the problem names the option and the place, and no secret.
func TestEveryOptionRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	wrong := map[string][2]string{
		"list of addresses": {"1.2.3.400", `"1.2.3.400" is neither an address nor a network such as 10.0.0.0/8.`},
		"list":              {`"open`, "an item of the list has no closing quote."},
		"list of secrets":   {`"` + secretText, "an item of the list has no closing quote."},
		"URL":               {"nowhere", "must be an absolute URL, such as https://example.org."},
		"true or false":     {"perhaps", "must be true or false."},
		"duration":          {"soon", "must be a duration with its unit, such as 30s, 5m or 1h."},
		"size":              {"huge", "must be a size, such as 512MiB or 2GiB."},
		"size or auto":      {"huge", "must be a size, such as 512MiB or 2GiB, or auto."},
		"seconds":           {"soon", "must be a number of seconds, or a duration such as 5m."},
		"number or auto":    {"some", "must be a whole number, or auto."},
		"number":            {"many", "must be a "},
	}
	anyText := []string{"text", "secret", "address or off", "file, or names and queries"}
	tried := map[string]bool{}
	for _, o := range config.Options() {
		value, ok := wrong[o.Kind]
		if len(o.Values) > 0 {
			value, ok = [2]string{"qqqqqqqqq", `"qqqqqqqqq" is not a value of it; use ` + strings.Join(o.Values, ", ") + "."}, true
		}
		if !ok {
			assert.Contains(t, anyText, o.Kind, o.Path)
			continue
		}
		tried[o.Kind] = true
		for source := range 4 {
			if source == 1 && o.Property == "" {
				continue
			}
			s := sourcesOf{file: map[string]any{}, flags: map[string]string{}}
			where := s.put(rand.New(rand.NewPCG(1, 1)), o, source, given{value[0], value[0]})
			_, err, read := s.load(t)
			var all config.Problems
			require.ErrorAs(t, err, &all)
			require.False(t, read, "what can't be read is not checked")
			require.Len(t, all, 1, "%s by %s: %v", o.Path, where, all)
			assert.True(t, strings.HasPrefix(all[0].String(), where+": "+path(o)+": "+value[1]), "%s", all[0])
			assert.NotContains(t, err.Error(), secretText)
		}
	}
	assert.Subset(t, slices.Collect(maps.Keys(tried)), slices.Collect(maps.Keys(wrong)), "a kind that no option has")
}

// TestBounds takes each bounded number at its bounds, and refuses the next beyond.
func TestBounds(t *testing.T) {
	t.Parallel()
	for _, o := range config.Options() {
		if o.Kind != "number" && o.Kind != "seconds" {
			continue
		}
		require.NotNil(t, o.Min, "%s has no bounds", o.Path)
		step := 1.0
		if o.Max != nil && *o.Max <= 1 {
			step = 0.001
		}
		says := "use " + fmt.Sprint(*o.Min) + " or more."
		try := func(n float64, right bool) {
			text := strconv.FormatFloat(n, 'f', -1, 64)
			err := config.Default().Set(path(o), text)
			if right {
				assert.NoError(t, err, "%s: %s", o.Path, text)
				return
			}
			assert.ErrorContains(t, err, path(o)+": "+text+" is out of range; "+says)
		}
		if o.Max != nil {
			says = fmt.Sprintf("use %v to %v.", *o.Min, *o.Max)
			try(*o.Max, true)
			try(*o.Max+step, false)
		}
		try(*o.Min, true)
		try(*o.Min-step, false)
	}
}
