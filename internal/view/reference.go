package view

import "corebank/internal/contract"

// MaxReferences bounds the records that are read for one thing.
const MaxReferences = 1000

// Reference files a record under a thing that it is about, beside its account: a
// transfer, a hold, a transaction that was reversed. What became of the thing
// is the fold of its records.
type Reference struct {
	Key    string // bank.Event.Subjects
	Record contract.Record
}

// ReferencesOf files a record under each of its subjects.
func ReferencesOf(r contract.Record, subjects []string) []Reference {
	references := make([]Reference, len(subjects))
	for i, subject := range subjects {
		references[i] = Reference{Key: subject, Record: r}
	}
	return references
}
