// Package tracingtest shows tests the spans that the apps export.
package tracingtest
