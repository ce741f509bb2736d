// Package live answers queries from the views that are live at the moment. The
// stores tell it which those are; it forwards each query to them. It may import
// bank, contract and view.
package live
