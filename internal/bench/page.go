package bench

import "io"

func (r Report) WritePage(out io.Writer) error { return nil }
