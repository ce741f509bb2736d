// Package chart checks the Helm chart in charts/corebank: Helm's own lint, four
// realistic sets of values rendered and compared with golden files, and every object
// decoded strictly into its type of Kubernetes, Dapr or the Prometheus operator. It is a
// module of its own to keep Kubernetes out of corebank's go.mod.
package chart
