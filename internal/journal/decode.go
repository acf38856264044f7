package journal

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/cwk-stream/lab/internal/session"
)

// maxBrackets bounds the depth of what is read fast: gjson goes down into it by recursion. encoding/json, which reads the
// rest, has a limit of its own.
const maxBrackets = 1000

// record is one event as it lies in a file.
type record struct {
	text  string        // without white space around it
	event session.Event // what an EventSet keeps of it, and the id
	newer bool          // it is of a newer version: of its event there is the id alone
}

// decode reads one event. ok is false for anything else; an object with an id that does not fit session.Event is of a
// newer version.
func decode(text string) (r record, ok bool) {
	r.text = text
	if !utf8.ValidString(text) {
		return r, false // json would replace what it cannot read, and the line would not be verbatim any more
	}
	if !strings.HasPrefix(text, "{") {
		return r, false
	}
	if strings.Count(text, "{")+strings.Count(text, "[") > maxBrackets {
		return r.slowly()
	}
	if !gjson.Valid(text) {
		return r, false
	}
	fits := true
	gjson.Parse(text).ForEach(func(key, value gjson.Result) bool {
		fits = r.take(key.Str, value) && fits
		return true
	})
	return r.complete(fits)
}

// slowly decodes what is nested deeply.
func (r record) slowly() (record, bool) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.text), &fields); err != nil {
		return r, false
	}
	fits := true
	for key, value := range fields {
		fits = r.take(key, gjson.ParseBytes(value)) && fits
	}
	return r.complete(fits)
}

// complete tells whether what was decoded is an event.
func (r record) complete(fits bool) (record, bool) {
	if !fits {
		r.newer, r.event = true, session.Event{ID: r.event.ID}
	}
	return r, r.event.ID != ""
}

// take decodes one field. It is false for one that has another type than it should.
func (r *record) take(key string, value gjson.Result) bool {
	return value.Type == gjson.Null || field(&r.event, key, value)
}

// field takes one field of an event. It is false for one that has another type than it should.
func field(e *session.Event, key string, v gjson.Result) bool {
	switch key {
	case "id":
		return text(&e.ID, v)
	case "time":
		return v.Type == gjson.String && e.Time.UnmarshalText([]byte(v.Str)) == nil
	case "kind":
		return text(&e.Kind, v)
	case "session":
		return text(&e.Session, v)
	case "lab":
		return text(&e.Lab, v)
	case "variant":
		return text(&e.Variant, v)
	case "engine":
		return text(&e.Engine, v)
	case "lesson":
		return text(&e.Lesson, v)
	case "step":
		return text(&e.Step, v)
	case "check_kind":
		return text(&e.CheckKind, v)
	case "outcome":
		return text(&e.Outcome, v)
	case "got":
		return json.Unmarshal([]byte(v.Raw), &e.Got) == nil
	case "seq":
		return number(v, &e.Seq)
	case "number":
		return number(v, &e.Number)
	case "xp":
		return number(v, &e.XP)
	case "solved":
		e.Solved = v.Type == gjson.True
		return v.IsBool()
	}
	return unused(key, v)
}

// unused looks at the type alone of a field of which achievements do not depend. One that came later is no trouble.
func unused(key string, v gjson.Result) bool {
	switch key {
	case "want", "meaning", "file", "code", "message":
		return v.Type == gjson.String
	case "check", "line":
		return number(v, new(int))
	case "first":
		return v.IsBool()
	case "seconds", "closed_after", "logged_after", "expect":
		return v.Type == gjson.Number
	case "wire", "stage":
		return v.IsObject()
	case "evidence", "files", "args":
		return v.IsArray()
	}
	return true
}

func text[T ~string](into *T, v gjson.Result) bool {
	*into = T(v.Str) // "" for what is no text: without an id it is no event
	return v.Type == gjson.String
}

func number(v gjson.Result, into *int) bool {
	n, err := strconv.Atoi(v.Raw)
	*into = n
	return err == nil && v.Type == gjson.Number
}

// decodeSeveral reads the events of a line that is not one: where two files were put together and the first had no
// newline at its end, its last event and the other's first are in one line.
func decodeSeveral(text string) (all []record, ok bool) {
	if !strings.HasPrefix(text, "{") || !strings.Contains(text, "}") {
		return nil, false
	}
	for d := json.NewDecoder(strings.NewReader(text)); d.More(); {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, false
		}
		r, ok := decode(string(raw))
		if !ok {
			return nil, false
		}
		all = append(all, r)
	}
	return all, len(all) > 1
}

// trimmed is a line without what crashes, editors and other systems put around it: white space, zeros, a byte order mark.
func trimmed(line string) string {
	line = strings.Trim(line, "\x00 \t\r")
	if rest, marked := strings.CutPrefix(line, "\ufeff"); marked {
		line = strings.Trim(rest, "\x00 \t\r")
	}
	return line
}
