// Package saga drives what begins in one account and ends in another: it takes
// every transfer from its sending to its end, and notes when holds expire.
//
// A Driver follows the log. What has been sent it offers to the receiver, and
// what became of that it tells the sender; each step is a command under a key
// of its own, so that a step happens once however many drivers try it and
// however often. A driver knows nothing that the log does not say: what it
// keeps elsewhere is a cache, and it can die and be replaced at any point.
//
// Nothing here stands in the way of anything else: an account that does not
// answer holds up the transfers with it and no others, and what is too much
// for the memory of a driver is read from the log again later.
//
// The package may import bank, contract, app, follow and seal.
package saga
