package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/tokens"
)

// codec turns the text of an option into its value and back. All sources of
// options (file, environment, flags, connection strings) speak text.
type codec[T any] struct {
	kind   string // for the documentation
	json   string // type in the JSON Schema
	list   bool
	parse  func(string) (T, error)
	format func(T) string
}

var (
	textCodec = codec[string]{"text", "string", false, parseText, sameText}
	// viewsCodec reads the path of a file, or views as JSON.
	viewsCodec = codec[string]{"file, or names and queries", "string", false, parseText, sameText}
	// addressCodec reads "off" as no address.
	addressCodec = codec[string]{
		"address or off", "string", false,
		func(s string) (string, error) {
			if strings.EqualFold(s, "off") {
				return "", nil
			}
			return s, nil
		},
		func(s string) string {
			if s == "" {
				return "off"
			}
			return s
		},
	}
	urlCodec = codec[string]{"URL", "string", false, parseURL, sameText}
	// exactURLCodec keeps a slash at the end: issuers are compared whole.
	exactURLCodec = codec[string]{
		"URL", "string", false,
		func(s string) (string, error) { _, err := parseURL(s); return s, err }, sameText,
	}
	boolCodec  = codec[bool]{"true or false", "boolean", false, parseBool, strconv.FormatBool}
	intCodec   = codec[int]{"number", "integer", false, parseInt[int], strconv.Itoa}
	int64Codec = codec[int64]{
		"number", "integer", false, parseInt[int64],
		func(n int64) string { return strconv.FormatInt(n, 10) },
	}
	floatCodec = codec[float64]{
		"number", "number", false, parseFloat,
		func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) },
	}
	durationCodec = codec[time.Duration]{"duration", "string", false, parseDuration, formatDuration}
	secondsCodec  = codec[time.Duration]{
		"seconds", "integer", false, parseSeconds,
		func(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) },
	}
	sizeCodec = codec[int64]{"size", "string", false, parseSize, formatSize}
	// autoSizeCodec and autoIntCodec read "auto" as 0.
	autoSizeCodec = codec[int64]{
		"size or auto", "string", false, auto(parseSize),
		func(n int64) string { return orAuto(n, formatSize) },
	}
	autoIntCodec = codec[int]{
		"number or auto", "string", false, auto(parseInt[int]),
		func(n int) string { return orAuto(n, strconv.Itoa) },
	}
	listCodec     = codec[[]string]{"list", "array", true, splitList, joinList}
	prefixesCodec = codec[[]netip.Prefix]{"list of addresses", "array", true, parsePrefixes, formatPrefixes}
	secretCodec   = codec[tokens.Secret]{
		"secret", "string", false,
		func(s string) (tokens.Secret, error) { return tokens.NewSecret(s), nil },
		func(s tokens.Secret) string { return maskIf(!s.IsZero()) },
	}
	secretsCodec = codec[[]tokens.Secret]{
		"list of secrets", "array", true, parseSecrets,
		func(l []tokens.Secret) string { return maskIf(len(l) > 0) },
	}
)

const masked = "***"

func maskIf(set bool) string {
	if set {
		return masked
	}
	return ""
}

func parseText(s string) (string, error) { return s, nil }

func sameText(s string) string { return s }

func parseURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "" && u.Path == "") {
		return "", errors.New("must be an absolute URL, such as https://example.org")
	}
	return strings.TrimRight(s, "/"), nil
}

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, errors.New("must be true or false")
}

func parseInt[T int | int64](s string) (T, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return T(n), nil
}

func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != f {
		return 0, errors.New("must be a number")
	}
	return f, nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New("must be a duration with its unit, such as 30s, 5m or 1h")
	}
	return d, nil
}

// formatDuration leaves out the zero units that time.Duration prints.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// parseSeconds takes the connector's plain number of seconds, and a duration
// as well.
func parseSeconds(s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= -1e9 && f <= 1e9 {
		return time.Duration(math.Round(f * float64(time.Second))), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New("must be a number of seconds, or a duration such as 5m")
	}
	return d, nil
}

var sizeUnits = []struct {
	suffix string
	factor int64
}{
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"GB", 1e9},
	{"MB", 1e6},
	{"KB", 1e3},
	{"Gi", 1 << 30},
	{"Mi", 1 << 20},
	{"Ki", 1 << 10},
	{"B", 1},
}

func parseSize(s string) (int64, error) {
	number, factor := s, int64(1)
	for _, u := range sizeUnits {
		if len(s) > len(u.suffix) && strings.EqualFold(s[len(s)-len(u.suffix):], u.suffix) {
			number, factor = strings.TrimSpace(s[:len(s)-len(u.suffix)]), u.factor
			break
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f != f || f < 0 || f*float64(factor) > 1<<60 {
		return 0, errors.New("must be a size, such as 512MiB or 2GiB")
	}
	return int64(f * float64(factor)), nil
}

func formatSize(n int64) string {
	for _, u := range sizeUnits[:3] {
		if n >= u.factor && n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

func auto[T int | int64](parse func(string) (T, error)) func(string) (T, error) {
	return func(s string) (T, error) {
		if s == "" || strings.EqualFold(s, "auto") {
			return 0, nil
		}
		n, err := parse(s)
		if err != nil {
			return 0, fmt.Errorf("%w, or auto", err)
		}
		return n, nil
	}
}

func orAuto[T int | int64](n T, format func(T) string) string {
	if n == 0 {
		return "auto"
	}
	return format(n)
}

// splitList reads items between commas or line ends. One that holds such stands in
// double quotes.
func splitList(s string) ([]string, error) {
	var out []string
	for i := 0; i < len(s); {
		item, next, err := textValue(s, i, ",\n", `"`)
		if err != nil {
			return nil, fmt.Errorf("an item of the list %w", err)
		}
		if item != "" {
			out = append(out, item)
		}
		i = next
	}
	return out, nil
}

// joinList writes items so that splitList reads them back.
func joinList(items []string) string {
	out := make([]string, len(items))
	for i, x := range items {
		if out[i] = x; strings.ContainsAny(x, ",\n") || strings.HasPrefix(x, `"`) {
			out[i] = `"` + strings.ReplaceAll(x, `"`, `""`) + `"`
		}
	}
	return strings.Join(out, ",")
}

func parsePrefixes(s string) ([]netip.Prefix, error) {
	items, err := splitList(s)
	var out []netip.Prefix
	for _, x := range items {
		p, err := netip.ParsePrefix(x)
		if err != nil {
			a, aerr := netip.ParseAddr(x)
			if aerr != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", x)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, err
}

func formatPrefixes(l []netip.Prefix) string {
	parts := make([]string, len(l))
	for i, p := range l {
		parts[i] = p.String()
	}
	return strings.Join(parts, ",")
}

func parseSecrets(s string) ([]tokens.Secret, error) {
	items, err := splitList(s)
	var out []tokens.Secret
	for _, x := range items {
		out = append(out, tokens.NewSecret(x))
	}
	return out, err
}
