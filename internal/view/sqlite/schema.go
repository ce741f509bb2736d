package sqlite

// schemaVersion is stored in the file as its user_version. Increment it with
// every change of the schema; views of another version are built again, not
// migrated.
const schemaVersion = 3

// addMarked adds the column that the files of earlier builds of this version lack.
// Those builds can go on with it: they move the position alone.
const addMarked = "ALTER TABLE checkpoint ADD COLUMN marked TEXT NOT NULL DEFAULT ''"

// Values that only some rows have are null in the others, and only the rows that
// have them are indexed: a deposit without such values costs nothing extra.
const schema = `
CREATE TABLE checkpoint (
	id       INTEGER PRIMARY KEY CHECK (id = 1),
	position INTEGER NOT NULL,
	trial    TEXT NOT NULL, -- JSON of the trial balance there
	marked   TEXT NOT NULL DEFAULT '' -- JSON of the checkpoint with its log and mark
) STRICT;
INSERT INTO checkpoint (id, position, trial) VALUES (1, 0, '{}');

-- number stands for the account in its history: it keeps the rows and the
-- pages that a write touches small. The columns between id and state are for
-- finding accounts; state is JSON of the whole account.
CREATE TABLE accounts (
	number     INTEGER PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	version    INTEGER NOT NULL,
	opened     INTEGER NOT NULL, -- the position of its opening; 0 for a stream that is no account
	owner      TEXT NOT NULL,
	kind       TEXT NOT NULL,
	currency   TEXT NOT NULL,
	external_id TEXT,
	state      TEXT NOT NULL,
	stale_reason   TEXT, -- null, as the next three, unless the account is quarantined
	stale_position INTEGER,
	stale_version  INTEGER,
	stale_since    INTEGER
) STRICT;
CREATE INDEX accounts_by_opening ON accounts (opened) WHERE opened > 0;
CREATE INDEX accounts_by_owner ON accounts (owner, opened) WHERE opened > 0;
CREATE INDEX accounts_by_kind ON accounts (kind, opened) WHERE opened > 0;
CREATE INDEX accounts_by_currency ON accounts (currency, opened) WHERE opened > 0;
CREATE INDEX accounts_by_external_id ON accounts (external_id) WHERE external_id IS NOT NULL;

CREATE TABLE history (
	account       INTEGER NOT NULL REFERENCES accounts (number),
	version       INTEGER NOT NULL,
	position      INTEGER NOT NULL,
	type          TEXT NOT NULL,
	credit        INTEGER NOT NULL, -- 1 or 0
	currency      TEXT NOT NULL,
	amount        INTEGER NOT NULL, -- minor units
	balance_after INTEGER NOT NULL,
	occurred_at   INTEGER NOT NULL, -- times are microseconds since 1970, UTC
	effective_at  INTEGER,          -- null where it is occurred_at
	caller        TEXT NOT NULL,
	reference     TEXT,
	memo          TEXT,
	external_id   TEXT,
	counterparty  TEXT,
	transfer      TEXT,
	more          TEXT,             -- JSON of what is rare
	PRIMARY KEY (account, version)
) STRICT, WITHOUT ROWID;
-- A rare type in a long history is found without reading all of it.
CREATE INDEX history_by_type ON history (account, type, version);
CREATE INDEX history_by_transfer ON history (account, transfer, version) WHERE transfer IS NOT NULL;
CREATE INDEX history_by_external_id ON history (account, external_id, version) WHERE external_id IS NOT NULL;
CREATE INDEX history_by_reference ON history (account, reference, version) WHERE reference IS NOT NULL;
CREATE INDEX history_by_counterparty ON history (account, counterparty, version) WHERE counterparty IS NOT NULL;

CREATE TABLE links (
	key      TEXT NOT NULL,
	position INTEGER NOT NULL,
	account  INTEGER NOT NULL,
	record   TEXT NOT NULL, -- JSON
	PRIMARY KEY (key, position)
) STRICT;
CREATE INDEX links_by_account ON links (account);

-- Accounts and trial balances as they were, for looking back.
CREATE TABLE states (
	account    INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	changed_at INTEGER NOT NULL,
	position   INTEGER NOT NULL,
	state      TEXT NOT NULL,
	PRIMARY KEY (account, version)
) STRICT;
CREATE INDEX states_by_time ON states (account, changed_at, version);

CREATE TABLE trials (
	position INTEGER PRIMARY KEY,
	at       INTEGER NOT NULL,
	trial    TEXT NOT NULL
) STRICT;
CREATE INDEX trials_by_time ON trials (at, position);
`
