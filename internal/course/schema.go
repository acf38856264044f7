package course

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// schemas are what editors complete and check by; the loader checks by the same ones. The folder assets has them,
// too, where editors find them; a test keeps both alike.
//
//go:embed schema/*.json
var schemas embed.FS

// The schemas, compiled when first used.
var (
	labSchema    = compiled("lab")
	lessonSchema = compiled("lesson")
	expectSchema = compiled("expect")
)

// schema gives a compiled schema.
type schema func() *jsonschema.Schema

func compiled(name string) schema {
	return sync.OnceValue(func() *jsonschema.Schema {
		data, err := schemas.ReadFile("schema/" + name + ".schema.json")
		if err != nil {
			panic(err) // the program was built without its own files
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			panic(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(name, doc); err != nil {
			panic(err)
		}
		return c.MustCompile(name)
	})
}

// validate reports everything in a document that its schema does not allow, as Problems.
func (d document) validate(schema schema) error {
	var doc any
	if err := d.decode(&doc); err != nil {
		return err
	}
	text, err := json.Marshal(doc) // numbers and keys as JSON knows them
	if err != nil {
		return Problems{{File: d.file, Message: "has keys that are no names"}}
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return Problems{{File: d.file, Message: err.Error()}}
	}
	var invalid *jsonschema.ValidationError
	if err := schema().Validate(plain); !errors.As(err, &invalid) {
		return err
	}
	v := validator{file: d.file, data: d.data}
	v.invalid(invalid)
	slices.SortStableFunc(v.problems, func(a, b Problem) int { return a.Line - b.Line })
	return v.problems.err()
}

// invalid collects the leaves of a schema's error: what a person can act on.
func (v *validator) invalid(e *jsonschema.ValidationError) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			v.invalid(cause)
		}
		return
	}
	at := "$"
	for _, part := range e.InstanceLocation {
		if _, err := strconv.Atoi(part); err == nil {
			at += "[" + part + "]"
		} else {
			at += "." + part
		}
	}
	name := at[strings.LastIndexAny(at, "$.")+1:]
	if name != "" {
		name += ": "
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			v.sayKey(at, key, "unknown key %q", key)
			v.problems[len(v.problems)-1].Hint = nearest(key, keysOf(e))
		}
	case *kind.Required:
		v.say(at, "%s%s is missing", name, strings.Join(k.Missing, ", "))
	case *kind.Enum:
		v.say(at, "%s%v is not one of %s", name, k.Got, strings.Trim(fmt.Sprint(k.Want), "[]"))
	case *kind.Pattern:
		v.say(at, "%s%q is not %s", name, k.Got, meant(e, k.Want))
	case *kind.Minimum:
		v.say(at, "%s%s is less than %s", name, number10(k.Got), number10(k.Want))
	case *kind.Maximum:
		v.say(at, "%s%s is more than %s", name, number10(k.Got), number10(k.Want))
	default:
		v.say(at, "%s%s", name, e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
	}
}

// number10 is a number as people write it.
func number10(n *big.Rat) string {
	if n.IsInt() {
		return n.Num().String()
	}
	return n.FloatString(3)
}

// keysOf lists the keys that the schema allows at the place of an error.
func keysOf(e *jsonschema.ValidationError) []string {
	var doc any
	name, pointer, _ := strings.Cut(e.SchemaURL, "#")
	data, err := schemas.ReadFile("schema/" + name[strings.LastIndex(name, "/")+1:] + ".schema.json")
	if err != nil || json.Unmarshal(data, &doc) != nil {
		return nil
	}
	for part := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
		if m, ok := doc.(map[string]any); ok && part != "" {
			doc = m[part]
		}
	}
	m, _ := doc.(map[string]any)
	properties, _ := m["properties"].(map[string]any)
	var keys []string
	for key := range properties {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// nearest suggests the key that was probably meant, else lists those that there are.
func nearest(key string, keys []string) string {
	best, least := "", 3
	for _, k := range keys {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "there is " + strings.Join(keys, ", ")
}

// distance is how many letters differ between two words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// meant says in words what a pattern of the schemas stands for.
func meant(e *jsonschema.ValidationError, pattern string) string {
	switch {
	case strings.Contains(pattern, "(ns|us|"):
		return "a time such as 30s, 1500ms or 1h"
	case strings.HasPrefix(pattern, "^[a-z0-9]+(-"):
		return "a name of small letters, digits and hyphens"
	case strings.HasPrefix(pattern, "^https"):
		return "an address that begins with https:// or http://"
	}
	return "of the form " + pattern
}
