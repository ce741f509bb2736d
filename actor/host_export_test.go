package actor

// Keep bounds the accounts in memory.
func (h *Host) Keep(most int) { h.keep(most) }
