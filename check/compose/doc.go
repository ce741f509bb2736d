// Package compose runs docker-compose.yml on a Docker engine: it brings the system
// up, pays in, kills each container once under load, recreates each app and its
// sidecar, and compares every acknowledged cent with what the bank says then. It does the
// same with compose.cluster.yaml, whose machines it loses, cuts off and freezes.
//
// The images are the public ones, or stand-ins that are built from Go modules and have
// nothing else in them, for engines that cannot pull. It may import package localbank
// and the clients of check; nothing imports it.
package compose
