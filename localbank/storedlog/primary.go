package storedlog

import (
	"context"
	"strings"
)

// findPrimary replaces several addresses of immudb, which have copies of one log, by the one that takes the commits: it
// has all that was acknowledged. Partitions each have their own.
func (c *Config) findPrimary(ctx context.Context) error {
	addresses := strings.Split(c.Immudb.Address, ",")
	if len(addresses) == 1 {
		return nil
	}
	parts, err := c.Immudb.Parts(c.Partitions, func(suffix string) (string, error) {
		return readPassword(c.PasswordFile + suffix)
	})
	if err != nil {
		return err
	}
	var primaries []string
	for _, part := range parts {
		primary, err := part.FindPrimary(ctx, addresses)
		if err != nil {
			return err
		}
		primaries = append(primaries, primary)
	}
	c.Immudb.Address = primaries[0]
	if len(c.Addresses) == 0 {
		c.Addresses = primaries[1:]
	}
	return nil
}
