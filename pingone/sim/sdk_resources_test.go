package sim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/patrickcping/pingone-go-sdk-v2/management"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// sdkNames are the services and methods of Ping's SDK for a resource. The other
// methods are Create, Update and Delete with the noun of the single read.
var sdkNames = map[string]struct{ service, list, read, noun string }{
	"agreements":                           {"AgreementsResources", "ReadAllAgreements", "ReadOneAgreement", "Agreement"},
	"agreements.languages":                 {"AgreementLanguagesResources", "ReadAllAgreementLanguages", "ReadOneAgreementLanguage", "AgreementLanguage"},
	"agreements.languages.revisions":       {"AgreementRevisionsResources", "ReadAllAgreementLanguageRevisions", "ReadOneAgreementLanguageRevision", "AgreementLanguageRevision"},
	"alertChannels":                        {"Alerting", "ReadAllAlertChannels", "", "AlertChannel"},
	"applications":                         {"Applications", "ReadAllApplications", "ReadOneApplication", "Application"},
	"applications.attributes":              {"ApplicationAttributeMapping", "ReadAllApplicationAttributeMappings", "ReadOneApplicationAttributeMapping", "ApplicationAttributeMapping"},
	"applications.flowPolicyAssignments":   {"ApplicationFlowPolicyAssignments", "ReadAllFlowPolicyAssignments", "ReadOneFlowPolicyAssignment", "FlowPolicyAssignment"},
	"applications.grants":                  {"ApplicationResourceGrants", "ReadAllApplicationGrants", "ReadOneApplicationGrant", "ApplicationGrant"},
	"applications.roleAssignments":         {"ApplicationRoleAssignments", "ReadApplicationRoleAssignments", "ReadOneApplicationRoleAssignment", ""},
	"applications.signOnPolicyAssignments": {"ApplicationSignOnPolicyAssignments", "ReadAllSignOnPolicyAssignments", "ReadOneSignOnPolicyAssignment", "SignOnPolicyAssignment"},
	"brandingSettings":                     {"BrandingSettings", "", "ReadBrandingSettings", "BrandingSettings"},
	"certificates":                         {"CertificateManagement", "GetCertificates", "GetCertificate", "Certificate"},
	"customDomains":                        {"CustomDomains", "ReadAllDomains", "ReadOneDomain", "Domain"},
	"emailDomains":                         {"TrustedEmailDomains", "ReadAllTrustedEmailDomains", "ReadOneTrustedEmailDomain", "TrustedEmailDomain"},
	"emailDomains.trustedEmails":           {"TrustedEmailAddresses", "ReadAllTrustedEmailAddresses", "ReadOneTrustedEmailAddress", "TrustedEmailAddress"},
	"environments.roles":                   {"CustomAdminRoles", "ReadAllCustomAdminRoles", "ReadOneCustomAdminRole", "CustomAdminRole"},
	"flowPolicies":                         {"FlowPolicies", "ReadAllFlowPolicies", "ReadOneFlowPolicy", ""},
	"forms":                                {"FormManagement", "ReadAllForms", "ReadForm", "Form"},
	"gateways":                             {"Gateways", "ReadAllGateways", "ReadOneGateway", "Gateway"},
	"gateways.credentials":                 {"GatewayCredentials", "ReadAllGatewayCredentials", "ReadOneGatewayCredential", ""},
	"gateways.instances":                   {"GatewayInstances", "ReadAllGatewayInstances", "ReadOneGatewayInstance", ""},
	"gateways.roleAssignments":             {"GatewayRoleAssignments", "ReadGatewayRoleAssignments", "ReadOneGatewayRoleAssignment", ""},
	"groups.roleAssignments":               {"GroupRoleAssignments", "ReadGroupRoleAssignments", "ReadOneGroupRoleAssignment", ""},
	"identityProviders":                    {"IdentityProviders", "ReadAllIdentityProviders", "ReadOneIdentityProvider", "IdentityProvider"},
	"identityProviders.attributes":         {"IdentityProviderAttributes", "ReadAllIdentityProviderAttributes", "ReadOneIdentityProviderAttribute", "IdentityProviderAttribute"},
	"integrations":                         {"IntegrationCatalog", "ReadAllIntegrationMetadata", "ReadOneIntegrationMetadata", ""},
	"keyRotationPolicies":                  {"KeyRotationPolicies", "GetKeyRotationPolicies", "GetKeyRotationPolicy", "KeyRotationPolicy"},
	"keys":                                 {"CertificateManagement", "GetKeys", "GetKey", "Key"},
	"languages":                            {"Languages", "ReadLanguages", "ReadOneLanguage", "Language"},
	"notificationsPolicies":                {"NotificationsPolicies", "ReadAllNotificationsPolicies", "ReadOneNotificationsPolicy", "NotificationsPolicy"},
	"organizations":                        {"Organizations", "ReadAllOrganizations", "ReadOneOrganization", ""},
	"organizations.licenses":               {"Licenses", "ReadAllLicenses", "ReadOneLicense", ""},
	"passwordPolicies":                     {"PasswordPolicies", "ReadAllPasswordPolicies", "ReadOnePasswordPolicy", "PasswordPolicy"},
	"propagation.plans":                    {"IdentityPropagationPlans", "ReadAllPlans", "ReadOnePlan", "Plan"},
	"propagation.stores":                   {"PropagationStores", "", "ReadOnePropagationStore", "PropagationStore"},
	"resources":                            {"Resources", "ReadAllResources", "ReadOneResource", "Resource"},
	"resources.attributes":                 {"ResourceAttributes", "ReadAllResourceAttributes", "ReadOneResourceAttribute", "ResourceAttribute"},
	"resources.scopes":                     {"ResourceScopes", "ReadAllResourceScopes", "ReadOneResourceScope", "ResourceScope"},
	"roles":                                {"Roles", "ReadAllRoles", "ReadOneRole", ""},
	"signOnPolicies":                       {"SignOnPolicies", "ReadAllSignOnPolicies", "ReadOneSignOnPolicy", "SignOnPolicy"},
	"signOnPolicies.actions":               {"SignOnPolicyActions", "ReadAllSignOnPolicyActions", "ReadOneSignOnPolicyAction", "SignOnPolicyAction"},
	"subscriptions":                        {"SubscriptionsWebhooks", "ReadAllSubscriptions", "ReadOneSubscription", "Subscription"},
	"templates":                            {"NotificationsTemplates", "ReadAllTemplates", "ReadOneTemplate", ""},
	"templates.contents":                   {"NotificationsTemplates", "ReadAllTemplateContents", "ReadOneContent", "Content"},
	"themes":                               {"BrandingThemes", "ReadBrandingThemes", "ReadOneBrandingTheme", "BrandingTheme"},
	"users.roleAssignments":                {"UserRoleAssignments", "ReadUserRoleAssignments", "ReadOneUserRoleAssignment", ""},
}

// sdkCall calls a method of the SDK with ids, sets its body if there is one, and
// gives what Execute returned.
func sdkCall(t *testing.T, service reflect.Value, method string, ids []string, body any) []reflect.Value {
	t.Helper()
	m := service.MethodByName(method)
	require.True(t, m.IsValid(), "the SDK has no %s", method)
	args := []reflect.Value{reflect.ValueOf(context.Background())}
	for k, id := range ids {
		args = append(args, reflect.ValueOf(id).Convert(m.Type().In(k+1)))
	}
	request := m.Call(args)[0]
	for k := range request.NumMethod() {
		setter := request.Method(k)
		if body == nil || setter.Type().NumIn() != 1 || setter.Type().In(0).Kind() != reflect.Struct {
			continue
		}
		value := reflect.New(setter.Type().In(0))
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, value.Interface()), "%s", raw)
		request = setter.Call([]reflect.Value{value.Elem()})[0]
		break
	}
	return request.MethodByName("Execute").Call(nil)
}

// done gives the value of an answer that must have succeeded.
func done(t *testing.T, out []reflect.Value) (any, *http.Response) {
	t.Helper()
	err, _ := out[len(out)-1].Interface().(error)
	require.NoError(t, err)
	resp, _ := out[len(out)-2].Interface().(*http.Response)
	return out[0].Interface(), resp
}

// idsIn are the ids in an address, the environment's included.
func idsIn(address, pattern string) (ids []string) {
	parts := strings.Split(pattern+"/{id}", "/")
	for k, part := range strings.Split(address, "/") {
		if strings.HasPrefix(parts[k], "{") {
			ids = append(ids, part)
		}
	}
	return ids
}

// TestSDKKnowsTheResources reads each resource with Ping's own SDK, which
// refuses what does not have its types, and writes what can be written.
func TestSDKKnowsTheResources(t *testing.T) {
	t.Parallel()
	for _, r := range resourceFiles(t) {
		names, ok := sdkNames[r.name]
		if !ok {
			continue // of a module of the SDK that is not used here
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sim.Options{Users: 100})
			service := reflect.ValueOf(sdk(t, f)).Elem().FieldByName(names.service + "Api")
			require.True(t, service.IsValid(), names.service)
			rows, addresses := f.rowsAt(t, r)
			if names.list != "" {
				ids := idsIn(addresses[0], r.Path)
				out := sdkCall(t, service, names.list, ids[:len(ids)-1], nil)
				assert.Positive(t, listed(t, out[0].Interface(), r.Key), "%s gives no rows", names.list)
			}
			for k, address := range addresses {
				if names.read != "" {
					done(t, sdkCall(t, service, names.read, idsIn(address, r.Path), nil))
				}
				if r.can("replace") && names.noun != "" && rows[k]["type"] != "PING_ONE_ADMIN_CONSOLE" { // which the SDK cannot write
					done(t, sdkCall(t, service, "Update"+names.noun, idsIn(address, r.Path), rows[k]))
				}
				if r.can("create") && r.can("delete") && names.noun != "" && k == 0 {
					ids := idsIn(address, r.Path)
					made, resp := done(t, sdkCall(t, service, "Create"+names.noun, ids[:len(ids)-1], rows[k]))
					assert.Equal(t, http.StatusCreated, resp.StatusCode)
					ids[len(ids)-1] = resp.Header.Get("Location")[strings.LastIndex(resp.Header.Get("Location"), "/")+1:]
					require.NotNil(t, made)
					done(t, sdkCall(t, service, "Delete"+names.noun, ids, nil))
				}
			}
		})
	}
}

// listed counts the rows that a list method gives.
func listed(t *testing.T, list any, key string) (n int) {
	t.Helper()
	switch list := list.(type) {
	case management.EntityArrayPagedIterator:
		for _, page := range pages(t, list) {
			n += rowsOf(t, page, key)
		}
	case *management.EntityArray:
		n = rowsOf(t, list, key)
	default:
		require.Failf(t, "unknown list", "%T", list)
	}
	return n
}

func rowsOf(t *testing.T, page *management.EntityArray, key string) int {
	t.Helper()
	raw, err := json.Marshal(page)
	require.NoError(t, err)
	var body struct {
		Embedded map[string][]any `json:"_embedded"`
	}
	require.NoError(t, json.Unmarshal(raw, &body))
	return len(body.Embedded[key])
}
