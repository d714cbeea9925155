package sim_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patrickcping/pingone-go-sdk-v2/management"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestSDKWritesEnvironments(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Users: 60, Clock: clock.Now, TokenLifetime: 10_000 * time.Hour})
	c, ctx := sdk(t, f), context.Background()
	license := management.EnvironmentLicense{Id: f.LicenseID()}
	eu := management.ENUMREGIONCODE_EU
	region := management.EnvironmentRegion{EnumRegionCode: &eu}

	e := management.NewEnvironment(license, "Brand new", region, management.ENUMENVIRONMENTTYPE_SANDBOX)
	e.SetBillOfMaterials(*management.NewBillOfMaterials([]management.BillOfMaterialsProductsInner{{Type: management.ENUMPRODUCTTYPE_ONE_BASE}}))
	made, resp, err := c.EnvironmentsApi.CreateEnvironmentActiveLicense(ctx).Environment(*e).Execute()
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, resp.StatusCode)
	id := made.GetId()
	assert.True(t, strings.HasSuffix(resp.Header.Get("Location"), "/environments/"+id))
	populations := pages(t, c.PopulationsApi.ReadAllPopulations(ctx, id).Execute())[0].Embedded.Populations
	require.Len(t, populations, 1)
	assert.True(t, populations[0].GetDefault())
	_, _, err = c.UsersApi.CreateUser(ctx, id).User(*management.NewUser("a@example.com", "first")).Execute()
	require.NoError(t, err)
	assert.Len(t, f.Users("Brand new"), 1)

	clock.Advance(time.Hour)
	e.SetName("Renamed")
	changed, _, err := c.EnvironmentsApi.UpdateEnvironment(ctx, id).Environment(*e).Execute()
	require.NoError(t, err)
	assert.Equal(t, "Renamed", changed.GetName())
	assert.Less(t, changed.GetCreatedAt(), changed.GetUpdatedAt())
	assert.Equal(t, clock.Now().Format("2006-01-02T15:04:05.000Z"), changed.GetUpdatedAt())
	bom := management.NewBillOfMaterials([]management.BillOfMaterialsProductsInner{{Type: management.ENUMPRODUCTTYPE_ONE_BASE}, {Type: management.ENUMPRODUCTTYPE_ONE_MFA}})
	products, _, err := c.BillOfMaterialsBOMApi.UpdateBillOfMaterials(ctx, id).BillOfMaterials(*bom).Execute()
	require.NoError(t, err)
	assert.Len(t, products.GetProducts(), 2)

	kind := management.NewUpdateEnvironmentTypeRequest()
	kind.SetType(management.ENUMENVIRONMENTTYPE_PRODUCTION)
	changed, _, err = c.EnvironmentsApi.UpdateEnvironmentType(ctx, id).UpdateEnvironmentTypeRequest(*kind).Execute()
	require.NoError(t, err)
	assert.Equal(t, management.ENUMENVIRONMENTTYPE_PRODUCTION, changed.GetType())
	_, err = c.EnvironmentsApi.DeleteEnvironment(ctx, id).Execute()
	require.NoError(t, err)
	read, _, err := c.EnvironmentsApi.ReadOneEnvironment(ctx, id).Execute()
	require.NoError(t, err)
	assert.Equal(t, management.ENUMENVIRONMENTSTATUS_DELETE_PENDING, read.GetStatus())
	assert.Equal(t, 30*24*time.Hour, read.GetHardDeletedAllowedAt().Sub(read.GetSoftDeletedAt()))
	_, err = c.EnvironmentsApi.DeleteEnvironment(ctx, id).Execute()
	require.Error(t, err, "too early")
	status := management.NewEnvironmentStatus(management.ENUMENVIRONMENTSTATUS_ACTIVE)
	read, _, err = c.EnvironmentsApi.UpdateEnvironmentStatus(ctx, id).EnvironmentStatus(*status).Execute()
	require.NoError(t, err)
	assert.Nil(t, read.SoftDeletedAt)
	_, err = c.EnvironmentsApi.DeleteEnvironment(ctx, id).Execute()
	require.NoError(t, err)
	clock.Advance(31 * 24 * time.Hour)
	_, err = c.EnvironmentsApi.DeleteEnvironment(ctx, id).Execute()
	require.NoError(t, err)
	_, resp, err = c.EnvironmentsApi.ReadOneEnvironment(ctx, id).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	_, err = c.EnvironmentsApi.DeleteEnvironment(ctx, f.admin).Execute()
	require.Error(t, err, "it holds the applications")
}

func TestNewEnvironmentsTakeTime(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Users: 60, Clock: clock.Now, Unkind: "new-environments=60s"})
	status, made := f.do(http.MethodPost, "/environments", map[string]any{
		"name": "slow", "type": "SANDBOX", "region": "EU", "license": map[string]any{"id": f.LicenseID()},
	})
	require.Equal(t, http.StatusCreated, status, made)
	path := "/environments/" + made["id"].(string)
	assert.Len(t, f.all("/environments", "environments"), 5)
	assert.Equal(t, http.StatusForbidden, f.ask(path+"/users").status)
	clock.Advance(time.Minute)
	assert.Equal(t, http.StatusOK, f.ask(path+"/users").status)
}

func TestSDKGroupRoleAssignments(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 60})
	c, ctx := sdk(t, f), context.Background()
	group := f.Groups(sim.EnvironmentAdministrators)["Engineering"]
	const reader = "ce00e15f-f845-4df1-abf3-fdc4ff4e176c"
	a := management.NewRoleAssignment(*management.NewRoleAssignmentRole(reader), *management.NewRoleAssignmentScope(f.admin, management.ENUMROLEASSIGNMENTSCOPETYPE_ENVIRONMENT))
	made, resp, err := c.GroupRoleAssignmentsApi.CreateGroupRoleAssignment(ctx, f.admin, group).RoleAssignment(*a).Execute()
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, resp.StatusCode)
	_, _, err = c.GroupRoleAssignmentsApi.CreateGroupRoleAssignment(ctx, f.admin, group).RoleAssignment(*a).Execute()
	require.Error(t, err, "held already")
	a.Scope.Type = management.ENUMROLEASSIGNMENTSCOPETYPE_ORGANIZATION
	_, _, err = c.GroupRoleAssignmentsApi.CreateGroupRoleAssignment(ctx, f.admin, group).RoleAssignment(*a).Execute()
	require.Error(t, err, "not with this scope")
	all := pages(t, c.GroupRoleAssignmentsApi.ReadGroupRoleAssignments(ctx, f.admin, group).Execute())[0].Embedded.RoleAssignments
	require.Len(t, all, 1)
	one, _, err := c.GroupRoleAssignmentsApi.ReadOneGroupRoleAssignment(ctx, f.admin, group, made.GetId()).Execute()
	require.NoError(t, err)
	assert.Equal(t, reader, one.Role.GetId())
	_, err = c.GroupRoleAssignmentsApi.DeleteGroupRoleAssignment(ctx, f.admin, group, made.GetId()).Execute()
	require.NoError(t, err)
	_, resp, err = c.GroupRoleAssignmentsApi.ReadOneGroupRoleAssignment(ctx, f.admin, group, made.GetId()).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
}
