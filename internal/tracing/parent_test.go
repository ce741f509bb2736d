package tracing

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

// TestAParentIsTheHeaderTraceparent in both directions.
func TestAParentIsTheHeaderTraceparent(t *testing.T) {
	const plain = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	const unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	for text, want := range map[string]string{
		plain:     plain,
		unsampled: unsampled,
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-later": plain,
		"":                         "",
		"00":                       "",
		plain + "-more":            "",
		plain + "0":                "",
		strings.ToUpper(plain):     "",
		"ff" + plain[2:]:           "",
		"00_" + plain[3:]:          "",
		plain[:len(plain)-1] + "x": "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01": "",
	} {
		c, ok := parseParent(text)
		got := ""
		if ok {
			got = formatParent(c)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func FuzzParent(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseParent(text)
		if !ok {
			return
		}
		again, ok := parseParent(formatParent(c))
		if !ok || !again.Equal(c) || !c.IsValid() || c.TraceFlags()&^trace.FlagsSampled != 0 {
			t.Errorf("%q is %v, and then %v", text, c, again)
		}
	})
}

// TestAClientMayChooseAPlainRequestID, and nothing that spoils a line of the log.
func TestAClientMayChooseAPlainRequestID(t *testing.T) {
	for id, want := range map[string]bool{
		"9f1c2d3e-0000-4444-8888-abcdefabcdef": true, "Root=1-67891233:a/b+c_d.e": true, NewRequestID(): true,
		"": false, "a b": false, "a\nb": false, "ada@example.com": false, "ä": false, `"`: false,
		strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
	} {
		if got := ValidRequestID(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}
