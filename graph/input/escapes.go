package input

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// PlainEscapes is a document with those escapes of its strings replaced that the
// parser does not read, or reads as another character: \u{1f600}, and pairs of
// surrogates such as \ud83d\ude00. It refuses half a pair: all halves would
// become one and the same character.
func PlainEscapes(document string) (string, *gqlerror.Error) {
	if !strings.Contains(document, `\u`) {
		return document, nil
	}
	var plain strings.Builder
	rest := document
	for rest != "" {
		n, inString := token(rest)
		part := rest[:n]
		rest = rest[n:]
		if inString && strings.Contains(part, `\u`) {
			written, escape := plainString(part)
			if escape != "" {
				before := document[:len(document)-len(rest)-n]
				return "", refuseEscape(escape, before+part[:strings.Index(part, escape)])
			}
			part = written
		}
		plain.WriteString(part)
	}
	return plain.String(), nil
}

// token is the length of what stands at the beginning of a document: a string,
// which is not a block, or anything up to the next one.
func token(text string) (n int, inString bool) {
	switch {
	case strings.HasPrefix(text, `"""`):
		for n = 3; n < len(text); n++ {
			if strings.HasPrefix(text[n:], `\"""`) {
				n += 3
			} else if strings.HasPrefix(text[n:], `"""`) {
				return n + 3, false
			}
		}
		return len(text), false
	case text[0] == '"':
		for n = 1; n < len(text) && text[n] != '\n' && text[n] != '\r'; n++ {
			switch text[n] {
			case '\\':
				n++
			case '"':
				return n + 1, true
			}
		}
		return min(n, len(text)), true // it does not end; the parser says so
	case text[0] == '#':
		if n = strings.IndexAny(text, "\r\n"); n < 0 {
			n = len(text)
		}
		return n, false
	}
	if n = strings.IndexAny(text, `"#`); n < 0 {
		n = len(text)
	}
	return n, false
}

// plainString is a string with its escapes replaced, or the escape that is half
// a pair or no character.
func plainString(text string) (plain, refused string) {
	var out strings.Builder
	for text != "" {
		n := strings.IndexByte(text, '\\')
		if n < 0 {
			break
		}
		out.WriteString(text[:n])
		text = text[n:]
		r, n := readEscape(text)
		switch {
		case n == 0: // another escape, or none: two bytes at most belong together
			n = min(2, len(text))
			out.WriteString(text[:n])
		case utf16.IsSurrogate(r):
			low, m := readEscape(text[n:])
			pair := utf16.DecodeRune(r, low)
			if text[2] == '{' || m == 0 || text[n+2] == '{' || pair == utf8.RuneError {
				return "", text[:n]
			}
			n += m
			out.WriteRune(pair)
		case r > utf8.MaxRune:
			return "", text[:n]
		case r < 1<<16:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
		text = text[n:]
	}
	return out.String() + text, ""
}

// readEscape reads \uXXXX or \u{X…} at the beginning of a text; n is 0 for
// anything else.
func readEscape(text string) (r rune, n int) {
	if !strings.HasPrefix(text, `\u`) {
		return 0, 0
	}
	digits := text[2:min(6, len(text))]
	if n = 6; strings.HasPrefix(digits, "{") {
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return 0, 0
		}
		digits, n = text[3:end], end+1
	} else if len(digits) < 4 {
		return 0, 0
	}
	code, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return 0, 0 // the parser says what is wrong with it
	}
	return rune(min(code, utf8.MaxRune+1)), n
}

// refuseEscape is the error of the parser for an escape that stands behind a
// part of the document.
func refuseEscape(escape, before string) *gqlerror.Error {
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	err := &gqlerror.Error{Message: fmt.Sprintf("Invalid Unicode escape sequence: %.20q is not a character; "+
		"half of a surrogate pair is none.", escape), Locations: []gqlerror.Location{{Line: line, Column: column}}}
	errcode.Set(err, errcode.ParseFailed)
	return err
}
