// Package hosts makes hosts out of network namespaces, for a bank on several machines: each
// has a network of its own, and a router between them drops what one of them is not to
// hear from another.
//
// Namespaces and not relays, because a relay would be another address for each pair of
// machines: immudb, NATS and Dapr tell each other the addresses under which they know the
// third one, and would go around it. In a namespace a machine has one address, and
// everything that leaves it takes the way through the router, which drops packets by sender
// and receiver, so one direction can be cut alone, and no one hears of it. The price is that it
// needs root, or a container with the rights of an administrator.
//
// Enter runs a program in such a host. It can also have each sync of its disk wait: a filter
// of the system's calls (seccomp) asks before it lets fsync and fdatasync begin. That is
// what a slow disk is to a program, whatever it runs on. It takes no rights.
//
// What is made is gone with the process that made it and the programs inside. It needs
// Linux, and imports nothing of ours.
package hosts
