package bank_test

import (
	"strings"
	"testing"

	"corebank/internal/bank"
)

// In names, which are compared, two that look alike must be one. In words for people, joiners are a part of the
// character before them.
var textCases = []struct {
	about, text string
	name, words string // why it is refused; "" if it is not
}{
	{"letters of any script", "Ada Зоя 王 نور अदिति ✓ 😀", "", ""},
	{"spaces around it, which count", " Ada ", "", ""},
	{"a Unicode character that is not assigned yet", "a\U0003FFF0", "", ""},
	{"a character for private use", "a\ue000", "", ""},
	{"the sign before a number in Arabic", "\u0600\u0661", "", ""},
	{"one space", " ", "blank", "blank"},
	{"spaces of all widths", "\u00a0\u2003\u3000\u202f", "blank", "blank"},
	{"a Braille cell without dots", "\u2800", "blank", "blank"},
	{"nothing but an accent", "\u0301", "blank", "blank"},
	{"a space of no width", "a\u200bb", "U+200B", "U+200B"},
	{"nothing else", "\u200b", "U+200B", "U+200B"},
	{"a byte order mark", "\ufeffAda", "U+FEFF", "U+FEFF"},
	{"a soft hyphen", "pay\u00adment", "U+00AD", "U+00AD"},
	{"a word joiner", "a\u2060b", "U+2060", "U+2060"},
	{"a Hangul filler", "\u3164", "U+3164", "U+3164"},
	{"a mark that turns the direction", "a\u200eb", "U+200E", "U+200E"},
	{"an override of the direction", "a\u202eb", "control characters", "control characters"},
	{"a separator of lines", "a\u2028b", "U+2028", "U+2028"},
	{"a tag that stands alone", "\U000e0041", "U+E0041", "U+E0041"},
	{"a non-character", "Ada\ufffe", "U+FFFE", "U+FFFE"},
	{"another", "Ada\ufdd0", "U+FDD0", "U+FDD0"},
	{"the last of a plane", "Ada\U0001ffff", "U+1FFFF", "U+1FFFF"},
	{"what stands for a lost character", "pay-\ufffd", "U+FFFD", "U+FFFD"},
	{"a Persian name with its joiner", "علی\u200cرضا", "U+200C", ""},
	{"a heart in colour", "❤\ufe0f", "U+FE0F", ""},
	{"a family", "👩\u200d👧", "U+200D", ""},
	{"a flag of tags", "🏴\U000e0067\U000e0062\U000e007f", "U+E0067", ""},
	{"a joiner that joins nothing", "\u200dAda", "U+200D", "U+200D"},
	{"a joiner after a space", "Ada \u200dL", "U+200D", "U+200D"},
	{"an accent of its own", "Ade\u0301le", "NFC", ""},
	{"the Kelvin sign", "4 \u212a", "NFC", ""},
}

// textFields are all texts that a command can have, and where they are; names are compared.
var textFields = []struct {
	field   string
	name    bool
	command func(text string) (bank.Command, string)
}{
	{"idempotencyKey", true, func(s string) (bank.Command, string) { return bank.Deposit{Amount: eur(1)}, s }},
	{"owner", true, func(s string) (bank.Command, string) { return bank.OpenAccount{Owner: s, Currency: "EUR"}, "k" }},
	{"name", false, func(s string) (bank.Command, string) {
		return bank.OpenAccount{Owner: "ada", Name: s, Currency: "EUR"}, "k"
	}},
	{"externalId", true, func(s string) (bank.Command, string) {
		return bank.OpenAccount{Owner: "ada", ExternalID: s, Currency: "EUR"}, "k"
	}},
	{"metadata.key", true, func(s string) (bank.Command, string) {
		return bank.OpenAccount{Owner: "ada", Metadata: map[string]string{s: "v"}, Currency: "EUR"}, "k"
	}},
	{"metadata.value", false, func(s string) (bank.Command, string) {
		return bank.UpdateAccount{Metadata: &map[string]string{"k": s}}, "k"
	}},
	{"name", false, func(s string) (bank.Command, string) { return bank.UpdateAccount{Name: &s}, "k" }},
	{"reason", false, func(s string) (bank.Command, string) { return bank.CloseAccount{Reason: s}, "k" }},
	{"reason", false, func(s string) (bank.Command, string) { return bank.FreezeAccount{Debits: true, Reason: s}, "k" }},
	{"reason", false, func(s string) (bank.Command, string) { return bank.UnfreezeAccount{Reason: s}, "k" }},
	{"reason", false, func(s string) (bank.Command, string) { return bank.Reverse{Transaction: 2, Reason: s}, "k" }},
	{"reason", false, func(s string) (bank.Command, string) { return bank.ReleaseHold{Hold: 2, Reason: s}, "k" }},
	{"reference", true, func(s string) (bank.Command, string) {
		return bank.Withdraw{Amount: eur(1), Details: bank.Details{Reference: s}}, "k"
	}},
	{"memo", false, func(s string) (bank.Command, string) {
		return bank.SendTransfer{To: grace, Amount: eur(1), Details: bank.Details{Memo: s}}, "k"
	}},
	{"externalId", true, func(s string) (bank.Command, string) {
		return bank.PlaceHold{Amount: eur(1), Details: bank.Details{ExternalID: s}}, "k"
	}},
	{"reference", true, func(s string) (bank.Command, string) {
		return bank.CaptureHold{Hold: 2, Details: bank.Details{Reference: s}}, "k"
	}},
}

func TestTexts(t *testing.T) {
	for _, c := range textCases {
		for _, f := range textFields {
			why := c.words
			if f.name {
				why = c.name
			}
			command, key := f.command(c.text)
			broken := bank.CheckNew(command, key)
			if why == "" {
				if len(broken) > 0 {
					t.Errorf("%s in %s of %T: %s", c.about, f.field, command, broken[0].Message)
				}
				continue
			}
			if len(broken) != 1 || broken[0].Code != bank.InputInvalid || broken[0].Field != f.field ||
				!strings.Contains(broken[0].Message, why) {
				t.Errorf("%s in %s of %T is answered with %+v, want %s", c.about, f.field, command, broken, why)
				continue
			}
			checkMessage(t, broken[0].Message)
		}
	}
}

// TestTextsOfEarlierBuilds: a request that was taken once is known again, whatever the rules are by now.
func TestTextsOfEarlierBuilds(t *testing.T) {
	for _, text := range []string{" ", "a\u200bb", "Ada\ufffe", "Ade\u0301le"} {
		for _, f := range textFields {
			command, key := f.command(text)
			if refusal := bank.Check(command); refusal != nil {
				t.Errorf("%q in %s of %T: %s", text, f.field, command, refusal.Message)
			}
			if refusal := bank.CheckKey(key); refusal != nil {
				t.Errorf("the key %q: %s", key, refusal.Message)
			}
		}
	}
}
