// Package must ends a check at the first step that fails, as testing.T does. A
// scenario or a fault is a script of many steps, and what to do when one of them
// fails is always the same. A function that uses it begins with
//
//	defer must.Catch(&err)
//
// and returns the failure like any other error. It imports nothing of ours.
package must
