package report

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// deepest is how far down values of JSON are spelled out; what is deeper has no place in a line.
const deepest = 6

// readable puts what programs wrote for programs into words for people: JSON as names and values, and seconds since
// 1970, of which nobody can tell the time, as the time of day. Other text stays as it is.
func readable(text string) string {
	if t := strings.TrimSpace(text); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		if words, ok := spelled(t); ok {
			return words
		}
	}
	return stamp.ReplaceAllStringFunc(text, func(s string) string { return clock(s) })
}

// stamp matches the time at the beginning of a line of a log, as nginx's $msec writes it.
var stamp = regexp.MustCompile(`^\d{10}\.\d{3}\b`)

// clock is the time of day of seconds since 1970, as they were written.
func clock(seconds string) string {
	f, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return seconds
	}
	return time.UnixMilli(int64(f*1000 + 0.5)).Local().Format("15:04:05.000")
}

// spelled is JSON without its signs; ok is false for what is none, or holds more than a line can.
func spelled(text string) (words string, ok bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var b strings.Builder
	if spell(&b, d, "", 0) != nil {
		return "", false
	}
	_, err := d.Token()
	return b.String(), errors.Is(err, io.EOF)
}

var errDeep = errors.New("deeper than a line can show")

// spell writes the next value, which stands under name.
func spell(b *strings.Builder, d *json.Decoder, name string, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		if depth >= deepest {
			return errDeep
		}
		return spellAll(b, d, v == '{', depth)
	case nil:
		b.WriteString("—")
	case string:
		if v == "" {
			v = "“”"
		}
		b.WriteString(v)
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case json.Number:
		b.WriteString(number(name, v))
	}
	return nil
}

// spellAll writes the members of an object, or the elements of an array, and takes in its end.
func spellAll(b *strings.Builder, d *json.Decoder, object bool, depth int) error {
	if depth > 0 {
		b.WriteString("(")
	}
	for first := true; d.More(); first = false {
		if !first {
			b.WriteString(", ")
		}
		name := ""
		if object {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ = key.(string)
			b.WriteString(name + ": ")
		}
		if err := spell(b, d, name, depth+1); err != nil {
			return err
		}
	}
	if depth > 0 {
		b.WriteString(")")
	}
	_, err := d.Token()
	return err
}

// number is a number as it was written, or, under the names that logs have for it, a time of day.
func number(name string, n json.Number) string {
	switch strings.ToLower(name) {
	case "ts", "time", "timestamp":
		if f, err := n.Float64(); err == nil && f > 1e9 && f < 1e10 {
			return clock(n.String())
		}
	}
	return n.String()
}
