package localbank

import (
	"strings"
	"testing"

	"corebank/localbank/sidecars"
)

func TestABuildIsShown(t *testing.T) {
	var out buffer
	d := newBuildOutput(&out)
	d.report(sidecars.Progress{Step: "downloading"})
	d.report(sidecars.Progress{Step: "downloading", Done: 1, Item: "example.com/a v1.0.0"})
	d.report(sidecars.Progress{Step: "compiling", Done: 7, Total: 900, Item: "example.com/a/b"})
	d.close()
	text := out.String()
	for _, want := range []string{"Dapr 1.18 is not installed", "downloading\n",
		"compiling package 7 of at most 900: example.com/a/b\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "a v1.0.0") {
		t.Errorf("without a terminal, every module gets a line:\n%s", text)
	}
}
