package logging

import (
	"log/slog"
	"regexp"
	"strings"
)

const masked = "***"

// secretKeys are attribute names whose values never show, however they got
// there.
var secretKeys = []string{"authorization", "password", "secret", "token", "api_key", "apikey", "cookie", "credential", "private_key", "code_verifier"}

// patterns find secrets and personal data inside texts, mostly in the causes
// of errors: libraries quote URLs and bodies.
var patterns = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}`), "$1 ***"},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`), masked},
	{regexp.MustCompile(`(?i)\b((?:oauth)?(?:client_?secret|access_?token|refresh_?token|id_?token|password|passwd|pwd|api_?key|client_assertion|code|code_verifier))("?\s*[=:]\s*"?)[^\s"'&;,}]+`), "$1$2***"},
	{regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s:@]*:[^/\s@]*@`), "${1}***@"},
	{regexp.MustCompile(`(?i)([?&](?:filter|\$filter|query)=)[^\s"&]+`), "${1}***"},
	{regexp.MustCompile(`[\p{L}0-9._%+'-]+@[\p{L}0-9-]+(\.[\p{L}0-9-]+)+`), "***@***"},
}

// redact takes secrets and e-mail addresses out of a text.
func redact(s string) string {
	if !strings.ContainsAny(s, "=:@.") && !strings.Contains(s, " ") {
		return s
	}
	for _, p := range patterns {
		s = p.find.ReplaceAllString(s, p.put)
	}
	return s
}

// redactAttr is slog's hook on every attribute.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, k := range secretKeys {
		if strings.Contains(key, k) && !strings.HasSuffix(key, "_source") && a.Value.Kind() == slog.KindString {
			return slog.String(a.Key, masked)
		}
	}
	switch v := a.Value; {
	case v.Kind() == slog.KindString:
		return slog.String(a.Key, redact(v.String()))
	case v.Kind() == slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return slog.String(a.Key, redact(err.Error()))
		}
	}
	return a
}
