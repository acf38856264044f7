package probe

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// suits tells whether a value that a command printed is what e wants, and how to show it. What is wanted as a time, by
// at_least or by unit, is compared as one: 3000 in ms is 3s.
func suits(e course.Effective, value string) (ok bool, shown string) {
	d, err := duration(value, e.Unit)
	switch {
	case e.AtLeast > 0:
		if err != nil {
			return false, value
		}
		return d >= e.AtLeast, d.String()
	case e.Unit != "" && err == nil:
		want, unreadable := duration(e.Equals, e.Unit)
		return unreadable == nil && d == want, d.String()
	}
	return value == e.Equals, value
}

// duration reads a Go duration, or a bare number of units ("" for seconds).
func duration(value, unit string) (time.Duration, error) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return time.ParseDuration(value)
	}
	of := time.Second
	switch unit {
	case "ns":
		of = time.Nanosecond
	case "ms":
		of = time.Millisecond
	}
	if n *= float64(of); !(math.Abs(n) < math.MaxInt64) { // not a number is neither less nor more
		return 0, fmt.Errorf("%s is no time", value)
	}
	return time.Duration(n), nil
}

// printed is what a command printed without the end of its last line: "^7$" then means the one line "7". A pattern that
// speaks of that end finds it in the whole.
func printed(pattern *regexp.Regexp, output string) string {
	cut := strings.TrimSuffix(strings.TrimSuffix(output, "\n"), "\r")
	if cut != output && !pattern.MatchString(cut) {
		return output
	}
	return cut
}
