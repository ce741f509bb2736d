package contract

import (
	"fmt"
	"reflect"
)

// ShapesEver are the shapes in which events were ever stored, as
// "account-opened.v1".
func ShapesEver() []string {
	var names []string
	for name := range eventShapes {
		names = append(names, fmt.Sprintf("%s.v%d", name.Type, name.Schema))
	}
	return names
}

// ShapesToday are those in which they are stored now.
func ShapesToday() map[reflect.Type]string {
	names := make(map[reflect.Type]string)
	for event, name := range storedAs {
		names[event] = fmt.Sprintf("%s.v%d", name.Type, name.Schema)
	}
	return names
}

// CommandTypes are the commands that have a name on the wire.
func CommandTypes() map[string]reflect.Type {
	types := make(map[string]reflect.Type)
	for name, kind := range commandTypes {
		types[name] = kind.Type
	}
	return types
}
