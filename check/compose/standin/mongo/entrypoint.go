package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// The user of the official image.
const mongodbUser, mongodbGroup = 999, 999

const dataFolder = "/data/db"

// runEntrypoint gives the data to the user mongodb, becomes that user, and runs the
// command. It needs the capabilities that the official image needs for the same.
func runEntrypoint(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("want a command")
	}
	if os.Getuid() == 0 {
		if err := filepath.WalkDir(dataFolder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, mongodbUser, mongodbGroup)
		}); err != nil {
			return err
		}
		if err := syscall.Setgroups([]int{mongodbGroup}); err != nil {
			return err
		}
		if err := syscall.Setgid(mongodbGroup); err != nil {
			return err
		}
		if err := syscall.Setuid(mongodbUser); err != nil {
			return err
		}
	}
	program, err := exec.LookPath(arguments[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, arguments, os.Environ())
}
