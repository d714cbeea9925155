package main

import (
	"context"
	"fmt"

	"github.com/patrickcping/pingone-go-sdk-v2/management"
)

// sdk is Ping's own Go SDK, pointed at a simulator.
func (s *simulator) sdk() (*management.APIClient, error) {
	cfg := management.NewConfiguration()
	cfg.SetDefaultServerIndex(1) // "{protocol}://{baseHostname}/v1"
	if err := cfg.SetDefaultServerVariableDefaultValue("protocol", "http"); err != nil {
		return nil, err
	}
	if err := cfg.SetDefaultServerVariableDefaultValue("baseHostname", s.address); err != nil {
		return nil, err
	}
	cfg.AddDefaultHeader("Authorization", "Bearer "+s.token)
	return management.NewAPIClient(cfg), nil
}

// sdkUsers reads all users with the SDK's pager and gives their number.
func sdkUsers(ctx context.Context, c *management.APIClient, environment string) (n int, err error) {
	for p, err := range c.UsersApi.ReadAllUsers(ctx, environment).Limit(200).Execute() {
		if err != nil {
			return n, fmt.Errorf("reading users with the SDK: %w", err)
		}
		for _, u := range p.EntityArray.Embedded.Users {
			if u.GetUsername() != "" {
				n++
			}
		}
	}
	return n, nil
}

// sdkMemberships reads the groups of users, one call for each.
func sdkMemberships(ctx context.Context, c *management.APIClient, environment string, users []user) error {
	for _, u := range users {
		for _, err := range c.GroupMembershipApi.ReadAllGroupMembershipsForUser(ctx, environment, u.ID).Execute() {
			if err != nil {
				return fmt.Errorf("reading memberships with the SDK: %w", err)
			}
		}
	}
	return nil
}
