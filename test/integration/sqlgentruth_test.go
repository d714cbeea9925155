//go:build duckdb_arrow

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// truth reads whole tables from the simulated PingOne, one call after the
// other. It takes addresses and members from the tables' declarations and
// nothing from the gateway's client, scanner or decoder.
type truth struct {
	t      testing.TB
	sim    *testkit.Simulator
	bearer string
	client *http.Client
	calls  int
	rows   map[*catalog.Table][]map[string]any
	cost   map[*catalog.Table]int // calls that reading it whole took
}

func newTruth(t testing.TB, s *testkit.Simulator) *truth {
	t.Helper()
	x := &truth{t: t, sim: s, client: &http.Client{}, rows: map[*catalog.Table][]map[string]any{}, cost: map[*catalog.Table]int{}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/"+s.EnvironmentID(sim.EnvironmentAdministrators)+"/as/token",
		strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(sim.AppWorker.ID, sim.AppWorker.Secret)
	var answer struct {
		Token string `json:"access_token"`
	}
	if status := x.do(req, &answer); status != http.StatusOK || answer.Token == "" {
		t.Fatalf("no token: %d", status)
	}
	x.bearer = answer.Token
	return x
}

// do sends a request and reads its answer if that is good.
func (x *truth) do(req *http.Request, into any) int {
	x.t.Helper()
	resp, err := x.client.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, into); err != nil {
			x.t.Fatalf("%s: %v", req.URL, err)
		}
	}
	return resp.StatusCode
}

func (x *truth) get(address string, into any) int {
	x.t.Helper()
	x.calls++
	req, err := http.NewRequestWithContext(x.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+x.bearer)
	return x.do(req, into)
}

// member is a JSON object whose values are not read yet. Names differ by case
// alone in some directories, so that no struct would do.
type member = map[string]json.RawMessage

// table reads a table of a schema, once.
func (x *truth) table(t *catalog.Table) []map[string]any {
	x.t.Helper()
	if rows, ok := x.rows[t]; ok {
		return rows
	}
	rows := []map[string]any{}
	path, parent := wholePath(t)
	before := x.calls
	switch {
	case path == nil:
		x.t.Fatalf("no path reads %s whole", t.Name)
	case parent == nil:
		for _, keys := range eachKey(t, path, map[string]string{}) {
			rows = append(rows, x.path(t, path, keys)...)
		}
	default:
		from, ok := t.Schema.Table(parent.Table)
		if !ok {
			x.t.Fatalf("%s has no parent %s", t.Name, parent.Table)
		}
		for _, row := range x.table(from) {
			keys := map[string]string{}
			for i, key := range path.Keys {
				if parent.Columns[i] != "" {
					keys[key] = row[parent.Columns[i]].(string)
				}
			}
			for _, keys := range eachKey(t, path, keys) {
				rows = append(rows, x.path(t, path, keys)...)
			}
		}
	}
	x.rows[t], x.cost[t] = rows, x.calls-before
	return rows
}

// eachKey adds each value of the keys that a path reads all of.
func eachKey(t *catalog.Table, p *catalog.Path, keys map[string]string) []map[string]string {
	all := []map[string]string{keys}
	for _, key := range p.Each {
		var more []map[string]string
		for _, known := range all {
			for _, value := range t.Column(key).Values {
				with := maps.Clone(known)
				with[key] = value
				more = append(more, with)
			}
		}
		all = more
	}
	return all
}

// recent is the filter of a path that must be told a span of time: of the days
// that its table has without a condition.
func recent(p *catalog.Path, keys map[string]string) string {
	days := p.Range.Days
	for _, value := range keys {
		if n := p.Range.DaysFor[value]; n > 0 {
			days = n
		}
	}
	now := time.Now().UTC()
	from, to := now.AddDate(0, 0, -int(days)), now.AddDate(0, 0, 1)
	if p.Range.WholeDays {
		from, to = from.Truncate(24*time.Hour), to.Truncate(24*time.Hour)
	}
	const form = "2006-01-02T15:04:05.000Z"
	return strings.NewReplacer("{"+p.Range.Column+".from}", from.Format(form), "{"+p.Range.Column+".to}", to.Format(form)).Replace(p.Filter)
}

// wholePath gives the path that reads all rows: a list, or one call for each
// row of a parent.
func wholePath(t *catalog.Table) (*catalog.Path, *catalog.Parent) {
	for i := range t.Paths {
		if p := &t.Paths[i]; p.Parent == nil && len(p.Keys) == len(p.Each) {
			return p, nil
		}
	}
	for i := range t.Paths {
		if p := t.Paths[i].Parent; p != nil {
			if child := t.Path(p.Path); child != nil && child.Filter == "" && child.Variant == nil {
				return child, p
			}
		}
	}
	return nil, nil
}

// path reads the rows of a path, page by page.
func (x *truth) path(t *catalog.Table, p *catalog.Path, keys map[string]string) []map[string]any {
	x.t.Helper()
	address := p.List + p.Get
	for name, v := range keys {
		address = strings.ReplaceAll(address, "{"+name+"}", url.PathEscape(v))
	}
	next := x.sim.URL + "/v1/" + strings.ReplaceAll(address, "{EnvironmentId}", t.Schema.ID)
	var extra []string
	for _, q := range p.Query {
		if !strings.Contains(strings.Join(extra, "&"), q) {
			extra = append(extra, q)
		}
	}
	if p.Range != nil {
		extra = append(extra, "filter="+url.QueryEscape(recent(p, keys)))
	}
	if len(extra) > 0 {
		separator := "?"
		if strings.Contains(next, "?") {
			separator = "&"
		}
		next += separator + strings.Join(extra, "&")
	}
	var out []map[string]any
	for next != "" {
		var body member
		if status := x.get(next, &body); status != http.StatusOK {
			for _, missing := range p.Missing {
				if status == missing {
					return out
				}
			}
			x.t.Fatalf("%s: status %d", next, status)
		}
		if p.Get != "" {
			return x.derived(t, p, body, keys)
		}
		var page struct {
			Embedded map[string][]member              `json:"_embedded"`
			Links    map[string]struct{ Href string } `json:"_links"`
		}
		raw, _ := json.Marshal(body)
		if err := json.Unmarshal(raw, &page); err != nil {
			x.t.Fatalf("%s: %v", next, err)
		}
		for _, item := range page.Embedded[p.Items] {
			out = append(out, x.derived(t, p, item, keys)...)
		}
		next = page.Links["next"].Href
	}
	return out
}

// derived gives the rows that an item of an answer is: itself, unless the table
// takes some items only, or the elements of an array in each.
func (x *truth) derived(t *catalog.Table, p *catalog.Path, item member, keys map[string]string) (out []map[string]any) {
	d := t.Derived
	if d == nil {
		return []map[string]any{x.row(t, p, item, keys)}
	}
	for source, text := range d.Where {
		if v := value(catalog.String, find(item, strings.Split(source, "."))); v != text {
			return nil
		}
	}
	if d.Unnest == "" {
		return []map[string]any{x.row(t, p, item, keys)}
	}
	var elements []json.RawMessage
	var names []any
	array := ""
	for _, way := range slices.Backward(strings.Split(d.Unnest, "|")) {
		if raw := find(item, strings.Split(way, ".")); raw != nil {
			elements, names = elementsOf(raw)
		}
		array = way
	}
	for k, e := range elements {
		around := maps.Clone(item)
		around["element of the array"] = e
		row := *t
		row.Columns = slices.Clone(t.Columns)
		for i := range row.Columns {
			row.Columns[i].Source = strings.Replace(row.Columns[i].Source, array+"[].", "element of the array.", 1)
		}
		made := x.row(&row, p, around, keys)
		for i := range row.Columns {
			if row.Columns[i].Position {
				made[row.Columns[i].Name] = names[k]
			}
		}
		out = append(out, made)
	}
	return out
}

func (x *truth) row(t *catalog.Table, p *catalog.Path, item member, keys map[string]string) map[string]any {
	out := map[string]any{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if v, ok := keys[c.Name]; ok {
			out[c.Name] = v
			continue
		}
		if c.Name == "EnvironmentId" && t.Scope == catalog.PerEnvironment { // not every resource tells it
			out[c.Name] = t.Schema.ID
			continue
		}
		source := c.Source
		if s, ok := p.Sources[c.Name]; ok {
			source = s
		}
		for _, alternative := range cut(source, "|") {
			if v := shaped(c, find(item, cut(alternative, "."))); v != nil {
				out[c.Name] = v
				break
			}
		}
	}
	for name, l := range p.Lookup {
		out[name] = x.lookedUp(t, l, out[l.Key])
	}
	for i := range t.Columns {
		if u := t.Columns[i].Unless; u != nil && out[u.Column] == u.Text {
			out[t.Columns[i].Name] = nil
		}
	}
	return out
}

// lookedUp is the value that another table's row of the key has.
func (x *truth) lookedUp(t *catalog.Table, l catalog.Lookup, key any) any {
	x.t.Helper()
	other, _ := t.Schema.Table(l.Table)
	for _, row := range x.table(other) {
		if row[l.By] == key {
			return row[l.Column]
		}
	}
	return nil
}

// cut splits a source at a sign; two of them are one of a member's own name.
func cut(source, sign string) []string {
	parts := strings.Split(strings.ReplaceAll(source, sign+sign, "\x00"), sign)
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", sign)
	}
	return parts
}

// elementsOf gives the elements of an array, or the members of an object, with
// their numbers or names.
func elementsOf(raw json.RawMessage) (elements []json.RawMessage, names []any) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			elements, names = append(elements, object[name]), append(names, name)
		}
	} else if json.Unmarshal(raw, &elements) == nil {
		for k := range elements {
			names = append(names, int64(k))
		}
	}
	return elements, names
}

// shaped reads a member as a column says that it is shown.
func shaped(c *catalog.Column, raw json.RawMessage) any {
	if c.Names {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return nil
		}
		return slices.Sorted(maps.Keys(object)) // as the simulator writes them
	}
	v := value(c.Type, raw)
	text, ok := v.(string)
	if len(c.Without) == 0 || !ok {
		return v
	}
	secret := `"(` + strings.Join(c.Without, "|") + `)":"[^"]*"`
	text = regexp.MustCompile(`,`+secret).ReplaceAllString(text, "")
	return regexp.MustCompile(secret+`,?`).ReplaceAllString(text, "")
}

// find follows names into an object; nil if they lead nowhere.
func find(o member, steps []string) json.RawMessage {
	if name, list := strings.CutSuffix(steps[0], "[]"); list {
		var elements []member
		if json.Unmarshal(o[name], &elements) != nil {
			return nil
		}
		all := []json.RawMessage{}
		for _, e := range elements {
			if v := find(e, steps[1:]); v != nil {
				all = append(all, v)
			}
		}
		raw, _ := json.Marshal(all)
		return raw
	}
	v := o[steps[0]]
	if len(steps) == 1 {
		return v
	}
	var inner member
	if json.Unmarshal(v, &inner) != nil {
		return nil
	}
	return find(inner, steps[1:])
}

// value reads a member as a column's type: string, bool, int64, float64 or
// []string; nil for null and for what is not a value of the type.
func value(t catalog.Type, raw json.RawMessage) any {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil || v == nil {
		return nil
	}
	switch t {
	case catalog.JSON:
		var b bytes.Buffer
		if json.Compact(&b, raw) != nil {
			return nil
		}
		return b.String()
	case catalog.StringList:
		return textList(v)
	case catalog.Bool:
		if b, ok := v.(bool); ok {
			return b
		}
	case catalog.Int32, catalog.Int64:
		if f, ok := v.(float64); ok && f == math.Trunc(f) {
			return int64(f)
		}
	case catalog.Float64:
		if f, ok := v.(float64); ok {
			return f
		}
	case catalog.Timestamp:
		if seconds, ok := v.(float64); ok {
			return time.Unix(int64(seconds), 0).UTC().Format("2006-01-02 15:04:05.000Z")
		}
		if s, ok := v.(string); ok {
			if at, err := time.Parse(time.RFC3339, s); err == nil {
				return at.UTC().Truncate(time.Millisecond).Format("2006-01-02 15:04:05.000Z")
			}
		}
	case catalog.GUID:
		if s, ok := v.(string); ok {
			return strings.ToLower(s)
		}
	default:
		switch v := v.(type) {
		case string:
			return v
		case float64: // a number kept as text: all of its digits
			return string(bytes.TrimSpace(raw))
		}
	}
	return nil
}

// textList reads a list of texts; a single one stands for a list of one.
func textList(v any) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := []string{}
	for _, e := range list {
		switch e := e.(type) {
		case nil:
		case string:
			out = append(out, e)
		default:
			return nil
		}
	}
	return out
}

// sqlLiteral writes a value for the oracle.
func sqlLiteral(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case []string:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = sqlLiteral(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}
