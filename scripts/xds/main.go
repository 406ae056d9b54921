// Writes, as JSON, the messages that istiod can read in a patch of an EnvoyFilter: for each its fields and their types.
//
// Messages: name to fields, each by its JSON name. A field's type is a letter for a scalar, the index of a message or
// enum in the sorted lists, and marks before it for a list or a map. scripts/xds/__init__.py says what they mean.
package main

import (
	"encoding/json"
	"os"
	"sort"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "istio.io/istio/pilot/pkg/config/kube/crd"
	_ "istio.io/istio/pkg/config/validation/envoyfilter"
)

var scalars = map[protoreflect.Kind]string{
	protoreflect.BoolKind: "b", protoreflect.StringKind: "s", protoreflect.BytesKind: "x",
	protoreflect.Int32Kind: "i", protoreflect.Sint32Kind: "i", protoreflect.Sfixed32Kind: "i",
	protoreflect.Int64Kind: "I", protoreflect.Sint64Kind: "I", protoreflect.Sfixed64Kind: "I",
	protoreflect.Uint32Kind: "u", protoreflect.Fixed32Kind: "u",
	protoreflect.Uint64Kind: "U", protoreflect.Fixed64Kind: "U",
	protoreflect.FloatKind: "f", protoreflect.DoubleKind: "f",
}

func main() {
	messages := map[string]protoreflect.MessageDescriptor{}
	enums := map[string]protoreflect.EnumDescriptor{}
	var reach func(protoreflect.MessageDescriptor)
	reach = func(md protoreflect.MessageDescriptor) {
		name := string(md.FullName())
		if messages[name] != nil {
			return
		}
		messages[name] = md
		for i := 0; i < md.Fields().Len(); i++ {
			fd := md.Fields().Get(i)
			if fd.Message() != nil {
				reach(fd.Message())
			}
			if fd.Enum() != nil {
				enums[string(fd.Enum().FullName())] = fd.Enum()
			}
		}
	}
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		name := string(mt.Descriptor().FullName())
		for _, prefix := range []string{"envoy.", "xds.", "udpa.", "istio.envoy.", "google.protobuf.", "io.istio."} {
			if strings.HasPrefix(name, prefix) {
				reach(mt.Descriptor())
			}
		}
		return true
	})
	messageNames, enumNames := sorted(messages), sorted(enums)
	messageIndex, enumIndex := index(messageNames), index(enumNames)
	kind := func(fd protoreflect.FieldDescriptor) string {
		switch {
		case fd.Message() != nil:
			return "m" + strconv.Itoa(messageIndex[string(fd.Message().FullName())])
		case fd.Enum() != nil:
			return "e" + strconv.Itoa(enumIndex[string(fd.Enum().FullName())])
		}
		return scalars[fd.Kind()]
	}
	out := struct {
		Messages [][]any    `json:"messages"`
		Enums    [][]string `json:"enums"`
	}{}
	for _, name := range messageNames {
		fields := map[string]string{}
		for i := 0; i < messages[name].Fields().Len(); i++ {
			fd := messages[name].Fields().Get(i)
			text := kind(fd)
			switch {
			case fd.IsMap():
				text = "{" + kind(fd.MapKey()) + kind(fd.MapValue())
			case fd.IsList():
				text = "[" + text
			}
			switch {
			case fd.ContainingOneof() != nil && !fd.ContainingOneof().IsSynthetic():
				text += "|" + strconv.Itoa(fd.ContainingOneof().Index())
			case fd.HasPresence() && fd.Message() == nil:
				text += "?"
			}
			fields[string(fd.Name())] = text
		}
		out.Messages = append(out.Messages, []any{name, fields})
	}
	for _, name := range enumNames {
		values := []string{}
		for i := 0; i < enums[name].Values().Len(); i++ {
			values = append(values, string(enums[name].Values().Get(i).Name()))
		}
		out.Enums = append(out.Enums, values)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}

func sorted[V any](named map[string]V) []string {
	names := make([]string, 0, len(named))
	for name := range named {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func index(names []string) map[string]int {
	indices := map[string]int{}
	for i, name := range names {
		indices[name] = i
	}
	return indices
}
