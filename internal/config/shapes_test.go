package config_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/tokens"
)

// distance is the number of letters to change, insert, leave out or swap with the
// next one between two texts.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			default:
				change := 1
				if a[i-1] == b[j-1] {
					change = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	return d[len(a)][len(b)]
}

// TestMisspeltNamesOfEveryOption: each key, variable and property with a letter more
// leads to a name that is as near as the right one.
func TestMisspeltNamesOfEveryOption(t *testing.T) {
	t.Parallel()
	near := func(hint, wrong, right string) {
		t.Helper()
		got, ok := strings.CutPrefix(hint, "Did you mean ")
		got = strings.TrimSuffix(got, "?")
		if !ok || distance(strings.ToLower(got), strings.ToLower(wrong)) > distance(strings.ToLower(right), strings.ToLower(wrong)) {
			t.Errorf("%s: %s, not %s", wrong, hint, right)
		}
	}
	only := func(s config.Sources) config.Problem {
		t.Helper()
		_, err := config.Load(s)
		var all config.Problems
		require.ErrorAs(t, err, &all)
		require.Len(t, all, 1, "%v", all)
		return all[0]
	}
	for _, o := range config.Options() {
		at := path(o)
		leaf := at[strings.LastIndexByte(at, '.')+1:]
		if len(leaf) < 4 {
			continue // too short for a guess
		}
		wrong := at[:len(at)-2] + "q" + at[len(at)-2:]
		p := only(config.Sources{Flags: map[string]string{wrong: "x"}})
		assert.Equal(t, wrong, p.Path)
		near(p.Hint, wrong, at)
		p = only(config.Sources{File: "f", ReadFile: files(map[string]string{"f": yamlOf(wrong, "x")})})
		assert.Equal(t, fmt.Sprintf("f:%d", 1+strings.Count(at, ".")), p.Where)
		assert.Equal(t, wrong, p.Path)
		if o.Property == "" {
			near(p.Hint, wrong, at)
		} else { // they are told by the connector's names
			near(p.Hint, strings.ReplaceAll(wrong[strings.LastIndexByte(wrong, '.')+1:], "_", ""), o.Property)
			misspelt := o.Property[:len(o.Property)-2] + "q" + o.Property[len(o.Property)-2:]
			p = only(config.Sources{Env: []string{"GATEWAY_CONNECTION=" + misspelt + "=x"}})
			assert.Equal(t, "GATEWAY_CONNECTION", p.Where)
			near(p.Hint, misspelt, o.Property)
		}
		if strings.Contains(o.Path, "*") && o.Property == "" {
			continue // of issuers and certificates any name may be meant
		}
		env := strings.Replace(o.Env(), "<NAME>", "PINGONE", 1)
		p = only(config.Sources{Env: []string{env[:len(env)-2] + "Q" + env[len(env)-2:] + "=x"}})
		assert.Equal(t, "unknown environment variable.", p.Message)
		near(p.Hint, p.Where, env)
	}
}

// TestShapesOfValues writes each option in the file as what it is not: the problem is
// about that option, at its line, and the value shows nowhere.
func TestShapesOfValues(t *testing.T) {
	t.Parallel()
	for _, o := range config.Options() {
		at := path(o)
		line := fmt.Sprintf("f:%d: %s: ", 1+strings.Count(at, "."), at)
		list := strings.HasPrefix(o.Kind, "list")
		shapes := map[string]string{
			"{planted: x}":      "expects a " + o.Kind + ". Write one value.",
			"{a: {b: planted}}": "expects a " + o.Kind + ". Write one value.",
			"*planted":          "expects a " + o.Kind + ". Write one value.",
		}
		if list {
			shapes["[[planted]]"] = "a list entry is not a plain value. Write plain values."
			shapes["[x, {planted: y}]"] = "a list entry is not a plain value. Write plain values."
		} else {
			shapes["[planted]"] = "expects a " + o.Kind + ". Write one value."
			shapes["[]"] = "expects a " + o.Kind + ". Write one value."
		}
		for shape, says := range shapes {
			if strings.HasPrefix(shape, "{") && slices.Contains([]string{"Views", "UserDefinedViews"}, o.Property) {
				continue // names and queries
			}
			_, err := config.Load(config.Sources{File: "f", ReadFile: files(map[string]string{"f": yamlOf(at, shape)})})
			require.Error(t, err, "%s: %s", at, shape)
			assert.NotContains(t, err.Error(), "planted", at)
			if shape != "*planted" { // what the parser says of an alias of nothing is its own business
				assert.Equal(t, "The configuration has a problem. "+line+says, err.Error(), shape)
			}
		}
		if o.Secret {
			for _, shape := range []string{"[planted]", "{planted: x}", "''", ""} {
				_, err := config.Load(config.Sources{File: "f", ReadFile: files(map[string]string{"f": yamlOf(at+"_file", shape)})})
				require.ErrorContains(t, err, strings.Replace(line, at, at+"_file", 1)+"expects a path. Write the path of a file.")
				assert.NotContains(t, err.Error(), "planted")
			}
		}
	}
}

// TestSectionsOfNothing: a section without keys is as if it was not there.
func TestSectionsOfNothing(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, o := range config.Options() {
		for at := path(o); strings.Contains(at, "."); {
			at = at[:strings.LastIndexByte(at, '.')]
			if seen[at] {
				continue
			}
			seen[at] = true
			for _, nothing := range []string{"", "{}", "null", "~", "# later"} {
				read := false
				c, _ := config.Load(config.Sources{
					File: "f", ReadFile: files(map[string]string{"f": yamlOf(at, nothing)}),
					Complete: func(*config.Config) error { read = true; return nil },
				})
				assert.True(t, read, "%s: %q", at, nothing)
				for _, e := range c.Effective() {
					assert.Equal(t, "default", e.Origin, "%s: %q", e.Path, nothing)
				}
			}
		}
	}
	assert.Greater(t, len(seen), 15)
}

// TestAddressesOfRedis takes the address apart again: host, path, user, password and
// time limits stand where they were, or where the options beside it say.
func TestAddressesOfRedis(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"redis", "rediss", "redis+sentinel"} {
		for _, user := range []string{"", "u", "u:own", ":own", "u:o%40wn"} {
			for _, tail := range []string{"", "/", "/3", "/3?pool_size=4", "?pool_size=4", "/0?read_timeout=9s"} {
				for _, password := range []string{"", "pw", "p@w/:?#", "ü€"} {
					for _, timeout := range []time.Duration{0, 200 * time.Millisecond, 90 * time.Second} {
						address := scheme + "://"
						if user != "" {
							address += user + "@"
						}
						address += "h:6379" + tail
						r := config.Redis{URL: tokens.NewSecret(address), Password: tokens.NewSecret(password), Timeout: timeout}
						got, err := url.Parse(r.Address().Reveal())
						require.NoError(t, err, address)
						was, err := url.Parse(address)
						require.NoError(t, err)
						name, own, has := "", "", false
						if was.User != nil {
							name = was.User.Username()
							own, has = was.User.Password()
						}
						if !has {
							own = password
						}
						gotPassword, _ := got.User.Password()
						assert.Equal(t, []string{scheme, "h:6379", was.Path, name, own}, []string{got.Scheme, got.Host, got.Path, got.User.Username(), gotPassword}, "%s with %q", address, password)
						want := was.Query()
						if timeout > 0 && !want.Has("read_timeout") {
							want.Set("read_timeout", timeout.String())
							want.Set("write_timeout", timeout.String())
						}
						assert.Equal(t, want, got.Query(), address)
					}
				}
			}
		}
	}
}

// TestPropertiesInForce: a connection tells all its properties in the order of the
// documentation, as they are in force, and changes nothing by that.
func TestPropertiesInForce(t *testing.T) {
	t.Parallel()
	c := valid(t)
	require.NoError(t, c.Set(n+"tables", `"a,b",c`))
	before := *c.Connections["pingone"]
	got := c.Connections["pingone"].Properties()
	var want []config.Option
	for _, o := range config.Options() {
		if o.Property != "" {
			want = append(want, o)
		}
	}
	require.Len(t, got, len(want))
	categories := map[string]bool{}
	last := ""
	all := effective(c)
	for i, p := range got {
		assert.Equal(t, want[i].Property, p.Property)
		assert.Equal(t, all[strings.Replace(p.Path, "*", "pingone", 1)].Value, p.Value, p.Property)
		if p.Category != last {
			assert.False(t, categories[p.Category], "%s stands in two places", p.Category)
			categories[p.Category], last = true, p.Category
		}
		if p.Secret {
			assert.Contains(t, []string{"", "***"}, p.Value)
		}
	}
	assert.Len(t, categories, 5)
	assert.Equal(t, before, *c.Connections["pingone"])
}
