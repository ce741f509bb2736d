package components

import "embed"

// Files are the YAML files.
//
//go:embed *.yaml
var Files embed.FS
