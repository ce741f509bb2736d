package contract_test

import (
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
