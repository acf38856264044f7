package journal

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/session"
)

// FuzzParse: whatever is in a journal, each line of it is an event, damage or empty, and what is said of its place holds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good(1) + "\n" + good(2)[:30] + "\x00\x00\n\xff\n"))
	f.Add([]byte(good(1) + good(2) + "\r\n\ufeff" + good(3)))
	f.Add([]byte(`{"id":"n","check":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var size int64
		records, bad := 0, 0
		err := parse(t.Context(), strings.NewReader(string(data)), chunk{line: 1}, func(p parsed) error {
			if p.offset != size {
				t.Errorf("a chunk begins at %d and the one before ends at %d", p.offset, size)
			}
			size += p.size
			for _, b := range p.bad {
				if end := b.offset + b.size; b.size < 1 || end > int64(len(data)) || b.line != strings.Count(string(data[:b.offset]), "\n")+1 {
					t.Errorf("damage at line %d, %d to %d of %d bytes", b.line, b.offset, end, len(data))
				}
			}
			records, bad = records+len(p.records), bad+len(p.bad)
			return nil
		})
		if err != nil || size != int64(len(data)) {
			t.Fatalf("%d of %d bytes: %v", size, len(data), err)
		}
		if lines := strings.Count(string(data), "\n") + 1; bad > lines {
			t.Errorf("%d damaged of %d lines", bad, lines)
		}
	})
}

// FuzzDecode: what is read fast is the same as what is read slowly, and what encoding/json takes for an object.
func FuzzDecode(f *testing.F) {
	f.Add(good(1))
	f.Add(`{"id":"n","seq":1.5,"time":null,"got":"closed-by proxy 30","xp":-1,"solved":1,"evidence":{}}`)
	f.Add(`{"id":"a","id":7,"time":"9999-12-31T23:59:59+14:00"}`)
	f.Add(`{"id":"\u0061\ud800","\u006bind":"hint"} `)
	f.Fuzz(func(t *testing.T, text string) {
		fast, ok := decode(text)
		if !utf8.ValidString(text) || !strings.HasPrefix(text, "{") {
			if ok {
				t.Errorf("%q is an event", text)
			}
			return
		}
		slow, slowly := record{text: text}.slowly()
		if d := cmp.Diff(slow.event, fast.event); ok != slowly || ok && (d != "" || slow.newer != fast.newer) {
			t.Errorf("%q: fast %v %v, slow %v %v\n%s", text, ok, fast.newer, slowly, slow.newer, d)
		}
		if ok && !json.Valid([]byte(text)) {
			t.Errorf("%q is an event and not JSON", text)
		}
	})
}

// FuzzMerge: whatever is merged, what is there stays, merging it again adds nothing, and the set of events is taken in and
// put back without a loss.
func FuzzMerge(f *testing.F) {
	f.Add([]byte(good(1)+"\n"), []byte(good(1)+"\n"+good(2)))
	f.Add([]byte(good(1)[:30]), []byte("rubbish\n"+good(3)+"\n\xff\xfe"))
	f.Fuzz(func(t *testing.T, mine, theirs []byte) {
		j := open(t, string(mine))
		before := seen(t, j)
		first, err := j.Merge(t.Context(), strings.NewReader(string(theirs)))
		if err != nil {
			return
		}
		again, err := j.Merge(t.Context(), strings.NewReader(string(theirs)))
		if err != nil || again.Added != 0 {
			t.Errorf("%+v, then %+v, %v", first, again, err)
		}
		after := seen(t, j)
		for id, n := range before {
			if after[id] < n {
				t.Errorf("%q was there %d times and is %d times", id, n, after[id])
			}
		}
		events, _, err := j.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var stored strings.Builder
		if err := writeIndex(&stored, indexed{offset: 7, lines: 1}, events); err != nil {
			t.Fatal(err)
		}
		at, body, ok := readIndex([]byte(stored.String()))
		back := session.NewEventSet(time.Now())
		if err := back.Restore(body); !ok || err != nil || at.offset != 7 || back.Len() != events.Len() {
			t.Errorf("%v, %v: %d of %d events", ok, err, back.Len(), events.Len())
		}
	})
}

// FuzzIndex: an index is a file that anybody can write; it is refused, or gives events, and never more.
func FuzzIndex(f *testing.F) {
	for _, n := range []int{0, 1, 3} {
		set := session.NewEventSet(noon)
		for i := range n {
			set.Add(event(i))
		}
		var stored strings.Builder
		_ = writeIndex(&stored, indexed{}, set)
		f.Add([]byte(stored.String())[len(indexHead)+20 : stored.Len()-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, _ = readIndex(body)
		set := session.NewEventSet(noon)
		if err := set.Restore(body); err != nil {
			return
		}
		for range set.All() {
		}
		set.Add(event(9))
		set.Len()
	})
}
