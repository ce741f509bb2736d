package contract

import "time"

// LogStatus is how far the log and its publishing are, and what the last audit
// found.
type LogStatus struct {
	// Head is the last durable position of the log, Published the last that
	// the broker has.
	Head      int64 `json:"head"`
	Published int64 `json:"published"`
	// Log is the id of the log.
	Log string `json:"log,omitempty"`
	// LastAudit is nil when there was none.
	LastAudit *Audit `json:"lastAudit,omitempty"`
	// Partitions are the parts of a log that has several.
	Partitions []PartitionStatus `json:"partitions,omitempty"`
}

// PartitionStatus is how far one partition is.
type PartitionStatus struct {
	// Number counts from 1.
	Number int `json:"number"`
	// Head is the last durable position in the partition that is known of,
	// Ordered the last that has its place in the whole log.
	Head    int64 `json:"head"`
	Ordered int64 `json:"ordered"`
	// Problem is why the partition cannot be read now; empty if it can.
	Problem string `json:"problem,omitempty"`
}

// Audit is the result of one audit, as it is kept in the log's database.
type Audit struct {
	At time.Time `json:"at"`
	// Position is the last position that was audited.
	Position int64 `json:"position"`
	Records  int64 `json:"records"`
	Accounts int64 `json:"accounts"`
	// Findings counts what was wrong; OK says that nothing was, and that
	// everything was looked at.
	Findings int64 `json:"findings"`
	OK       bool  `json:"ok"`
}
