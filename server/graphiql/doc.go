// Package graphiql serves the page on which a person tries the bank: GraphiQL
// with a working example of every operation in its tabs.
//
// Everything that the page loads is embedded here. It makes no request to any
// other host, and a content security policy enforces that. Tokens typed into the
// headers editor are never stored.
//
// It imports package asset and the standard library. build/ builds the assets;
// see the README there.
package graphiql
