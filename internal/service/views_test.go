package service_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
)

func TestViewsMustBeQueries(t *testing.T) {
	t.Parallel()
	none, err := service.NewViews(nil)
	require.NoError(t, err)
	assert.Nil(t, none)
	_, err = service.NewViews([]service.SavedView{{Name: "Good", SQL: "SELECT 1"}})
	require.NoError(t, err)
	for name, sql := range map[string]string{
		"a change": "DELETE FROM Users", "two statements": "SELECT 1; SELECT 2", "a procedure": "CALL SendPassword()", "not closed": "SELECT 'x", "nothing": " -- nothing",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := service.NewViews([]service.SavedView{{Name: "Good", SQL: "SELECT 1"}, {Name: "Bad", SQL: sql}})
			assert.ErrorContains(t, err, "The view Bad is not a query")
		})
	}
}
