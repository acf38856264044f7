package hint

import (
	"fmt"
	"runtime"
	"strings"
)

// Report says what a recovered panic was about and where in this program it arose, in one line that fits into a message.
// It must be called while the panic is being recovered.
func Report(panicked any) string {
	if report, ok := panicked.(carried); ok {
		return string(report)
	}
	return fmt.Sprintf("%v (%s)", panicked, strings.Join(frames(), ", "))
}

// reportedFrames is how many calls a report names; more would not fit on a screen.
const reportedFrames = 8

// frames gives the calls that led to the panic, the nearest one first, as "function file:line" without folders.
func frames() []string {
	pcs := make([]uintptr, 64)
	all := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var out []string
	panicked := false // the frames before it are of the recovery itself
	for {
		f, more := all.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime."):
			panicked = true
		case panicked && f.Function != "" && len(out) < reportedFrames:
			out = append(out, fmt.Sprintf("%s %s:%d", base(f.Function), base(f.File), f.Line))
		}
		if !more {
			return out
		}
	}
}

func base(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
