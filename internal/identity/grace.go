package identity

import "time"

// Grace is how long a token is accepted after its end, because clocks differ. It
// is the same for a request and for how long a stream or a websocket goes on.
const Grace = 5 * time.Second

// Ends is when what the principal has open ends; ok is false for never.
func (p Principal) Ends() (at time.Time, ok bool) {
	return p.Expires.Add(Grace), !p.Expires.IsZero()
}
