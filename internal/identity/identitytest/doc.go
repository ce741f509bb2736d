// Package identitytest has the callers of tests: principals without a proof, and
// an issuer whose tokens are verified as those of a real one. Nothing but tests
// and the simulation may import it.
package identitytest
