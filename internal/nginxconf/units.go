package nginxconf

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// errValue is the answer to a value that nginx calls "invalid value".
var errValue = errors.New("invalid value")

// timeUnit is one of nginx's units; they must come in the order of step, each at most once.
type timeUnit struct {
	step   int
	factor int64 // in seconds, but for stepMilliseconds
}

const (
	stepMonth        = 2
	stepSecond       = 7
	stepMilliseconds = 8
	stepBlank        = 9 // a blank after a number ends it like an "s"
)

// unitAt reads the unit at the head of s, and gives how many bytes it has: 0 for none.
func unitAt(s string) (timeUnit, int) {
	if len(s) > 1 && s[:2] == "ms" {
		return timeUnit{stepMilliseconds, 1}, 2
	}
	const day = 24 * 60 * 60
	switch s[0] {
	case 'y':
		return timeUnit{1, 365 * day}, 1
	case 'M':
		return timeUnit{stepMonth, 30 * day}, 1
	case 'w':
		return timeUnit{3, 7 * day}, 1
	case 'd':
		return timeUnit{4, day}, 1
	case 'h':
		return timeUnit{5, 60 * 60}, 1
	case 'm':
		return timeUnit{6, 60}, 1
	case 's':
		return timeUnit{stepSecond, 1}, 1
	case ' ':
		return timeUnit{stepBlank, 1}, 1
	}
	return timeUnit{}, 0
}

// follows tells whether the unit may come after that of step. Nothing of seconds may come twice.
func (u timeUnit) follows(step int) bool {
	if u.step == stepBlank {
		return step < stepSecond
	}
	return step < u.step
}

// ParseTime reads a time of a directive that counts in milliseconds, such as proxy_read_timeout: "30", "30s", "1m30s",
// "500ms", "1h 30m". A bare number is seconds; years and months are not allowed
// (https://nginx.org/en/docs/syntax.html, ngx_parse_time). A time that a Duration cannot hold (292 years) becomes the
// longest that it can.
func ParseTime(s string) (time.Duration, error) {
	n, err := parseTime(s, false)
	return scale(n, time.Millisecond), err
}

// ParseSeconds reads a time of a directive that counts in whole seconds, such as the second parameter of
// keepalive_timeout: years (365 days) and months (30 days, "M") are allowed, milliseconds are not.
func ParseSeconds(s string) (time.Duration, error) {
	n, err := parseTime(s, true)
	return scale(n, time.Second), err
}

func scale(n int64, unit time.Duration) time.Duration {
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64
	}
	return time.Duration(n) * unit
}

// parseTime gives seconds, or milliseconds.
func parseTime(s string, seconds bool) (int64, error) {
	step, thousand := stepMonth, int64(1000)
	if seconds {
		step, thousand = 0, 1
	}
	var total, value int64
	valid := false
	for i := 0; i < len(s); {
		if s[i] >= '0' && s[i] <= '9' {
			if value > (math.MaxInt64-int64(s[i]-'0'))/10 {
				return 0, errValue
			}
			value, valid = value*10+int64(s[i]-'0'), true
			i++
			continue
		}
		u, n := unitAt(s[i:])
		if n == 0 || u.step == stepMilliseconds && seconds || !u.follows(step) {
			return 0, errValue
		}
		if u.step != stepMilliseconds {
			u.factor *= thousand
		}
		if value > (math.MaxInt64-total)/u.factor {
			return 0, errValue
		}
		i, step = i+n, u.step
		total, value = total+value*u.factor, 0
		for i < len(s) && s[i] == ' ' {
			i++
		}
	}
	if !valid || value > (math.MaxInt64-total)/thousand {
		return 0, errValue
	}
	return total + value*thousand, nil
}

// ParseSize reads a size in bytes: "1024", "8k", "1M", "1g" (ngx_parse_offset). Gigabytes are for directives such as
// client_max_body_size; buffer sizes do not know them.
func ParseSize(s string) (int64, error) {
	if s == "" {
		return 0, errValue
	}
	scale := int64(1)
	switch s[len(s)-1] {
	case 'k', 'K':
		scale = 1 << 10
	case 'm', 'M':
		scale = 1 << 20
	case 'g', 'G':
		scale = 1 << 30
	}
	if scale > 1 {
		s = s[:len(s)-1]
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || s[0] == '+' || int64(n) > math.MaxInt64/scale {
		return 0, errValue
	}
	return int64(n) * scale, nil
}
