//go:build !linux

package livebank

import "syscall"

var attributes *syscall.SysProcAttr
