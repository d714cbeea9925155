package sim

import (
	"slices"
	"sync/atomic"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// organization is the top of everything.
type organization struct {
	id                      data.ID
	name, description, kind string
	createdAt               int64
	billing                 []data.ID
	licenses                []*license
}

// license is what an organization may do. Only its name can change.
type license struct {
	id                             data.ID
	organization                   *organization
	name                           atomic.Pointer[string]
	pkg, status                    string
	begins, expires, terminates    int64
	replaces, replacedBy           *license
	maxEnvironments, maxUsers      int
	features                       string // JSON members of products, whole
	allowProduction, allowLocalize bool
}

const (
	day  = 86_400_000 // milliseconds
	year = 365 * day
)

// seedOrganizations makes two organizations: one with all environments and four
// licenses, and a trial without environments.
func seedOrganizations() []*organization {
	const all = `"advancedServices":{"pingId":{"included":true,"type":"FULL"}},"authorize":{"allowApiAccessManagement":true,"allowDynamicAuthorization":true},` +
		`"credentials":{"allowCredentials":true},"fraud":{"allowBotMaliciousDeviceDetection":true,"allowAccountProtection":false},` +
		`"gateways":{"allowLdapGateway":true,"allowKerberosGateway":false,"allowRadiusGateway":true},` +
		`"intelligence":{"allowAdvancedPredictors":true,"allowGeoVelocity":true},` +
		`"mfa":{"allowPushNotification":true,"allowTotp":true,"allowSmsOtp":true,"allowEmailOtp":true,"allowFido2Devices":true},` +
		`"orchestrate":{"allowOrchestration":true},"verify":{"allowPushNotifications":true,"allowDocumentMatch":true}`
	const few = `"mfa":{"allowPushNotification":false,"allowTotp":true},"gateways":{"allowLdapGateway":false}`
	begin := data.Epoch + 8*year
	acme := &organization{
		id: data.NamedID("organization"), name: "Acme \"Simulated\" AG", description: "Shops & more, since 1871", kind: "PAID",
		createdAt: data.Epoch, billing: []data.ID{data.NamedID("billing 1"), data.NamedID("billing 2")},
	}
	trial := &organization{id: data.NamedID("organization 2"), name: "Beispiel Prüfung", kind: "TRIAL", createdAt: data.Epoch + year}
	add := func(o *organization, id, name string, l *license) *license {
		l.id, l.organization = data.NamedID(id), o
		l.name.Store(&name)
		o.licenses = append(o.licenses, l)
		return l
	}
	main := add(acme, "license", "Main", &license{
		pkg: "CIAM Plus", status: "ACTIVE", begins: begin, expires: begin + 12*year, maxEnvironments: 20, maxUsers: MaxUsers, features: all, allowProduction: true, allowLocalize: true,
	})
	main.replaces = add(acme, "license 2", "Main until 2024", &license{
		pkg: "STANDARD", status: "EXPIRED", begins: begin - 4*year, expires: begin, terminates: begin + 90*day, maxEnvironments: 5, maxUsers: 100_000, features: few, allowProduction: true,
		replacedBy: main,
	})
	add(acme, "license 3", "Next, \"big\"", &license{
		pkg: "GLOBAL", status: "FUTURE", begins: begin + 12*year, expires: begin + 15*year, maxEnvironments: 50, maxUsers: 2 * MaxUsers, features: all, allowProduction: true, allowLocalize: true,
	})
	add(acme, "license 4", "Pilot", &license{
		pkg: "TRIAL", status: "TERMINATED", begins: data.Epoch, expires: data.Epoch + 30*day, terminates: data.Epoch + 37*day, maxEnvironments: 1, maxUsers: 1000, features: few,
	})
	add(trial, "license 5", "Trial", &license{
		pkg: "TRIAL", status: "ACTIVE", begins: begin + year, expires: begin + 12*year, maxEnvironments: 5, maxUsers: 1000, features: few,
	})
	return []*organization{acme, trial}
}

// organizationOf finds the organization in a path. Callers without roles for
// organizations know their own.
func (s *Server) organizationOf(c *call, text string) (*organization, error) {
	id, _ := data.ParseID(text)
	k := slices.IndexFunc(s.organizations, func(o *organization) bool { return o.id == id })
	if k < 0 || k > 0 && !c.access.organization {
		return nil, forbidden()
	}
	return s.organizations[k], nil
}

// licenseOf finds the license in a path.
func (s *Server) licenseOf(c *call) (*license, error) {
	o, err := s.organizationOf(c, c.param(0))
	if err != nil || !c.access.organization {
		return nil, forbidden()
	}
	if l := o.license(c.param(1)); l != nil {
		return l, nil
	}
	return nil, notFound("The license does not exist.")
}

func (o *organization) license(text string) *license {
	id, ok := data.ParseID(text)
	k := slices.IndexFunc(o.licenses, func(l *license) bool { return ok && l.id == id })
	if k < 0 {
		return nil
	}
	return o.licenses[k]
}

// assigned is the number of environments that use a license.
func (s *Server) assigned(l *license) (n int) {
	for _, e := range s.environments() {
		if e.info.Load().license == l {
			n++
		}
	}
	return n
}
