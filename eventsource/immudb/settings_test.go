package immudb_test

import (
	"context"
	"testing"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/eventsource/immudb"
)

// Given a database with the settings of an earlier build; when the event source
// opens it with the administrator's rights; then it gets those of this build.
func TestADatabaseGetsTheSettingsOfThisBuild(t *testing.T) {
	config := startServer(t)
	closed(t, opened(t, config, 0, 1))
	admin := login(t, config, "immudb", config.AdminPassword, config.Database)
	files := func() uint32 {
		t.Helper()
		answer, err := admin.GetDatabaseSettingsV2(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return answer.Settings.IndexSettings.NodesLogMaxOpenedFiles.Value
	}
	fresh := files()
	_, err := admin.UpdateDatabaseV2(t.Context(), config.Database, &schema.DatabaseNullableSettings{
		IndexSettings: &schema.IndexNullableSettings{NodesLogMaxOpenedFiles: &schema.NullableUint32{Value: 10}}})
	if err != nil || files() != 10 {
		t.Fatalf("an earlier build's settings: %d files, %v", files(), err)
	}

	without := config
	without.AdminPassword = ""
	for _, c := range []immudb.Config{without, config} {
		s := immudb.NewLog(c)
		if _, err := s.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		want := uint32(10)
		if c.AdminPassword != "" {
			want = fresh
		}
		if got := files(); got != want {
			t.Errorf("opened with the administrator's password %q: %d files stay open, want %d", c.AdminPassword, got, want)
		}
	}
}
