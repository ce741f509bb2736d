package bank

// Command is one thing that a caller asks of an account. The set is closed:
// OpenAccount, Deposit, Withdraw.
type Command interface{ isCommand() }

// OpenAccount asks for a new account in one currency.
type OpenAccount struct {
	Owner    string   `json:"owner"`
	Currency Currency `json:"currency"`
}

// Deposit asks to pay cash into the account.
type Deposit struct {
	Amount    Money  `json:"amount"`
	Reference string `json:"reference,omitempty"`
	Memo      string `json:"memo,omitempty"`
}

// Withdraw asks to pay cash out of the account.
type Withdraw struct {
	Amount    Money  `json:"amount"`
	Reference string `json:"reference,omitempty"`
	Memo      string `json:"memo,omitempty"`
}

func (OpenAccount) isCommand() {}
func (Deposit) isCommand()     {}
func (Withdraw) isCommand()    {}

// Bounds of the texts in a command, in characters.
const (
	MaxOwnerLength     = 140
	MaxReferenceLength = 140
	MaxMemoLength      = 500
	MaxKeyLength       = 128
)
