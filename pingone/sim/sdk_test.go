package sim_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/patrickcping/pingone-go-sdk-v2/management"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// sdk is Ping's own Go SDK, pointed at the simulator.
func sdk(t *testing.T, f *fixture) *management.APIClient {
	t.Helper()
	cfg := management.NewConfiguration()
	cfg.SetDefaultServerIndex(1) // "{protocol}://{baseHostname}/v1"
	require.NoError(t, cfg.SetDefaultServerVariableDefaultValue("protocol", "http"))
	require.NoError(t, cfg.SetDefaultServerVariableDefaultValue("baseHostname", strings.TrimPrefix(f.url, "http://")))
	cfg.AddDefaultHeader("Authorization", "Bearer "+f.token)
	return management.NewAPIClient(cfg)
}

// pages collects what an iterator of the SDK gives.
func pages(t *testing.T, it management.EntityArrayPagedIterator) (all []*management.EntityArray) {
	t.Helper()
	for page, err := range it {
		require.NoError(t, err)
		all = append(all, page.EntityArray)
	}
	return all
}

// refused decodes the API's error model from an error of the SDK.
func refused(t *testing.T, err error) *management.P1Error {
	t.Helper()
	var api *management.GenericOpenAPIError
	require.ErrorAs(t, err, &api)
	model, ok := api.Model().(management.P1Error)
	require.True(t, ok, "%T %v", api.Model(), err)
	return &model
}

func TestSDKReadsUsers(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 650})
	c, ctx := sdk(t, f), context.Background()

	seen := map[string]bool{}
	got := pages(t, c.UsersApi.ReadAllUsers(ctx, f.admin).Limit(1000).Execute())
	for _, page := range got {
		assert.LessOrEqual(t, len(page.Embedded.Users), 200)
		assert.Equal(t, 650, int(page.GetCount()))
		assert.Len(t, page.Embedded.Users, int(page.GetSize()))
		for _, u := range page.Embedded.Users {
			assert.False(t, seen[u.GetId()], "user %s came twice", u.GetId())
			seen[u.GetId()] = true
			assert.NotEmpty(t, u.GetUsername())
			assert.Equal(t, f.admin, *u.GetEnvironment().Id)
		}
	}
	assert.Len(t, got, 4)
	assert.Len(t, seen, 650)

	found := pages(t, c.UsersApi.ReadAllUsers(ctx, f.admin).Filter(`type eq "Contractor" AND (enabled eq "true")`).Limit(7).Execute())
	n := 0
	for _, page := range found {
		for _, u := range page.Embedded.Users {
			assert.True(t, strings.EqualFold("contractor", u.GetType()))
			assert.True(t, u.GetEnabled())
			n++
		}
	}
	assert.Equal(t, int(found[0].GetCount()), n)
	assert.Greater(t, len(found), 1)
}

func TestSDKWritesUsers(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	c, ctx := sdk(t, f), context.Background()
	staff := f.Populations(sim.EnvironmentAdministrators)["Employees"]

	u := management.NewUser("grace@example.com", "grace \"amazing\"")
	u.SetPopulation(*management.NewUserPopulation(staff))
	name := management.NewUserName()
	name.SetGiven("Grace")
	name.SetFamily("Hopper")
	u.SetName(*name)
	created, resp, err := c.UsersApi.CreateUser(ctx, f.admin).User(*u).Execute()
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, resp.StatusCode)
	assert.True(t, strings.HasSuffix(resp.Header.Get("Location"), "/users/"+created.GetId()))
	assert.Equal(t, staff, created.GetPopulation().Id)

	patch := management.NewUserWithDefaults()
	patch.SetUsername("grace2")
	patch.SetEmail("grace2@example.com")
	patch.SetTitle("Rear Admiral")
	patched, _, err := c.UsersApi.UpdateUserPatch(ctx, f.admin, created.GetId()).User(*patch).Execute()
	require.NoError(t, err)
	assert.Equal(t, "Rear Admiral", patched.GetTitle())
	assert.Equal(t, "Hopper", patched.Name.GetFamily(), "what a PATCH leaves out stays")

	enabled := management.NewUserEnabled()
	enabled.SetEnabled(false)
	state, _, err := c.EnableUsersApi.UpdateUserEnabled(ctx, f.admin, created.GetId()).UserEnabled(*enabled).Execute()
	require.NoError(t, err)
	assert.False(t, state.GetEnabled())

	read, _, err := c.UsersApi.ReadUser(ctx, f.admin, created.GetId()).Execute()
	require.NoError(t, err)
	assert.Equal(t, "grace2", read.GetUsername())
	assert.False(t, read.GetEnabled())

	_, err = c.UsersApi.DeleteUser(ctx, f.admin, created.GetId()).Execute()
	require.NoError(t, err)
	_, resp, err = c.UsersApi.ReadUser(ctx, f.admin, created.GetId()).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	assert.Equal(t, "NOT_FOUND", refused(t, err).GetCode())
}

func TestSDKDecodesErrors(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	c, ctx := sdk(t, f), context.Background()

	tests := map[string]struct {
		call         func() (*http.Response, error)
		status       int
		code, detail string
		target       string
		supported    int // how many attributes the error lists at least
	}{
		"filter": {
			call: func() (*http.Response, error) {
				_, resp, err := c.UsersApi.ReadAllUsers(ctx, f.admin).Filter(`createdAt eq "2024-01-01"`).ExecuteInitialPage()
				return resp, err
			},
			status: 400, code: "INVALID_REQUEST", detail: "INVALID_FILTER", target: "filter",
		},
		"unknown environment": {
			call: func() (*http.Response, error) {
				_, resp, err := c.UsersApi.ReadAllUsers(ctx, "7d0f2a54-3c55-4d3a-9d0c-000000000000").ExecuteInitialPage()
				return resp, err
			},
			status: 403, code: "ACCESS_FAILED", detail: "INSUFFICIENT_PERMISSIONS",
		},
		"unknown group": {
			call: func() (*http.Response, error) {
				_, resp, err := c.GroupsApi.ReadOneGroup(ctx, f.admin, "7d0f2a54-3c55-4d3a-9d0c-000000000000").Execute()
				return resp, err
			},
			status: 404, code: "NOT_FOUND", detail: "INVALID_VALUE",
		},
		"username taken": {
			call: func() (*http.Response, error) {
				u := management.NewUser("x@example.com", "ADA.admin")
				_, resp, err := c.UsersApi.CreateUser(ctx, f.admin).User(*u).Execute()
				return resp, err
			},
			status: 400, code: "INVALID_DATA", detail: "UNIQUENESS_VIOLATION", target: "username",
		},
		"id that is not a UUID": {
			call: func() (*http.Response, error) {
				_, resp, err := c.UsersApi.ReadUser(ctx, f.admin, "ada").Execute()
				return resp, err
			},
			status: 400, code: "INVALID_REQUEST", detail: "INVALID_VALUE", target: "userId",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := tt.call()
			require.Error(t, err)
			assert.Equal(t, tt.status, resp.StatusCode)
			model := refused(t, err)
			assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, model.GetId())
			assert.Equal(t, tt.code, model.GetCode())
			require.Len(t, model.GetDetails(), 1)
			assert.Equal(t, tt.detail, model.GetDetails()[0].GetCode())
			assert.Equal(t, tt.target, model.GetDetails()[0].GetTarget())
		})
	}
}

func TestSDKDirectoryResources(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	c, ctx := sdk(t, f), context.Background()

	t.Run("environments", func(t *testing.T) {
		t.Parallel()
		all := pages(t, c.EnvironmentsApi.ReadAllEnvironments(ctx).Execute())[0].Embedded.Environments
		require.Len(t, all, 4)
		assert.False(t, all[3].GetSoftDeletedAt().IsZero())
		one, _, err := c.EnvironmentsApi.ReadOneEnvironment(ctx, all[2].GetId()).Execute()
		require.NoError(t, err)
		assert.Equal(t, "Partner Portal Zürich", one.GetName())
		products, _, err := c.BillOfMaterialsBOMApi.ReadOneBillOfMaterials(ctx, all[0].GetId()).Execute()
		require.NoError(t, err)
		assert.NotEmpty(t, products.GetProducts())
	})
	t.Run("organizations and licenses", func(t *testing.T) {
		t.Parallel()
		orgs := pages(t, c.OrganizationsApi.ReadAllOrganizations(ctx).Execute())[0].Embedded.Organizations
		require.Len(t, orgs, 2)
		assert.Equal(t, management.ENUMORGANIZATIONTYPE_TRIAL, orgs[1].GetType())
		licenses := pages(t, c.LicensesApi.ReadAllLicenses(ctx, orgs[0].GetId()).Order("-beginsAt").Execute())[0].Embedded.Licenses
		require.Len(t, licenses, 4)
		assert.Equal(t, f.LicenseID(), licenses[1].GetId(), "behind the one that is to come")
		for k := range licenses[1:] {
			assert.False(t, licenses[k].GetBeginsAt().Before(licenses[k+1].GetBeginsAt()))
		}
		assert.EqualValues(t, 0, licenses[0].GetAssignedEnvironmentsCount())
		others := pages(t, c.LicensesApi.ReadAllLicenses(ctx, orgs[1].GetId()).Execute())[0].Embedded.Licenses
		require.Len(t, others, 1)
		one, _, err := c.LicensesApi.ReadOneLicense(ctx, orgs[1].GetId(), others[0].GetId()).Execute()
		require.NoError(t, err)
		assert.Equal(t, "TRIAL", one.GetPackage())
		resp, err := c.CapabilitiesApi.OrganizationsOrganizationIDCapabilitiesGet(ctx, orgs[0].GetId()).Execute()
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, resp.StatusCode)
	})
	t.Run("roles", func(t *testing.T) {
		t.Parallel()
		all := pages(t, c.RolesApi.ReadAllRoles(ctx).Execute())[0].Embedded.Roles
		assert.Len(t, all, 6)
	})
	t.Run("populations", func(t *testing.T) {
		t.Parallel()
		p := management.NewPopulation("New one")
		created, _, err := c.PopulationsApi.CreatePopulation(ctx, f.admin).Population(*p).Execute()
		require.NoError(t, err)
		p.SetDescription("changed")
		changed, _, err := c.PopulationsApi.UpdatePopulation(ctx, f.admin, created.GetId()).Population(*p).Execute()
		require.NoError(t, err)
		assert.Equal(t, "changed", changed.GetDescription())
		found := pages(t, c.PopulationsApi.ReadAllPopulations(ctx, f.admin).Filter(`(name eq "New one") OR (name sw "Board")`).Execute())
		assert.Len(t, found[0].Embedded.Populations, 2)
		_, err = c.PopulationsApi.DeletePopulation(ctx, f.admin, created.GetId()).Execute()
		require.NoError(t, err)
	})
	t.Run("schemas", func(t *testing.T) {
		t.Parallel()
		schemas := pages(t, c.SchemasApi.ReadAllSchemas(ctx, f.admin).Execute())[0].Embedded.Schemas
		require.Len(t, schemas, 1)
		schema := schemas[0].GetId()
		a := management.NewSchemaAttribute(true, "shoe size", management.ENUMSCHEMAATTRIBUTETYPE_STRING)
		created, _, err := c.SchemasApi.CreateAttribute(ctx, f.admin, schema).SchemaAttribute(*a).Execute()
		require.NoError(t, err)
		assert.Equal(t, management.ENUMSCHEMAATTRIBUTESCHEMATYPE_CUSTOM, created.GetSchemaType())
		all := pages(t, c.SchemasApi.ReadAllSchemaAttributes(ctx, f.admin, schema).Execute())[0].Embedded.Attributes
		assert.Greater(t, len(all), 25)
		_, err = c.SchemasApi.DeleteAttribute(ctx, f.admin, schema, created.GetId()).Execute()
		require.NoError(t, err)
	})
}

func TestSDKGroups(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	c, ctx := sdk(t, f), context.Background()
	user := f.UserID(sim.EnvironmentAdministrators, 0)

	parent, _, err := c.GroupsApi.CreateGroup(ctx, f.admin).Group(*management.NewGroup("parent")).Execute()
	require.NoError(t, err)
	child, _, err := c.GroupsApi.CreateGroup(ctx, f.admin).Group(*management.NewGroup("child")).Execute()
	require.NoError(t, err)
	_, _, err = c.GroupsApi.CreateGroupNesting(ctx, f.admin, child.GetId()).GroupNesting(*management.NewGroupNesting(parent.GetId())).Execute()
	require.NoError(t, err)
	_, _, err = c.GroupMembershipApi.AddUserToGroup(ctx, f.admin, user).GroupMembership(*management.NewGroupMembership(child.GetId())).Execute()
	require.NoError(t, err)

	kinds := map[string]management.EnumGroupMembershipType{}
	for _, page := range pages(t, c.GroupMembershipApi.ReadAllGroupMembershipsForUser(ctx, f.admin, user).Limit(2).Execute()) {
		for _, m := range page.Embedded.GroupMemberships {
			kinds[m.GetId()] = m.GetType()
		}
	}
	assert.Equal(t, management.ENUMGROUPMEMBERSHIPTYPE_DIRECT, kinds[child.GetId()])
	assert.Equal(t, management.ENUMGROUPMEMBERSHIPTYPE_INDIRECT, kinds[parent.GetId()])

	read, _, err := c.GroupsApi.ReadOneGroup(ctx, f.admin, parent.GetId()).Include("totalMemberCounts").Execute()
	require.NoError(t, err)
	assert.EqualValues(t, 0, read.DirectMemberCounts.GetUsers())
	assert.EqualValues(t, 1, read.TotalMemberCounts.GetUsers())

	resp, err := c.GroupMembershipApi.RemoveUserFromGroup(ctx, f.admin, user, parent.GetId()).Execute()
	require.Error(t, err, "an inherited membership cannot be removed")
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
	_, err = c.GroupMembershipApi.RemoveUserFromGroup(ctx, f.admin, user, child.GetId()).Execute()
	require.NoError(t, err)
	_, err = c.GroupsApi.DeleteGroup(ctx, f.admin, parent.GetId()).Execute()
	require.NoError(t, err)
	_, resp, err = c.GroupsApi.ReadOneGroup(ctx, f.admin, parent.GetId()).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
}
