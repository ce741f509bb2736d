// Package natsserver runs a NATS JetStream server, which carries the topic, in
// this process.
//
// It promises that the stream of the topic exists while it runs, that each user
// may do only what their app needs, and that Run ends when a write to the disk
// fails. The broker may lose everything that it has: the log has all of it. It
// imports diskfault and internal packages.
package natsserver
