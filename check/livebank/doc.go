// Package livebank runs a whole bank as `corebank up` does, from outside of its
// processes: it starts, stops and kills it, finds its parts and reads what the
// system knows of them. What only /proc knows is empty where there is none.
//
// It may import localbank, the apps' clients and must; no other check.
package livebank
