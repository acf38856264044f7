package course

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestSchemaKnowsEveryKey walks the loader's types beside the schema: neither may have a key that the other lacks.
func TestSchemaKnowsEveryKey(t *testing.T) {
	for name, value := range map[string]any{"lab": labFile{}, "lesson": frontMatter{}, "expect": caseFile{}} {
		data, err := schemas.ReadFile("schema/" + name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(data, &root); err != nil {
			t.Fatal(err)
		}
		compare(t, name, root, root, reflect.TypeOf(value))
	}
}

func compare(t *testing.T, at string, root, schema map[string]any, typ reflect.Type) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		compare(t, at, root, schema, typ.Elem())
	case reflect.Slice:
		if items, ok := schema["items"].(map[string]any); ok {
			compare(t, at+"[]", root, items, typ.Elem())
		}
	case reflect.Map:
		if values, ok := schema["additionalProperties"].(map[string]any); ok {
			compare(t, at+"{}", root, values, typ.Elem())
		}
	case reflect.Struct:
		properties, _ := schema["properties"].(map[string]any)
		fields := keys(typ)
		if got, want := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the loader %v", at, got, want)
		}
		for key, field := range fields {
			if p, ok := properties[key].(map[string]any); ok {
				compare(t, at+"."+key, root, p, field)
			}
		}
	}
}

// keys gives the YAML keys of a struct with the types of their values.
func keys(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		switch tag := f.Tag.Get("yaml"); {
		case tag == "-" || tag == "":
		case strings.Contains(tag, "inline"):
			maps.Copy(out, keys(f.Type))
		default:
			out[tag] = f.Type
		}
	}
	return out
}

func TestLintMarkdown(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"closed before a particle", "**프록시**는 다음 구간입니다.", ""},
		{"does not close", "**프록시(Proxy)**는 다음 구간입니다.", "emphasis that does not close: the stars are shown as they are"},
		{"in code", "`**프록시(Proxy)**는`", ""},
		{"opens after a bracket", "말(**강조**)입니다.", ""},
		{"wide code", "```\n" + strings.Repeat("가", 40) + "\n```", "code is 80 cells wide; a terminal shows 76"},
		{"code that fits", "```\n" + strings.Repeat("x", 76) + "\n```", ""},
		{"an unbroken run", strings.Repeat("가", 31), "62 cells without a space; lines break at spaces, and a pane may have 60"},
		{"a long address", "[a](https://example.com/" + strings.Repeat("x", 90) + ")", ""},
		{"a heading that is there", "# A b\n\n[a](#a-b)", ""},
		{"a heading that is not", "[a](#nowhere)", `the link "#nowhere" leads to no heading`},
		{"out of the course", "[a](file:///etc/passwd)", `the link "file:///etc/passwd" leads neither into the course nor to https://`},
		{"absolute", "[a](/etc/passwd)", `the link "/etc/passwd" leads neither into the course nor to https://`},
		{"a lesson that is there", "[a](../02-x/lesson.en.md)", ""},
		{"a lesson that is not", "[a](../09-x/lesson.en.md)", `the link "../09-x/lesson.en.md" leads nowhere`},
		{"HTML", "<script>x</script>", "HTML is not shown on a terminal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, p := range lintMarkdown(tt.text, func(link string) bool { return strings.HasPrefix(link, "../02-") }) {
				got += p.Message
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
