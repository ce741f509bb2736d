package statement_test

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/statement"
)

// camtRule is a rule of camt.053.001.08 about an element: either which children it
// has, in which order, or what its text looks like. A "!" marks a child that has to
// be there, a "*" one that may come more than once. Elements of one name with
// different rules are distinguished by their parents.
type camtRule struct {
	element  string
	kind     string // the type in the definition
	children string
	text     string // a regular expression
	currency bool   // it has the attribute Ccy
}

const (
	isoDateTime = `-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`
	text35      = `.{1,35}`
	text140     = `.{1,140}`
	text500     = `.{1,500}`
)

var camtRules = []camtRule{
	{element: "Document", kind: "Document", children: "BkToCstmrStmt!"},
	{element: "BkToCstmrStmt", kind: "BankToCustomerStatementV08", children: "GrpHdr! Stmt!* SplmtryData*"},
	{element: "GrpHdr", kind: "GroupHeader81", children: "MsgId! CreDtTm! MsgRcpt MsgPgntn OrgnlBizQry AddtlInf"},
	{element: "GrpHdr/MsgId", kind: "Max35Text", text: text35},
	{element: "GrpHdr/CreDtTm", kind: "ISODateTime", text: isoDateTime},
	{element: "Stmt", kind: "AccountStatement9", children: "Id! StmtPgntn ElctrncSeqNb RptgSeq LglSeqNb CreDtTm FrToDt " +
		"CpyDplctInd RptgSrc Acct! RltdAcct Intrst* Bal!* TxsSummry Ntry* AddtlStmtInf"},
	{element: "Stmt/Id", kind: "Max35Text", text: text35},
	{element: "Stmt/CreDtTm", kind: "ISODateTime", text: isoDateTime},
	{element: "FrToDt", kind: "DateTimePeriod1", children: "FrDtTm! ToDtTm!"},
	{element: "FrDtTm", kind: "ISODateTime", text: isoDateTime},
	{element: "ToDtTm", kind: "ISODateTime", text: isoDateTime},
	{element: "Acct", kind: "CashAccount39", children: "Id! Tp Ccy Nm Prxy Ownr Svcr"},
	{element: "Acct/Id", kind: "AccountIdentification4Choice", children: "Othr!"},
	{element: "Othr", kind: "GenericAccountIdentification1", children: "Id! SchmeNm Issr"},
	{element: "Othr/Id", kind: "Max34Text", text: `.{1,34}`},
	{element: "Acct/Ccy", kind: "ActiveOrHistoricCurrencyCode", text: `[A-Z]{3}`},
	{element: "Ownr", kind: "PartyIdentification135", children: "Nm PstlAdr Id CtryOfRes CtctDtls"},
	{element: "Ownr/Nm", kind: "Max140Text", text: text140},
	{element: "Bal", kind: "CashBalance8", children: "Tp! CdtLine* Amt! CdtDbtInd! Dt! Avlbty*"},
	{element: "Tp", kind: "BalanceType13", children: "CdOrPrtry! SubTp"},
	{element: "CdOrPrtry", kind: "BalanceType10Choice", children: "Cd!"},
	{element: "CdOrPrtry/Cd", kind: "ExternalBalanceType1Code", text: `OPBD|CLBD`},
	{element: "Amt", kind: "ActiveOrHistoricCurrencyAndAmount", text: `\d+(\.\d{1,5})?`, currency: true},
	{element: "CdtDbtInd", kind: "CreditDebitCode", text: `CRDT|DBIT`},
	{element: "Bal/Dt", kind: "DateAndDateTime2Choice", children: "Dt!"},
	{element: "Dt/Dt", kind: "ISODate", text: `\d{4}-\d\d-\d\d`},
	{element: "Ntry", kind: "ReportEntry10", children: "NtryRef Amt! CdtDbtInd! RvslInd Sts! BookgDt ValDt AcctSvcrRef " +
		"Avlbty* BkTxCd! ComssnWvrInd AddtlInfInd AmtDtls Chrgs TechInptChanl Intrst CardTx NtryDtls* AddtlNtryInf"},
	{element: "NtryRef", kind: "Max35Text", text: text35},
	{element: "RvslInd", kind: "TrueFalseIndicator", text: `true|false`},
	{element: "Sts", kind: "EntryStatus1Choice", children: "Cd!"},
	{element: "Sts/Cd", kind: "ExternalEntryStatus1Code", text: `BOOK|PDNG|INFO|FUTR`},
	{element: "BookgDt", kind: "DateAndDateTime2Choice", children: "DtTm!"},
	{element: "ValDt", kind: "DateAndDateTime2Choice", children: "DtTm!"},
	{element: "DtTm", kind: "ISODateTime", text: isoDateTime},
	{element: "AcctSvcrRef", kind: "Max35Text", text: text35},
	{element: "BkTxCd", kind: "BankTransactionCodeStructure4", children: "Domn Prtry"},
	{element: "Domn", kind: "BankTransactionCodeStructure5", children: "Cd! Fmly!"},
	{element: "Domn/Cd", kind: "ExternalBankTransactionDomain1Code", text: `[A-Z]{1,4}`},
	{element: "Fmly", kind: "BankTransactionCodeStructure6", children: "Cd! SubFmlyCd!"},
	{element: "Fmly/Cd", kind: "ExternalBankTransactionFamily1Code", text: `[A-Z]{1,4}`},
	{element: "SubFmlyCd", kind: "ExternalBankTransactionSubFamily1Code", text: `[A-Z]{1,4}`},
	{element: "BkTxCd/Prtry", kind: "ProprietaryBankTransactionCodeStructure1", children: "Cd! Issr"},
	{element: "Prtry/Cd", kind: "Max35Text", text: text35},
	{element: "Issr", kind: "Max35Text", text: text35},
	{element: "NtryDtls", kind: "EntryDetails9", children: "Btch TxDtls*"},
	{element: "TxDtls", kind: "EntryTransaction10", children: "Refs Amt CdtDbtInd AmtDtls Avlbty* BkTxCd Chrgs " +
		"Intrst RltdPties RltdAgts LclInstrm Purp RltdRmtInf* RmtInf RltdDts RltdPric RltdQties* FinInstrmId Tax " +
		"RtrInf CorpActn SfkpgAcct CshDpst* CardTx AddtlTxInf SplmtryData*"},
	{element: "Refs", kind: "TransactionReferences6", children: "MsgId AcctSvcrRef PmtInfId InstrId EndToEndId UETR " +
		"TxId MndtId ChqNb ClrSysRef AcctOwnrTxId AcctSvcrTxId MktInfrstrctrTxId PrcgId Prtry*"},
	{element: "EndToEndId", kind: "Max35Text", text: text35},
	{element: "TxId", kind: "Max35Text", text: text35},
	{element: "AcctOwnrTxId", kind: "Max35Text", text: text35},
	{element: "RltdPties", kind: "TransactionParties6", children: "InitgPty Dbtr DbtrAcct UltmtDbtr Cdtr CdtrAcct " +
		"UltmtCdtr TradgPty Prtry*"},
	{element: "DbtrAcct", kind: "CashAccount38", children: "Id! Tp Ccy Nm Prxy"},
	{element: "CdtrAcct", kind: "CashAccount38", children: "Id! Tp Ccy Nm Prxy"},
	{element: "DbtrAcct/Id", kind: "AccountIdentification4Choice", children: "Othr!"},
	{element: "CdtrAcct/Id", kind: "AccountIdentification4Choice", children: "Othr!"},
	{element: "RmtInf", kind: "RemittanceInformation16", children: "Ustrd* Strd*"},
	{element: "Ustrd", kind: "Max140Text", text: text140},
	{element: "AddtlTxInf", kind: "Max500Text", text: text500},
	{element: "AddtlNtryInf", kind: "Max500Text", text: text500},
}

// element is any XML element.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

// each calls a function with every element and the name of its parent.
func (e element) each(parent string, do func(parent string, e element)) {
	do(parent, e)
	for _, child := range e.Children {
		child.each(e.XMLName.Local, do)
	}
}

// ruleOf is the rule of an element; the one that names its parent wins.
func ruleOf(parent, name string) (camtRule, bool) {
	for _, wanted := range []string{parent + "/" + name, name} {
		if i := slices.IndexFunc(camtRules, func(r camtRule) bool { return r.element == wanted }); i >= 0 {
			return camtRules[i], true
		}
	}
	return camtRule{}, false
}

// breaks says how an element breaks a rule; empty if it does not.
func (r camtRule) breaks(e element) string {
	currency := slices.ContainsFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == "Ccy" })
	if currency != r.currency {
		return fmt.Sprintf("it has a currency: %t", currency)
	}
	if r.text != "" {
		if digits := strings.ReplaceAll(e.Text, ".", ""); r.currency && len(digits) > 18 {
			return "more than 18 digits: " + e.Text
		}
		if len(e.Children) > 0 || !regexp.MustCompile(`^(?s:`+r.text+`)$`).MatchString(e.Text) {
			return fmt.Sprintf("%q is not %s", e.Text, r.text)
		}
		return ""
	}
	allowed, at, seen := strings.Fields(r.children), 0, map[string]int{}
	for _, child := range e.Children {
		name := child.XMLName.Local
		for at < len(allowed) && strings.TrimRight(allowed[at], "!*") != name {
			at++
		}
		if at == len(allowed) {
			return name + " is not allowed, or not there"
		}
		if seen[name]++; seen[name] > 1 && !strings.HasSuffix(allowed[at], "*") {
			return name + " comes more than once"
		}
	}
	for _, child := range allowed {
		if name := strings.TrimRight(child, "!*"); strings.Contains(child, "!") && seen[name] == 0 {
			return name + " is missing"
		}
	}
	return ""
}

// broken are copies of an element that break its rule.
func (r camtRule) broken(e element) []element {
	if r.text != "" {
		long := e
		long.Text = strings.Repeat("x", 501)
		empty := e
		empty.Text = ""
		return []element{long, empty}
	}
	var copies []element
	for i, child := range e.Children {
		if strings.Contains(" "+r.children+" ", " "+child.XMLName.Local+"!") && len(e.Children) == 1 {
			without := e
			without.Children = slices.Delete(slices.Clone(e.Children), i, i+1)
			copies = append(copies, without)
		}
	}
	stranger := e
	stranger.Children = append(slices.Clone(e.Children), element{XMLName: xml.Name{Local: "Stranger"}})
	copies = append(copies, stranger)
	if n := len(e.Children); n > 1 && e.Children[0].XMLName != e.Children[n-1].XMLName {
		reversed := e
		reversed.Children = slices.Clone(e.Children)
		slices.Reverse(reversed.Children)
		copies = append(copies, reversed)
	}
	return copies
}

// camtDocuments are statements with texts as short and as long as the bank takes
// them, and with the largest amounts.
func camtDocuments(t *testing.T) []element {
	t.Helper()
	var documents []element
	add := func(frame statement.Statement, lines []statement.Line) {
		text, err := written(statement.Camt053, frame, lines)
		if err != nil {
			t.Fatal(err)
		}
		var document element
		if err := xml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		documents = append(documents, document)
	}
	add(aMonth())
	for _, letter := range []string{"x", "ß", "字", "<", "&", "😀"} {
		frame, lines := aMonth()
		frame.Owner = strings.Repeat(letter, bank.MaxOwnerLength)
		for i := range lines {
			lines[i].Reference = strings.Repeat(letter, bank.MaxReferenceLength)
			lines[i].Memo = strings.Repeat(letter, bank.MaxMemoLength)
			lines[i].Reason = strings.Repeat(letter, bank.MaxReasonLength)
			lines[i].ExternalID = strings.Repeat(letter, 35+i)
		}
		add(frame, lines)
	}
	frame, _ := aMonth()
	frame.Owner, frame.Currency = "", "JPY"
	frame.Opening = bank.Money{Minor: 999_999_999_999_999_999, Currency: "JPY"}
	frame.Closing = frame.Opening
	add(frame, nil)
	return documents
}

func TestCamtFollowsTheRulesOfItsDefinition(t *testing.T) {
	documents := camtDocuments(t)
	for _, document := range documents {
		if document.XMLName.Space != "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08" {
			t.Errorf("namespace %q", document.XMLName.Space)
		}
		document.each("", func(parent string, e element) {
			if _, known := ruleOf(parent, e.XMLName.Local); !known {
				t.Errorf("there is no rule for %s in %s", e.XMLName.Local, parent)
			}
		})
	}
	for _, rule := range camtRules {
		t.Run(strings.ReplaceAll(rule.element, "/", " ")+" "+rule.kind, func(t *testing.T) {
			found := 0
			for _, document := range documents {
				document.each("", func(parent string, e element) {
					if of, known := ruleOf(parent, e.XMLName.Local); !known || of.element != rule.element {
						return
					}
					found++
					if how := rule.breaks(e); how != "" {
						t.Error(how)
					}
					for _, broken := range rule.broken(e) {
						if rule.breaks(broken) == "" {
							t.Fatalf("the rule takes %+v", broken)
						}
					}
				})
			}
			if found == 0 {
				t.Error("no statement has such an element")
			}
		})
	}
}
