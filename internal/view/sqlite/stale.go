package sqlite

import (
	"database/sql"
	"time"

	"corebank/internal/view"
)

// staleColumns are the columns of a view.Stale: null where the account is not
// quarantined.
type staleColumns struct {
	reason                   sql.NullString
	position, version, since sql.NullInt64
}

func columnsOf(s view.Stale) staleColumns {
	if s == (view.Stale{}) {
		return staleColumns{}
	}
	number := func(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }
	return staleColumns{reason: sql.NullString{String: s.Reason, Valid: true},
		position: number(s.Position), version: number(s.Version), since: number(s.Since.UnixMicro())}
}

func (c staleColumns) value() view.Stale {
	if !c.position.Valid {
		return view.Stale{}
	}
	return view.Stale{Reason: c.reason.String, Position: c.position.Int64, Version: c.version.Int64,
		Since: time.UnixMicro(c.since.Int64).UTC()}
}
