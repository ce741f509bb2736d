package contract_test

import (
	"slices"
	"testing"

	"corebank/internal/contract"
)

func TestABatchIsWhatItSays(t *testing.T) {
	records := func(positions ...int64) (all []contract.Record) {
		for _, position := range positions {
			all = append(all, contract.Record{Position: position})
		}
		return all
	}
	for name, test := range map[string]struct {
		batch contract.Batch
		valid bool
	}{
		"records":                       {contract.Batch{Previous: 3, First: 4, Last: 5, Records: records(4, 5)}, true},
		"the first":                     {contract.Batch{First: 1, Last: 1, Records: records(1)}, true},
		"a heartbeat":                   {contract.Batch{Last: 7}, true},
		"a heartbeat of an empty log":   {contract.Batch{}, true},
		"a head below zero":             {contract.Batch{Last: -1}, false},
		"records that it does not have": {contract.Batch{Previous: 3, First: 4, Last: 5}, false},
		"more than it has":              {contract.Batch{Previous: 3, First: 4, Last: 6, Records: records(4, 5)}, false},
		"less than it has":              {contract.Batch{Previous: 3, First: 4, Last: 4, Records: records(4, 5)}, false},
		"another end":                   {contract.Batch{Previous: 2, First: 4, Last: 5, Records: records(4, 5)}, false},
		"a gap":                         {contract.Batch{Previous: 3, First: 4, Last: 5, Records: records(4, 6)}, false},
		"another order":                 {contract.Batch{Previous: 3, First: 4, Last: 5, Records: records(5, 4)}, false},
		"other records":                 {contract.Batch{Previous: 3, First: 4, Last: 5, Records: records(14, 15)}, false},
		"a position before all":         {contract.Batch{Previous: -1, First: 0, Last: 0, Records: records(0)}, false},
	} {
		if err := test.batch.Check(); (err == nil) != test.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is missing of an append to several streams at the end holds all of it back.
func TestOnlyWholeAppendsAreShown(t *testing.T) {
	for _, test := range []struct {
		more []int
		want int
	}{
		{nil, 0}, {[]int{0}, 1}, {[]int{0, 0}, 2}, {[]int{2, 1, 0}, 3}, {[]int{2, 1}, 0}, {[]int{2}, 0},
		{[]int{0, 2, 1}, 1}, {[]int{1, 0, 1}, 2}, {[]int{1, 0, 1, 0}, 4}, {[]int{0, 1, 0}, 3},
		// No append is so long; it would never be shown.
		{slices.Repeat([]int{1}, contract.MaxAppendTogether), contract.MaxAppendTogether},
		{slices.Repeat([]int{1}, contract.MaxAppendTogether-1), 0},
	} {
		var records []contract.Record
		for _, more := range test.more {
			records = append(records, contract.Record{More: more})
		}
		if got := len(contract.Whole(records)); got != test.want {
			t.Errorf("of records that %v more follow, %d are shown, want %d", test.more, got, test.want)
		}
	}
}
