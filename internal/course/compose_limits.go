package course

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What a lab may have of the machine.
const (
	maxServices = 12
	minMemory   = 6 << 20 // bytes; the least that Docker takes
	maxMemory   = 1 << 30 // bytes
	maxPids     = 512
	maxGrace    = 30 * time.Second
	maxPorts    = 10 // of one service
	maxMounts   = 20 // of one service
)

// size is an amount of memory as Compose writes it; fractions are left out, as its tools differ on them.
var size = regexp.MustCompile(`^([0-9]+) ?([kmg]?)b?$`)

// memory reads an amount of memory in bytes. It is infinite where it is more than any number of bytes could be.
func memory(v any) (bytes float64, ok bool) {
	m := size.FindStringSubmatch(strings.ToLower(fmt.Sprint(v)))
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return math.Inf(1), true // the only error of so many digits
	}
	return n * map[string]float64{"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[m[2]], true
}

// limits looks at limits as the numbers that they are: one that is negative, or wraps round, is none.
func (r *refusal) limits(at string, service map[string]any) {
	if v, there := service["mem_limit"]; there {
		if n, ok := memory(v); !ok || n < minMemory || n > maxMemory {
			r.say(at+".mem_limit", "mem_limit: %v is not between %dm and %dm, written as 64m or as a number of bytes", v,
				minMemory>>20, maxMemory>>20)
		}
	}
	if v, there := service["pids_limit"]; there {
		if n, ok := whole(v); !ok || n < 1 || n > maxPids {
			r.say(at+".pids_limit", "pids_limit: %v is not a number between 1 and %d", v, maxPids)
		}
	}
	if v, there := service["stop_grace_period"]; there {
		text, _ := v.(string)
		if d, err := time.ParseDuration(text); err != nil || d < 0 || d > maxGrace {
			r.say(at+".stop_grace_period", "stop_grace_period: %v is not a time between 0s and %s", v, maxGrace)
		}
	}
}

// whole gives a number that YAML has as one; a text that looks like one is none.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case uint64:
		return int64(min(v, math.MaxInt64)), true
	case int64:
		return v, true
	}
	return 0, false
}
