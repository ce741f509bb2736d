package chart

import (
	"bufio"
	"bytes"
	"strings"
)

func newBuffer(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }

func withoutComments(document []byte) []byte {
	var rest [][]byte
	for line := range bytes.Lines(document) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) && !bytes.Equal(bytes.TrimSpace(line), []byte("---")) {
			rest = append(rest, line)
		}
	}
	return bytes.Join(rest, nil)
}
