package guard

import "github.com/vektah/gqlparser/v2/gqlerror"

// checkVariables bounds the variables of a request, including nested values.
func (l Limits) checkVariables(values map[string]any) *gqlerror.Error {
	if n := len(values); n > l.Variables {
		return exceeds("variables", l.Variables, n, "variables", "Send one input object instead.")
	}
	var sum size
	for name, value := range values {
		sum.bytes += len(name)
		sum.add(value, 1, l)
	}
	switch {
	case sum.depth > l.VariableDepth:
		return exceeds("variableDepth", l.VariableDepth, sum.depth, "or more levels in its variables",
			"No input of this API is that deep.")
	case sum.values > l.VariableValues:
		return exceeds("variableValues", l.VariableValues, sum.values, "or more values in its variables",
			"Send less at once.")
	case sum.bytes > l.VariableBytes:
		return exceeds("variableBytes", l.VariableBytes, sum.bytes, "or more bytes in its variables",
			"Send less at once.")
	}
	return nil
}

// size is the size of values.
type size struct{ values, bytes, depth int }

// add counts a value and the values in it, until a limit is exceeded.
func (w *size) add(value any, depth int, l Limits) {
	w.values++
	w.depth = max(w.depth, depth)
	if w.values > l.VariableValues || w.depth > l.VariableDepth || w.bytes > l.VariableBytes {
		return
	}
	switch v := value.(type) {
	case string:
		w.bytes += len(v)
	case []any:
		for _, each := range v {
			w.add(each, depth+1, l)
		}
	case map[string]any:
		for name, each := range v {
			w.bytes += len(name)
			w.add(each, depth+1, l)
		}
	}
}
