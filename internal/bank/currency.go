package bank

import "slices"

// Currency is an ISO 4217 alphabetic code in capitals, such as "EUR".
type Currency string

// Exponent is the number of decimals of the currency's minor unit (0, 2, 3 or
// 4), and whether the code is or was an ISO 4217 currency at all.
func (c Currency) Exponent() (int, bool) {
	if exponent, active := c.in(currencies); active {
		return exponent, true
	}
	return c.in(retired)
}

// Active reports whether a new account can be opened in the currency.
func (c Currency) Active() bool {
	_, active := c.in(currencies)
	return active
}

func (c Currency) in(table map[int][]Currency) (exponent int, found bool) {
	if len(c) != 3 {
		return 0, false
	}
	for exponent, codes := range table {
		if _, found := slices.BinarySearch(codes, c); found {
			return exponent, true
		}
	}
	return 0, false
}

// retired lists codes that ISO 4217 has withdrawn. Accounts that have one keep
// it: their money moves as ever, but no new account is opened in it. A code that
// leaves currencies comes here and stays.
var retired = map[int][]Currency{
	0: {"BYR"},
	2: {
		"ANG", "BGN", "CUC", "EEK", "HRK", "LTL", "LVL", "MRO", "SLL", "STD",
		"VEF", "ZMK", "ZWL",
	},
}

// currencies lists the active currencies of ISO 4217 (list one) by the
// decimals of their minor unit, each list sorted. Codes without a minor unit
// (metals, testing, no currency) are not money that an account can hold.
var currencies = map[int][]Currency{
	0: {
		"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
		"UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
	},
	2: {
		"AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM",
		"BBD", "BDT", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP",
		"BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU",
		"CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB",
		"EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD",
		"HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
		"KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
		"MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
		"MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
		"NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD",
		"RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS",
		"SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
		"TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED",
		"VES", "WST", "XAD", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
	},
	3: {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"},
	4: {"CLF", "UYW"},
}
