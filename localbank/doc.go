// Package localbank runs the whole bank on one machine: `corebank up`.
//
// Run starts each part as a process of its own: Dapr's sentry and placement,
// immudb, NATS, and the four apps with their sidecars. It promises that
// everything listens on the loopback interface only, that a part that dies is
// started again, that a bank started again on the same data directory has every
// account and transaction, and that nothing is left running when Run returns.
//
// The programs that it runs for one server each are packages of their own
// (immudbserver, natsserver), and so are finding or building Dapr (sidecars),
// keeping processes alive (supervisor) and the files (datadir).
//
// It may import the apps and internal packages, and nothing that checks a bank.
package localbank
