// Package logtest is the conformance suite of the event log: what every storage.Log promises, alone and under a
// Writer. It may import eventsource, storage, contract and bank.
package logtest
