package datadir

// ownFilesOnly does nothing: a file has the rights of its folder there.
func ownFilesOnly() {}
