package actor

// KeysKept bounds the idempotency keys of an account in memory.
const KeysKept = keysKept

// Keep bounds the accounts in memory.
func (h *Host) LimitAccounts(limit int) { h.limitAccounts(limit) }
