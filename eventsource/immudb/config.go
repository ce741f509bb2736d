package immudb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/client"
	"google.golang.org/grpc"

	"corebank/eventsource/storage"
	"corebank/internal/app"
)

// Config says where the log's database is and who may write to it.
type Config struct {
	// Address is host:port of the immudb server.
	Address string
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

func (c Config) login(ctx context.Context, user, password, database string) (client.ImmuClient, error) {
	host, portText, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", c.Address, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", c.Address, err)
	}
	options := client.DefaultOptions().WithAddress(host).WithPort(port).WithDir(c.StateDir).
		WithMaxRecvMsgSize(maxRecv).WithDisableIdentityCheck(true)
	options = options.WithDialOptions(append(options.DialOptions, grpc.WithConnectParams(app.Redial)))
	session := client.NewClient().WithOptions(options)
	if err := session.OpenSession(ctx, []byte(user), []byte(password), database); err != nil {
		return nil, err
	}
	return session, nil
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
	_, err = admin.CreateDatabaseV2(ctx, c.Database, databaseSettings())
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		return fmt.Errorf("create database %q: %w", c.Database, err)
	}
	err = admin.CreateUser(ctx, []byte(c.User), []byte(c.Password), auth.PermissionRW, c.Database)
	if err != nil && strings.Contains(err.Error(), "already exists") {
		err = c.adopt(ctx, admin)
	}
	if err != nil {
		return fmt.Errorf("create user %q: %w", c.User, err)
	}
	return nil
}

// adopt gives an existing user our password and its rights: the user may be there because our password was lost.
func (c Config) adopt(ctx context.Context, admin client.ImmuClient) error {
	if err := admin.ChangePassword(ctx, []byte(c.User), nil, []byte(c.Password)); err != nil {
		return fmt.Errorf("change its password: %w", err)
	}
	return admin.ChangePermission(ctx, schema.PermissionAction_GRANT, c.User, c.Database, auth.PermissionRW)
}

// discard ends a session without waiting long for a server that may be gone.
func discard(c client.ImmuClient) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The server ends the session by itself if this fails.
	_ = c.CloseSession(ctx)
}
