package storage_test

import (
	"slices"
	"testing"

	"corebank/eventsource/storage"
)

func TestCutsFollowEachOther(t *testing.T) {
	before := storage.Cut{Number: 3, Ends: []int64{5, 7}}
	for _, good := range []storage.Cut{{Number: 4, Ends: []int64{6, 7}}, {Number: 4, Ends: []int64{9, 90}}} {
		if err := good.Follows(before); err != nil {
			t.Error(err)
		}
	}
	bad := []storage.Cut{{Number: 5, Ends: []int64{6, 7}}, {Number: 4, Ends: []int64{5, 7}},
		{Number: 4, Ends: []int64{4, 9}}, {Number: 4, Ends: []int64{6, 7, 1}}}
	if i := slices.IndexFunc(bad, func(r storage.Cut) bool { return r.Follows(before) == nil }); i >= 0 {
		t.Errorf("%v follows %v", bad[i], before)
	}
}
