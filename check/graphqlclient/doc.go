// Package graphqlclient speaks GraphQL with the bank as any client does, over
// HTTP and over websockets. It imports nothing of ours.
package graphqlclient
