package contract

// Origin is what a command comes of, for those who operate the bank: nothing
// depends on it, it is never stored, and apps of earlier builds leave it out.
type Origin struct {
	// Trace is the span that waits for the command, as the header traceparent of the
	// W3C; "" if no one traces.
	Trace string `json:"trace,omitempty"`
	// Request is the id of the request.
	Request string `json:"request,omitempty"`
}

// Traced says that records are what somebody traces: where the first and the last
// of them are, and the span that waits for them, as in Origin.
type Traced struct {
	// First and Last are counted from the first record of an append, and are positions
	// in a batch or a page.
	First int64  `json:"first"`
	Last  int64  `json:"last"`
	Trace string `json:"trace"`
}

// MaxTraced bounds what is traced of an append, a batch or a page. What is beyond
// it is not traced any further.
const MaxTraced = 128
