// Package graphiql serves the page on which a person tries the bank: GraphiQL
// with a working example of every operation in its tabs.
//
// It promises that the page is whole: everything it loads is embedded here, it
// asks no other host for anything, and a content security policy holds it to
// that. Tokens typed into the headers editor are never stored.
//
// It imports package asset and the standard library. The assets are built by build/, see
// the README there.
package graphiql
