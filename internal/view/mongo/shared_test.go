package mongo_test

import (
	"strings"
	"testing"

	"corebank/internal/view/mongo"
)

// Two banks may be given the same MongoDB: who is refused there must learn which setting helps.
func TestTheStoreNamesItsSetting(t *testing.T) {
	for database, want := range map[string]string{"": `"corebank"`, "other": `"other"`} {
		where := mongo.NewGenerations("mongodb://localhost", mongo.Options{Database: database}).Shared()
		if !strings.Contains(where, want) || !strings.Contains(where, "MONGODB_DATABASE") {
			t.Errorf("it is %q", where)
		}
	}
}
