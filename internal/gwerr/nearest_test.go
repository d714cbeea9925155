package gwerr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"Username", "Email", "Population Id", "Größe", "Id", "Payrolls"}
	for _, c := range []struct{ name, word, want string }{
		{"the same in another case", "USERNAME", "Username"},
		{"a letter changed", "Usernane", "Username"},
		{"a letter dropped", "Emil", "Email"},
		{"a letter added", "Emaill", "Email"},
		{"neighbours swapped", "Eamil", "Email"},
		{"signs between words", "population_id", "Population Id"},
		{"the beginning of a name", "Popul", "Population Id"},
		{"a word too many before it", "AccountUsername", "Username"},
		{"its first word missing", "rolls", "Payrolls"},
		{"a short end", "AccountId", ""},
		{"letters count, not bytes", "Grösse", "Größe"},
		{"one of two letters", "If", "Id"},
		{"two letters, both wrong", "Xy", ""},
		{"another word", "Telephone", ""},
		{"nothing", "", ""},
		{"longer than any name", strings.Repeat("Username", 1000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, gwerr.Nearest(c.word, names))
		})
	}
	assert.Empty(t, gwerr.Nearest("Username", []string{strings.Repeat("x", 1<<20)}), "a candidate that is too long")
	assert.Empty(t, gwerr.Nearest("Username", nil), "no candidates")
	assert.Equal(t, "Users", gwerr.Nearest("User", []string{"UserAdminRoleAssignments", "Users", "UserSessions"}), "the shortest of equally near ones")
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Did you mean Email?", gwerr.DidYouMean("Emial", []string{"Username", "Email"}, "Look again."))
	assert.Equal(t, "Look again.", gwerr.DidYouMean("Telephone", []string{"Username", "Email"}, "Look again."))
}
