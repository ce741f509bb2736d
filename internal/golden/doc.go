// Package golden compares what a test makes with the file that is committed, and writes that file when go generate
// runs the test: one mechanism for every golden file and every page that is derived from the code. A package that has
// such files has a line like this in the test that checks them:
//
//	//go:generate env GENERATE=1 go test -count=1 -run TestTheReferenceIsOfToday .
package golden
