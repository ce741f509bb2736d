package immudb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
)

// Config says where the log's database is and who may write to it.
type Config struct {
	// Address is host:port of the immudb server, if the log is on one machine.
	Address string
	// Addresses are those of the immudb servers of several machines, and Copies is how many of them have a commit before
	// it is acknowledged. Machines keeps track of them. Without it, Copies is how many the log will have: a restore
	// makes its database on one machine.
	Addresses []string
	Copies    int
	Machines  *Machines

	// Network is the way to the servers, if it is not the real one.
	Network Network

	owner string // names the process that raises an epoch, or lets another machine take over
	line  *line  // of the session, if it has to be cut when another machine takes over
	// Database, User and Password are the event source's own.
	Database string
	User     string
	Password string
	// AdminPassword is the password of immudb's administrator. With it, a missing database or user is created; without
	// it, that is an error. It must not be immudb's published default.
	AdminPassword string
	// Partition is which part of a log the database has. It is written into a new database, and must be the same when an
	// older one is opened.
	Partition storage.Partition
	// StateDir is where immudb's client keeps its copy of the verified state, and the event source its index of
	// idempotency keys. Both are caches.
	StateDir string
}

const (
	openTimeout = 10 * time.Second // of a session
	maxRecv     = 32 << 20         // bytes of a reply: a transaction with the most and largest records
)

// open opens a session on the log's database. It creates the database if it is missing and the password allows it.
func (c Config) open(ctx context.Context) (client.ImmuClient, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	session, err := c.login(ctx, c.User, c.Password, c.Database)
	if err == nil {
		c.renew(ctx, session)
		return session, nil
	}
	if c.AdminPassword == "" || !isUnprovisioned(err) {
		return nil, fmt.Errorf("immudb at %s: open a session as %q on database %q: %w",
			c.Address, c.User, c.Database, err)
	}
	if err := c.provision(ctx); err != nil {
		return nil, fmt.Errorf("immudb at %s: %w", c.Address, err)
	}
	return c.login(ctx, c.User, c.Password, c.Database)
}

// isUnprovisioned reports whether a login failed because the user or the database is missing.
func isUnprovisioned(err error) bool {
	text := err.Error()
	return strings.Contains(text, "invalid user name or password") ||
		strings.Contains(text, "database does not exist") || strings.Contains(text, "not have permission")
}

// provision creates the database and its user, as administrator.
func (c Config) provision(ctx context.Context) error {
	if c.AdminPassword == auth.SysAdminPassword {
		return errors.New("the administrator still has immudb's published default password; " +
			"start immudb with --admin-password or IMMUDB_ADMIN_PASSWORD")
	}
	admin, err := c.login(ctx, auth.SysAdminUsername, c.AdminPassword, "defaultdb")
	if err != nil {
		return fmt.Errorf("log in as administrator: %w", err)
	}
	defer discard(admin)
	settings := databaseSettings()
	if c.Copies > 1 {
		settings = copiedSettings()
	}
	_, err = admin.CreateDatabaseV2(ctx, c.Database, settings)
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		return fmt.Errorf("create database %q: %w", c.Database, err)
	}
	return c.provisionUser(ctx, admin, c.User, auth.PermissionRW)
}

// provisionUsers creates the users of one of several machines.
func (c Config) provisionUsers(ctx context.Context, admin client.ImmuClient) error {
	if err := c.provisionUser(ctx, admin, c.User, auth.PermissionRW); err != nil {
		return err
	}
	return c.provisionUser(ctx, admin, c.replicaUser(), auth.PermissionAdmin)
}

func (c Config) provisionUser(ctx context.Context, admin client.ImmuClient, user string, rights uint32) error {
	err := admin.CreateUser(ctx, []byte(user), []byte(c.Password), rights, c.Database)
	if err != nil && strings.Contains(err.Error(), "already exists") {
		err = c.adopt(ctx, admin, user, rights)
	}
	if err != nil {
		return fmt.Errorf("create user %q: %w", user, err)
	}
	return nil
}

// adopt gives an existing user our password and its rights: the user may be there because our password was lost.
func (c Config) adopt(ctx context.Context, admin client.ImmuClient, user string, rights uint32) error {
	if err := admin.ChangePassword(ctx, []byte(user), nil, []byte(c.Password)); err != nil {
		return fmt.Errorf("change its password: %w", err)
	}
	return admin.ChangePermission(ctx, schema.PermissionAction_GRANT, user, c.Database, rights)
}

// primary is the address of the machine that takes commits.
func (c Config) primary(ctx context.Context) (string, error) {
	if c.Machines == nil {
		return c.Address, nil
	}
	return c.Machines.Primary(ctx)
}

// lost forgets a primary that cannot be reached, if there are several machines.
func (c Config) lost(address string) {
	if c.Machines != nil {
		c.Machines.lost(address)
	}
}

// raised reports whether this process has raised an epoch, as it made another machine the primary.
func (c Config) raised(e epoch) bool { return c.Machines != nil && e.Owner == c.Machines.config.owner }

// discard ends a session without waiting long for a server that may be gone.
func discard(c client.ImmuClient) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The server ends the session by itself if this fails.
	_ = c.CloseSession(ctx)
}
