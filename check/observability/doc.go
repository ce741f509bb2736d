// Package observability checks the dashboards and the alert rules of the folder of the same name: every query asks for
// metrics that the apps have, and every alert fires in the state that it is about.
package observability
