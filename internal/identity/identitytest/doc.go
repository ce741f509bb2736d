// Package identitytest is who asks in tests: people that are believed, and an
// issuer whose tokens are verified as those of a real one. Nothing but tests
// and the simulation may import it.
package identitytest
