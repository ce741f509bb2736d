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
	maxKeyLen     = 128     // bytes of a key; small nodes of the index must hold some
	indexFlush    = 100_000 // keys between two fsyncs of the index, to be read anew after a kill; immudb writes it at 4 MiB, too
	indexNode     = 2048    // bytes of a node of the index: each that changed is written whole
	indexCleanup  = 20      // percent of the index whose obsolete nodes a writing gives back
	filesOpen     = 1000    // of a kind, each of 512 MiB
)

// databaseSettings are those of a new database.
func databaseSettings() *schema.DatabaseNullableSettings {
	settings := changingSettings()
	settings.MaxKeyLen = &schema.NullableUint32{Value: maxKeyLen}
	settings.MaxTxEntries = &schema.NullableUint32{Value: maxTxEntries}
	// The values stand in the log of transactions and not in a file of their
	// own: one fsync less for every commit, a third of an append's time.
	settings.EmbeddedValues = &schema.NullableBool{Value: true}
	settings.IndexSettings.MaxNodeSize = &schema.NullableUint32{Value: indexNode}
	return settings
}

// changingSettings are those that immudb lets change.
func changingSettings() *schema.DatabaseNullableSettings {
	files := &schema.NullableUint32{Value: filesOpen}
	return &schema.DatabaseNullableSettings{
		SyncFrequency:         &schema.NullableMilliseconds{Value: syncFrequency.Milliseconds()},
		MaxActiveTransactions: &schema.NullableUint32{Value: maxActive},
		// All files stay open. immudb 1.11 closes one to open another and then does
		// not find it for whoever was about to read from it: with more files than
		// it holds open, reads fail at random with "key not found".
		TxLogMaxOpenedFiles:     files,
		VLogMaxOpenedFiles:      files,
		CommitLogMaxOpenedFiles: files,
		// Each writing of the index is fsynced: when it is started, immudb hashes
		// all that it wrote of it since the last fsync. Without a cleanup, the index
		// of 3 million events of 300,000 accounts takes 5 GB, and with it 0.8.
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

// renew gives a database the settings of this build, if it may: one that an
// earlier build made, or that somebody set otherwise. Without them it works as it
// did. immudb takes them up when it is started again.
func (c Config) renew(ctx context.Context, session client.ImmuClient) {
	if c.AdminPassword == "" {
		return
	}
	changed, err := c.change(ctx, session)
	switch {
	case err != nil:
		slog.Warn("immudb's database keeps its old settings", "database", c.Database, "error", err)
	case changed:
		slog.Info("immudb's database has new settings when immudb is started again", "database", c.Database)
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
