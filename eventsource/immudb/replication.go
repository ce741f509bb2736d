package immudb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/copies"
)

// A log that several machines have is copied by immudb's own synchronous replication. A commit of the primary is
// precommitted, which is on its disk and visible to no one, until so many replicas have it on theirs.

// replicaUser is the user as which a replica reads from the primary. immudb gives a log's transactions to those only
// who have all rights on its database. Its password is that of the writer.
func (c Config) replicaUser() string { return c.User + "_copy" }

// primarySettings are those of a database that takes commits and has each on so many machines.
func primarySettings(copies int) *schema.ReplicationNullableSettings {
	return &schema.ReplicationNullableSettings{
		Replica: no(), SyncReplication: &schema.NullableBool{Value: copies > 1},
		SyncAcks:        &schema.NullableUint32{Value: uint32(copies - 1)},
		PrimaryDatabase: text(""), PrimaryHost: text(""), PrimaryPort: &schema.NullableUint32{},
		PrimaryUsername: text(""), PrimaryPassword: text(""), AllowTxDiscarding: no(),
	}
}

// replicaSettings are those of a database that copies from the primary at an address. With "" it copies from no one and
// acknowledges to no one, and the setting for the primary's database names who asked for that. What it has on its disk
// and the primary has not, it discards.
func (c Config) replicaSettings(primary string) (*schema.ReplicationNullableSettings, error) {
	settings := &schema.ReplicationNullableSettings{
		Replica: yes(), SyncReplication: yes(), SyncAcks: &schema.NullableUint32{}, AllowTxDiscarding: yes(),
		PrimaryDatabase: text(""), PrimaryHost: text(""), PrimaryPort: &schema.NullableUint32{},
		PrimaryUsername: text(""), PrimaryPassword: text(""),
	}
	if primary == "" {
		settings.PrimaryDatabase = text(sealed + c.owner)
		return settings, nil
	}
	host, port, err := splitAddress(primary)
	if err != nil {
		return nil, err
	}
	settings.PrimaryDatabase, settings.PrimaryHost = text(c.Database), text(host)
	settings.PrimaryPort = &schema.NullableUint32{Value: uint32(port)}
	settings.PrimaryUsername, settings.PrimaryPassword = text(c.replicaUser()), text(c.Password)
	return settings, nil
}

// sealed comes before the name of the process that made a replica follow no one.
const sealed = "none, as asked by "

func yes() *schema.NullableBool                { return &schema.NullableBool{Value: true} }
func no() *schema.NullableBool                 { return &schema.NullableBool{} }
func text(value string) *schema.NullableString { return &schema.NullableString{Value: value} }

func splitAddress(address string) (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(portText)
	}
	if err != nil {
		return "", 0, fmt.Errorf("address %q: %w", address, err)
	}
	return host, port, nil
}

// at is the configuration of one of several machines.
func (c Config) at(address string) Config {
	c.Address = address
	return c
}

// asAdmin opens a session of the administrator on the log's database of one machine.
func (c Config) asAdmin(ctx context.Context, address, database string) (client.ImmuClient, error) {
	if c.AdminPassword == "" {
		return nil, copies.Refusal("the password of immudb's administrator is needed to change which machine has what: " +
			"give --immudb-admin-password-file")
	}
	return c.at(address).login(ctx, auth.SysAdminUsername, c.AdminPassword, database)
}

// become gives the log's database of a machine a part in the replication. It takes effect at once.
func (c Config) become(ctx context.Context, address string, part *schema.ReplicationNullableSettings) error {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	admin, err := c.asAdmin(ctx, address, "defaultdb")
	if err != nil {
		return fmt.Errorf("immudb at %s: %w", address, err)
	}
	defer discard(admin)
	return c.takePart(ctx, admin, address, part)
}

// takePart gives the log's database of a machine a part, in a session of the administrator.
func (c Config) takePart(
	ctx context.Context, admin client.ImmuClient, address string, part *schema.ReplicationNullableSettings,
) error {
	settings := changingSettings()
	settings.ReplicationSettings = part
	if _, err := admin.UpdateDatabaseV2(ctx, c.Database, settings); err != nil {
		return fmt.Errorf("immudb at %s: change the replication of %q: %w", address, c.Database, err)
	}
	return nil
}

// promote makes a machine the primary.
func (c Config) promote(ctx context.Context, machine copies.Machine, observed []copies.Machine) error {
	var tail error
	if machine.Strands(observed) {
		tail = c.commitTail(ctx, machine)
	}
	// Also after an error: without this it would acknowledge alone.
	return errors.Join(tail, c.become(ctx, machine.Address, primarySettings(c.Copies)))
}

// follow makes a machine copy from the primary; "" makes it copy from no one.
func (c Config) follow(ctx context.Context, address, primary string) error {
	settings, err := c.replicaSettings(primary)
	if err != nil {
		return err
	}
	return c.become(ctx, address, settings)
}

// checkAlone refuses to write a database with copies on other machines if only one address is given: a replica takes no
// commits, and those of a primary would wait.
func (s *database) checkAlone(ctx context.Context, c client.ImmuClient) error {
	if s.config.Machines != nil {
		return nil
	}
	answer, err := c.GetDatabaseSettingsV2(ctx)
	if err != nil {
		return s.fault(ctx, c, "read the settings", err)
	}
	switch part := answer.Settings.GetReplicationSettings(); {
	case part.GetReplica().GetValue():
		return copies.Refusal(fmt.Sprintf("immudb at %s: database %q is a replica of another machine: give --immudb the "+
			"addresses of all machines, and \"corebank failover\" says what each has", s.config.Address, s.config.Database))
	case part.GetSyncAcks().GetValue() > 0:
		return copies.Refusal(fmt.Sprintf("immudb at %s: one copy is asked for, and database %q has each commit on %d "+
			"machines: give --immudb the addresses of all", s.config.Address, s.config.Database,
			part.GetSyncAcks().GetValue()+1))
	}
	return nil
}
