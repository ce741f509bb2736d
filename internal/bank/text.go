package bank

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// rules are what a command has to keep, whatever the account. A new request has to keep today's. One that repeats an
// earlier request has to keep those that always held, so that it still gets its first answer.
type rules struct{ today bool }

// words checks a text for people: a name, a memo, a reason.
func (by rules) words(field, text string, minimum, maximum int) *Refusal {
	return by.check(field, text, minimum, maximum, false)
}

// name checks a text that is compared with others: a key, a reference, an owner. Two that look alike would be taken for
// one.
func (by rules) name(field, text string, minimum, maximum int) *Refusal {
	return by.check(field, text, minimum, maximum, true)
}

func (by rules) check(field, text string, minimum, maximum int, compared bool) *Refusal {
	if !utf8.ValidString(text) {
		return refuseInput(field, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(text); n < minimum || n > maximum {
		return refuseInput(field, fmt.Sprintf("must have %d to %d characters, not %d", minimum, maximum, n))
	}
	for _, r := range text {
		if unicode.IsControl(r) || reorders(r) {
			return refuseInput(field, "must not hold control characters")
		}
	}
	if by.today {
		return checkVisible(field, text, compared)
	}
	return nil
}

// reorders reports whether a character has those behind it shown in another
// order: so one text can look like another. Words in scripts that run from
// right to left need none of them.
func reorders(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// checkVisible refuses a text in which a person cannot see what a program sees: one that is blank, has characters that
// are none or are not shown or, if it is compared, comes in another normal form. Texts are stored as they come.
func checkVisible(field, text string, compared bool) *Refusal {
	blank, follows := text != "", false
	for _, r := range text {
		switch {
		case r > ' ' && r < utf8.RuneSelf:
			blank, follows = false, true
		case r == utf8.RuneError:
			return refuseInput(field, "must not hold U+FFFD, which stands for a character that was lost; send it in UTF-8")
		case unicode.Is(unicode.Noncharacter_Code_Point, r):
			return refuseInput(field, fmt.Sprintf("must not hold %U, which is not a character", r))
		case joins(r) && follows && !compared: // a part of the character before it
		case invisible(r):
			return refuseInput(field, fmt.Sprintf("must not hold %U, which cannot be seen", r))
		default:
			follows = !isSpace(r)
			blank = blank && (!follows || unicode.In(r, unicode.Mn, unicode.Me))
		}
	}
	switch {
	case blank:
		return refuseInput(field, "must not be blank")
	case compared && !norm.NFC.IsNormalString(text):
		return refuseInput(field, "must be in Unicode's normal form C (NFC)")
	}
	return nil
}

// joins reports whether an invisible character can be a part of the one before it, as in emoji and in Persian.
func joins(r rune) bool {
	return r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r) || r >= 0xe0020 && r <= 0xe007f
}

// invisible reports whether a character is not shown, or only ends a line.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Zl, unicode.Zp) ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isSpace reports whether a character is shown as nothing but room.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\u2800' } // a Braille cell without dots
