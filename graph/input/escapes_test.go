package input_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"corebank/graph/input"
)

func TestEscapes(t *testing.T) {
	for written, want := range map[string]string{
		`"plain"`:                            "plain",
		`"\u00e9\u0041"`:                     "éA",
		`"\ud83d\ude00"`:                     "😀",
		`"\uD83D\uDE01 and \ud83d\ude02"`:    "😁 and 😂",
		`"\u{1F600}"`:                        "😀",
		`"\u{000041}\u{e9}\u{22}\u{5c}"`:     `Aé"\`,
		`"a \\ud800 and \"\u{1f603}\""`:      `a \ud800 and "😃"`,
		`"\\\ud83d\ude00"`:                   `\😀`,
		`"""\ud800 \u{1F600} \""" \ude00"""`: `\ud800 \u{1F600} """ \ude00`,
		`"" # \ud800 " \u{1F600}`:            "",
		`"\ud83d\ude00" # "`:                 "😀",
	} {
		for _, before := range []string{
			"{ f(a: ", "# it's \"\\ud800\n{ f(b: \"#\\u{41}\", a: ", `{ f(b: """ " \ud800 """, a: `,
		} {
			plain, refused := input.PlainEscapes(before + written + "\n) }")
			if refused != nil {
				t.Errorf("%s%s is refused: %v", before, written, refused)
				continue
			}
			document, err := parser.ParseQuery(&ast.Source{Input: plain})
			if err != nil {
				t.Errorf("%s%s becomes %s: %v", before, written, plain, err)
				continue
			}
			field, _ := document.Operations[0].SelectionSet[0].(*ast.Field)
			if got := field.Arguments.ForName("a").Value.Raw; got != want {
				t.Errorf("%s is read as %q, want %q", written, got, want)
			}
		}
	}
}

func TestHalfAPairIsRefused(t *testing.T) {
	for _, escape := range []string{`\ud800`, `\udc01`, `\uDFFF`, `\ud83d`, `\u{d83d}`, `\u{110000}`, `\u{ffffffff}`} {
		for _, after := range []string{``, `x`, `\n`, `\u0041`, `\ud800`, `\u{de00}`} {
			document := "{\n  f(a: \"é" + escape + after + `")}`
			_, refused := input.PlainEscapes(document)
			if refused == nil || refused.Extensions["code"] != "GRAPHQL_PARSE_FAILED" ||
				!strings.Contains(refused.Message, escape[2:]) {
				t.Errorf("%s is answered with %v", document, refused)
			} else if at := refused.Locations[0]; at.Line != 2 || at.Column != 10 {
				t.Errorf("%s is refused at %+v", document, at)
			}
		}
	}
}

// TestWhatIsNoEscape is left to the parser, byte for byte.
func TestWhatIsNoEscape(t *testing.T) {
	for _, document := range []string{`{ f(a: "\u") }`, `{ f(a: "\u12") }`, `{ f(a: "\u{}") }`, `{ f(a: "\u{12") }`,
		`{ f(a: "\uzzzz") }`, `{ f(a: "\u`, `{ f(a: "\`, `"""\u`, `"\u0041`, "\"\\u0041\n\"", `{ f(a: "\q\u0041") }`} {
		if plain, refused := input.PlainEscapes(document); refused != nil || plain != document {
			t.Errorf("%q becomes %q, %v", document, plain, refused)
		}
	}
}

func FuzzEscapes(f *testing.F) {
	f.Add(`{ f(a: "\ud83d\ude00 \u{41}" """\ud800""") } # "`)
	f.Fuzz(func(t *testing.T, document string) {
		plain, refused := input.PlainEscapes(document)
		if refused != nil {
			return
		}
		if again, refused := input.PlainEscapes(plain); refused != nil || again != plain {
			t.Fatalf("%q becomes %q and then %q, %v", document, plain, again, refused)
		}
	})
}
