package guard

import "time"

// Limits bounds one request. The zero value of a field stands for its default.
type Limits struct {
	Body           int           // bytes of an HTTP body
	AnonymousBody  int           // bytes of one without a token
	Bodies         int           // bytes of all bodies in memory
	BodiesEach     int           // bytes of those of one caller
	BodyTime       time.Duration // to send it
	Document       int           // bytes of a query document
	Tokens         int           // of a document
	Name           int           // bytes of a name in a document
	Operations     int           // in a document
	Depth          int           // of nested fields, with fragments expanded
	Fields         int           // as written
	Repeats        int           // fields that are repeated beside themselves
	Spread         int           // fields with all fragments expanded
	RootFields     int           // of a query
	MutationFields int           // at the root of a mutation
	Aliases        int
	Directives     int
	Fragments      int
	Variables      int           // of an operation or a request
	VariableValues int           // including nested ones
	VariableBytes  int           // of their names and strings
	VariableDepth  int           // of lists and objects
	Cost           int           // points of an operation
	Errors         int           // in one answer
	RequestErrors  int           // in an answer that refuses the whole request
	Message        int           // bytes of one error's message
	QueryTime      time.Duration // to answer a query
	MutationTime   time.Duration // to answer a mutation
	WriteTime      time.Duration // for a client to read the answer
}

// DefaultLimits leave enough room for programs and people, and little for abuse.
func DefaultLimits() Limits {
	return Limits{
		Body: 1 << 20, AnonymousBody: 16 << 10, Bodies: 64 << 20, BodiesEach: 8 << 20, BodyTime: 10 * time.Second,
		Document: 100 << 10, Tokens: 2000, Name: 128, Operations: 20,
		Depth: 20, Fields: 500, Repeats: 30, Spread: 2000, RootFields: 20,
		// One operation moves money by one command; postBatch takes many.
		MutationFields: 1,
		Aliases:        30, Directives: 50, Fragments: 30,
		Variables: 50, VariableValues: 5000, VariableBytes: 512 << 10, VariableDepth: 12,
		Cost: 20_000, Errors: 100, RequestErrors: 10, Message: 400,
		// A query may wait ten seconds for a version. A mutation may wait twelve
		// seconds for its actor, and then ten for the end of its transfer.
		QueryTime: 20 * time.Second, MutationTime: 30 * time.Second, WriteTime: time.Minute,
	}
}

// orDefault sets the fields that are zero.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, n := range []struct{ is, or *int }{
		{&l.Body, &d.Body}, {&l.AnonymousBody, &d.AnonymousBody}, {&l.Bodies, &d.Bodies}, {&l.BodiesEach, &d.BodiesEach},
		{&l.Document, &d.Document}, {&l.Tokens, &d.Tokens}, {&l.Operations, &d.Operations},
		{&l.Name, &d.Name}, {&l.Depth, &d.Depth}, {&l.Fields, &d.Fields}, {&l.Repeats, &d.Repeats}, {&l.Spread, &d.Spread},
		{&l.RootFields, &d.RootFields},
		{&l.MutationFields, &d.MutationFields}, {&l.Aliases, &d.Aliases}, {&l.Directives, &d.Directives},
		{&l.Fragments, &d.Fragments}, {&l.Variables, &d.Variables}, {&l.VariableValues, &d.VariableValues},
		{&l.VariableBytes, &d.VariableBytes}, {&l.VariableDepth, &d.VariableDepth}, {&l.Cost, &d.Cost},
		{&l.Errors, &d.Errors}, {&l.RequestErrors, &d.RequestErrors}, {&l.Message, &d.Message},
	} {
		if *n.is <= 0 {
			*n.is = *n.or
		}
	}
	for _, n := range []struct{ is, or *time.Duration }{
		{&l.BodyTime, &d.BodyTime}, {&l.QueryTime, &d.QueryTime},
		{&l.MutationTime, &d.MutationTime}, {&l.WriteTime, &d.WriteTime},
	} {
		if *n.is <= 0 {
			*n.is = *n.or
		}
	}
	return l
}
