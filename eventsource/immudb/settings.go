package immudb

import (
	"context"
	"log/slog"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/client"
	"google.golang.org/protobuf/proto"
)

// Settings of the log's database.
const (
	syncFrequency = 1 * time.Millisecond // how long a commit waits for others before its fsync
	maxTxEntries  = 1024
	maxActive     = 1000
	maxKeyLen     = 128  // bytes of a key; a small node of the index must have room for some
	indexNode     = 2048 // bytes of a node of the index: each changed node is written whole
	indexCleanup  = 20   // percent of the index whose obsolete nodes are freed when it is written
	filesOpen     = 1000 // files of each kind, each of 512 MiB

	// indexFlush is the number of keys between two fsyncs of the index. After a kill, immudb indexes as many again. It
	// also writes the index at 4 MiB.
	indexFlush = 100_000
)

// databaseSettings are the settings of a new database.
func databaseSettings() *schema.DatabaseNullableSettings {
	settings := changingSettings()
	settings.MaxKeyLen = &schema.NullableUint32{Value: maxKeyLen}
	settings.MaxTxEntries = &schema.NullableUint32{Value: maxTxEntries}
	// Values are in the log of transactions and not in a file of their own: one fsync less for each commit, a third of an
	// append's time.
	settings.EmbeddedValues = &schema.NullableBool{Value: true}
	settings.IndexSettings.MaxNodeSize = &schema.NullableUint32{Value: indexNode}
	return settings
}

// copiedSettings are those of a new database that has copies on other machines. A replica acknowledges what it has not
// committed yet. immudb 1.11.1 forgets that when it is started again if values are in the log of transactions: it takes
// them for a transaction that was not written to its end.
func copiedSettings() *schema.DatabaseNullableSettings {
	settings := databaseSettings()
	settings.EmbeddedValues = &schema.NullableBool{}
	return settings
}

// changingSettings are the settings that immudb lets change later.
func changingSettings() *schema.DatabaseNullableSettings {
	files := &schema.NullableUint32{Value: filesOpen}
	return &schema.DatabaseNullableSettings{
		SyncFrequency:         &schema.NullableMilliseconds{Value: syncFrequency.Milliseconds()},
		MaxActiveTransactions: &schema.NullableUint32{Value: maxActive},
		// All files stay open. immudb 1.11 closes a file to open another, even if a call is about to read from it: with
		// more files than it keeps open, reads fail at random with "key not found".
		TxLogMaxOpenedFiles:     files,
		VLogMaxOpenedFiles:      files,
		CommitLogMaxOpenedFiles: files,
		// The index is fsynced each time it is written: when immudb is started, it hashes everything that it wrote of
		// the index since the last fsync. The index of 3 million events of 300,000 accounts takes 5 GB without cleanup,
		// and 0.8 GB with it.
		IndexSettings: &schema.IndexNullableSettings{
			FlushThreshold:           &schema.NullableUint32{Value: indexFlush},
			SyncThreshold:            &schema.NullableUint32{Value: indexFlush},
			CleanupPercentage:        &schema.NullableFloat{Value: indexCleanup},
			NodesLogMaxOpenedFiles:   files,
			HistoryLogMaxOpenedFiles: files,
			CommitLogMaxOpenedFiles:  files,
		},
	}
}

// renew gives a database the settings of this build if it has others, from an earlier build or an operator. This needs
// the administrator's password; without it the database keeps its settings and works as before. immudb uses new
// settings after its next start.
func (c Config) renew(ctx context.Context, session client.ImmuClient) {
	if c.AdminPassword == "" {
		return
	}
	changed, err := c.change(ctx, session)
	switch {
	case err != nil:
		slog.Warn("immudb's database keeps its old settings", "database", c.Database, "error", err)
	case changed:
		slog.Info("immudb's database uses new settings after immudb's next start", "database", c.Database)
	}
}

func (c Config) change(ctx context.Context, session client.ImmuClient) (changed bool, err error) {
	answer, err := session.GetDatabaseSettingsV2(ctx)
	if err != nil {
		return false, err
	}
	wanted := proto.CloneOf(answer.Settings)
	proto.Merge(wanted, changingSettings())
	if proto.Equal(wanted, answer.Settings) {
		return false, nil
	}
	admin, err := c.login(ctx, auth.SysAdminUsername, c.AdminPassword, c.Database)
	if err != nil {
		return false, err
	}
	defer discard(admin)
	_, err = admin.UpdateDatabaseV2(ctx, c.Database, changingSettings())
	return err == nil, err
}
