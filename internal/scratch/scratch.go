package scratch

import (
	"fmt"
	"os"
)

// Make makes an empty folder, which the caller removes.
func Make(name string) (string, error) {
	folder, err := os.MkdirTemp("", "corebank-"+name+"-")
	if err != nil {
		return "", fmt.Errorf("make a temporary folder: %w; set TMPDIR to a folder that can be written", err)
	}
	return folder, nil
}
