package demo

import "corebank/server/graphiql"

// cast is who the story is about.
type cast struct {
	ada, adaSavings, adaPounds, charles, alan, emmy, emmySavings, srinivasa account
	luca, lucaSavings, hedy, grace, katherine, katherineSavings             account
	joan, seki, muhammad                                                    account
	engines, homes, books, harbour                                          account
}

// months are those of the story. Their names are fixed, so that the same requests
// are made each time.
var months = []struct{ number, name string }{
	{"2026-01", "January 2026"}, {"2026-02", "February 2026"}, {"2026-03", "March 2026"},
}

// tell tells the story. A request that is added later needs a key of its own; those
// that are here keep theirs, for the banks that have them already.
func tell(c *clerk) {
	all := c.openAll()
	all.begin(c)
	for _, month := range months {
		all.work(c, month.number, month.name)
		all.spend(c, month.number, month.name)
	}
	all.happen(c)
}

func (c *clerk) openAll() (all cast) {
	all.engines = c.company("engines", "Analytical Engines Ltd", "EUR", "Dublin")
	all.homes = c.company("homes", "Old Town Homes", "EUR", "Dublin")
	all.books = c.company("books", "Corner Books", "EUR", "Florence")
	all.harbour = c.company("harbour", "Harbour Computing Inc", "USD", "New York")
	all.ada = c.openExample("Ada Lovelace", "EUR")
	all.charles = c.person("Charles Babbage", "EUR", "Dublin")
	all.alan = c.person("Alan Turing", "EUR", "Dublin")
	all.emmy = c.person("Emmy Noether", "EUR", "Dublin")
	all.srinivasa = c.person("Srinivasa Ramanujan", "EUR", "Dublin")
	all.luca = c.person("Luca Pacioli", "EUR", "Florence")
	all.hedy = c.person("Hedy Lamarr", "EUR", "Florence")
	all.grace = c.person("Grace Hopper", "USD", "New York")
	all.katherine = c.person("Katherine Johnson", "USD", "New York")
	all.joan = c.person("Joan Clarke", "GBP", "London")
	all.seki = c.person("Seki Takakazu", "JPY", "London")
	all.muhammad = c.person("Muhammad al-Khwarizmi", "KWD", "London")
	all.adaSavings = c.open(opening{"ada-savings", "Ada Lovelace", "A flying machine", "SAVINGS", "EUR", "Dublin"})
	all.adaPounds = c.open(opening{"ada-pounds", "Ada Lovelace", "London", "CURRENT", "GBP", "London"})
	all.emmySavings = c.open(opening{"emmy-savings", "Emmy Noether", "Savings", "SAVINGS", "EUR", "Dublin"})
	all.lucaSavings = c.open(opening{"luca-savings", "Luca Pacioli", "Printing press", "SAVINGS", "EUR", "Florence"})
	all.katherineSavings = c.open(opening{"katherine-savings", "Katherine Johnson", "To the Moon", "SAVINGS", "USD",
		"New York"})
	return all
}

// openExample opens the account of GraphiQL's examples, exactly as the first of them
// does: who runs it in a demo gets this account.
func (c *clerk) openExample(owner, currency string) account {
	answer := c.request("openAccount", graphiql.DemoKey, map[string]any{"owner": owner, "currency": currency})
	c.result.People++
	c.result.Accounts++
	a := account{answer.Account.AccountID, currency}
	c.do("updateAccount", "name", a.on(map[string]any{"name": "Everyday"}))
	return a
}

func (all cast) begin(c *clerk) {
	c.deposit(all.engines, "60000.00", "CAPITAL", "Shares of the founders")
	c.deposit(all.homes, "5000.00", "CAPITAL", "Shares of the founders")
	c.deposit(all.books, "1200.00", "CAPITAL", "Savings of a lifetime")
	c.deposit(all.harbour, "50000.00", "CAPITAL", "Shares of the founders")
	for _, a := range []account{all.ada, all.charles, all.alan, all.emmy, all.srinivasa, all.luca, all.hedy} {
		c.deposit(a, "500.00", "FIRST-DEPOSIT", "Cash at the counter")
	}
	c.deposit(all.adaPounds, "320.00", "FIRST-DEPOSIT", "Cash at the counter")
	c.deposit(all.emmySavings, "250.00", "FIRST-DEPOSIT", "Cash at the counter")
}

// work is what a month brings in.
func (all cast) work(c *clerk, month, name string) {
	sales, salary, memo := "SALES-"+month, "SALARY-"+month, "Salary of "+name
	c.deposit(all.engines, "21500.00", sales, "Engines sold in "+name)
	c.deposit(all.harbour, "18250.00", sales, "Compilers sold in "+name)
	for _, paid := range []struct {
		to            account
		value, suffix string
	}{
		{all.ada, "4200.00", "-ADA"}, {all.charles, "3900.00", "-CHARLES"}, {all.alan, "3650.00", "-ALAN"},
		{all.emmy, "4100.00", "-EMMY"}, {all.srinivasa, "3300.00", "-SRINIVASA"},
	} {
		c.transfer(all.engines, paid.to, paid.value, salary+paid.suffix, memo)
	}
	c.transfer(all.harbour, all.grace, "5200.00", salary+"-GRACE", memo)
	c.transfer(all.harbour, all.katherine, "5400.00", salary+"-KATHERINE", memo)
	c.deposit(all.luca, "2950.00", "FEES-"+month, "Books kept in "+name)
	c.deposit(all.hedy, "6100.00", "ROYALTIES-"+month, "Royalties of "+name)
	c.deposit(all.joan, "2800.00", salary, memo)
	c.deposit(all.seki, "420000", salary, memo)
	c.deposit(all.muhammad, "950.250", salary, memo)
}

// spend is what a month costs.
func (all cast) spend(c *clerk, month, name string) {
	rent, memo := "RENT-"+month, "Rent for "+name
	for _, pays := range []struct {
		from  account
		value string
	}{
		{all.charles, "1100.00"}, {all.alan, "950.00"}, {all.emmy, "1050.00"}, {all.srinivasa, "800.00"},
		{all.hedy, "1400.00"},
	} {
		c.transfer(pays.from, all.homes, pays.value, rent, memo)
	}
	c.transfer(all.ada, all.adaSavings, "600.00", "SAVE-"+month, "For the flying machine")
	c.transfer(all.luca, all.lucaSavings, "350.00", "SAVE-"+month, "For the printing press")
	c.transfer(all.katherine, all.katherineSavings, "900.00", "SAVE-"+month, "For the Moon")
	c.transfer(all.luca, all.books, "45.50", "BOOKS-"+month, "On proportion")
	c.card(all.ada, "90.00", "84.35", "GROCERIES-"+month, "Market hall")
	c.card(all.charles, "60.00", "52.10", "GROCERIES-"+month, "Market hall")
	c.card(all.grace, "120.00", "118.75", "GROCERIES-"+month, "Harbour stores")
	c.withdraw(all.ada, "100.00", "CASH-"+month, "Cash machine")
	c.withdraw(all.emmy, "60.00", "CASH-"+month, "Cash machine")
	c.withdraw(all.joan, "80.00", "CASH-"+month, "Cash machine")
	c.withdraw(all.seki, "30000", "CASH-"+month, "Cash machine")
	c.withdraw(all.muhammad, "75.500", "CASH-"+month, "Cash machine")
}

// happen is what is not the same each month.
func (all cast) happen(c *clerk) {
	books := c.transfer(all.hedy, all.books, "59.90", "ORDER-4711", "Three books")
	c.reverse(books, all.hedy, "20.00", "refund-4711", "One of the three books came back damaged")
	cash := c.withdraw(all.charles, "40.00", "CASH-EMPTY", "Cash machine")
	c.reverse(cash, all.charles, "40.00", "cash-empty-back", "The machine gave no notes")

	c.do("postTransaction", "dinner", map[string]any{"legs": []map[string]any{
		all.ada.leg("DEBIT", "31.50", "Her part of the dinner"),
		all.charles.leg("DEBIT", "28.00", "His part of the dinner"),
		all.emmy.leg("DEBIT", "30.50", "Her part of the dinner"),
		all.luca.leg("CREDIT", "90.00", "Dinner for four, which he paid"),
	}})

	c.hold(all.grace, "180.00", "HOTEL-HARBOUR", "Two nights")
	fuel := c.hold(all.ada, "50.00", "FUEL", "At the pump")
	c.do("adjustHold", "fuel-raised", map[string]any{"holdId": fuel, "amount": all.ada.amount("75.00")})
	bicycle := c.hold(all.luca, "30.00", "BICYCLE", "Deposit for a bicycle")
	c.do("releaseHold", "bicycle-back", map[string]any{"holdId": bicycle, "reason": "The bicycle is back"})

	c.do("setLimits", "limits", all.charles.on(map[string]any{"overdraft": all.charles.amount("500.00"),
		"debitPerTransaction": all.charles.amount("1500.00"), "debitPerDay": all.charles.amount("2500.00")}))
	c.do("freezeAccount", "freeze", all.alan.on(map[string]any{"scope": "DEBITS", "reason": "The card was stolen"}))
	c.transfer(all.emmySavings, all.emmy, "250.00", "ALL-OF-IT", "Before the account is closed")
	c.do("closeAccount", "close", all.emmySavings.on(map[string]any{"reason": "She keeps her savings elsewhere"}))
}
